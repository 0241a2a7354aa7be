using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace NativeProxy.Buffers;

/// <summary>
/// Blocks of one size for one loop, cut from pinned slabs that are made on demand and kept. Owner: the loop; thread: loop only.
/// Lends last-returned first (its cache lines are warm), counts by borrower, never lends more than its maximum.
/// </summary>
internal sealed class BufferPool
{
    private const int SlabTargetBytes = 1 << 20;
    private const int BorrowerCount = (int)Borrower.LogText + 1;

    private readonly int[] _lentBy = new int[BorrowerCount];
    private BufferBlock? _free;
    private int _madeCount;

    /// <param name="blockBytes">Size of each block.</param>
    /// <param name="blocksMax">Most blocks that exist at once; 0 makes a pool that never lends.</param>
    public BufferPool(int blockBytes, int blocksMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(blocksMax);
        BlockBytes = blockBytes;
        BlocksMax = blocksMax;
    }

    public int BlockBytes { get; }

    /// <summary>Most blocks that exist at once. Lowered below what was made, it only keeps more from being made.</summary>
    public int BlocksMax { get; internal set; }

    public int LentCount { get; private set; }

    /// <summary>Memory held, lent or not.</summary>
    public long SlabBytes { get; private set; }

    public int LentTo(Borrower who) => _lentBy[(int)who];

    /// <summary>False when all blocks are lent. The content of a lent block is undefined.</summary>
    public bool TryLend(Borrower who, [NotNullWhen(true)] out BufferBlock? block)
    {
        if (_free is null && !TryAddSlab())
        {
            block = null;
            return false;
        }

        block = _free!;
        _free = block.Next;
        block.Next = null;
        block.SentBytes = 0;
        block.FilledBytes = 0;
        block.IsLent = true;
        block.Borrower = who;
        _lentBy[(int)who]++;
        LentCount++;
        return true;
    }

    /// <summary>Takes a block back. A block of another pool, or one that is not lent, is a bug of the caller and always detected.</summary>
    public void Return(BufferBlock block)
    {
        if (block.Home != this || !block.IsLent)
        {
            throw new InvalidOperationException(block.Home != this
                ? "a block was returned to a pool that is not its own"
                : "a block was returned twice");
        }

        Poison(block.Span);
        block.IsLent = false;
        block.Next = _free;
        _free = block;
        _lentBy[(int)block.Borrower]--;
        LentCount--;
    }

    /// <summary>For shutdown: null when nothing is lent, else one line that says how much is lent to whom.</summary>
    public string? DescribeLeaks()
    {
        if (LentCount == 0)
            return null;

        StringBuilder text = new();
        text.Append(LentCount).Append(" block(s) of ").Append(BlockBytes).Append(" bytes still lent:");
        for (int i = 0; i < BorrowerCount; i++)
        {
            if (_lentBy[i] != 0)
                text.Append(' ').Append((Borrower)i).Append('=').Append(_lentBy[i]);
        }

        return text.ToString();
    }

    /// <summary>Makes use after return visible in debug builds.</summary>
    [Conditional("DEBUG")]
    internal static void Poison(Span<byte> memory) => memory.Fill(0xDD);

    private bool TryAddSlab()
    {
        int count = Math.Min(BlocksMax - _madeCount, Math.Max(1, SlabTargetBytes / BlockBytes));
        if (count <= 0)
            return false;

        byte[] slab = GC.AllocateUninitializedArray<byte>(count * BlockBytes, pinned: true);
        Poison(slab);
        SlabBytes += slab.Length;
        _madeCount += count;

        // Pushed backwards, so that blocks are first lent in address order.
        for (int i = count - 1; i >= 0; i--)
            _free = new BufferBlock(this, slab, i * BlockBytes, BlockBytes) { Next = _free };

        return true;
    }
}
