using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace NativeProxy.Buffers;

/// <summary>
/// Blocks larger than a pool block, for the rare head that outgrows it. Arrays come from the shared array pool (unpinned), so that
/// memory goes back when the rare case is over. Owner: the loop; thread: loop only. Lends at most its byte budget.
/// </summary>
internal sealed class BigBlockPool
{
    private readonly long _bytesMax;
    private readonly long[] _lentBytesTo = new long[(int)Borrower.LogText + 1];
    private BufferBlock? _shells;

    public BigBlockPool(long bytesMax) => _bytesMax = bytesMax;

    public int LentCount { get; private set; }

    /// <summary>Sum of the capacities lent.</summary>
    public long LentBytes { get; private set; }

    public long LentBytesTo(Borrower who) => _lentBytesTo[(int)who];

    /// <summary>Lends at least <paramref name="bytesMin"/>, rounded up to a power of two; false when that would pass the budget.</summary>
    public bool TryLend(Borrower who, int bytesMin, [NotNullWhen(true)] out BufferBlock? block)
    {
        block = null;
        if (bytesMin > 1 << 30)
            return false;

        int bytes = (int)BitOperations.RoundUpToPowerOf2((uint)bytesMin);
        if (LentBytes + bytes > _bytesMax)
            return false;

        block = _shells ?? new BufferBlock(home: null, [], offset: 0, capacityBytes: 0);
        _shells = block.Next;
        block.Array = ArrayPool<byte>.Shared.Rent(bytes);
        block.CapacityBytes = bytes;
        block.Next = null;
        block.SentBytes = 0;
        block.FilledBytes = 0;
        block.IsLent = true;
        block.Borrower = who;
        LentBytes += bytes;
        _lentBytesTo[(int)who] += bytes;
        LentCount++;
        return true;
    }

    /// <summary>Takes a block back; one that is not lent, or comes from a <see cref="BufferPool"/>, is a bug of the caller.</summary>
    public void Return(BufferBlock block)
    {
        if (block.Home is not null || !block.IsLent)
        {
            throw new InvalidOperationException(block.Home is not null
                ? "a pool block was returned as a big block"
                : "a big block was returned twice");
        }

        BufferPool.Poison(block.Span);
        ArrayPool<byte>.Shared.Return(block.Array);
        LentBytes -= block.CapacityBytes;
        _lentBytesTo[(int)block.Borrower] -= block.CapacityBytes;
        LentCount--;
        block.IsLent = false;
        block.Array = [];
        block.CapacityBytes = 0;
        block.Next = _shells;
        _shells = block;
    }

    /// <summary>Null when nothing is lent.</summary>
    public string? DescribeLeaks() => LentCount == 0 ? null : $"{LentCount} big block(s) of {LentBytes} bytes together still lent";
}
