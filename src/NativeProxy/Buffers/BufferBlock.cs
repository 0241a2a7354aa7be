using System;

namespace NativeProxy.Buffers;

/// <summary>
/// A fixed piece of memory with exactly one owner at a time: its pool, or the borrower until <see cref="BufferPool.Return"/>.
/// Thread: the loop of its pool only. It does not know what its bytes mean.
/// </summary>
internal sealed class BufferBlock
{
    /// <summary>Pool that made the block and takes it back; null for a block of <see cref="BigBlockPool"/>.</summary>
    internal readonly BufferPool? Home;

    /// <summary>Link of the free list, or of the borrower's chain while lent.</summary>
    internal BufferBlock? Next;

    /// <summary>Cursors for the borrower: <c>0 &lt;= SentBytes &lt;= FilledBytes &lt;= CapacityBytes</c>; both zero when lent.</summary>
    internal int SentBytes;

    internal int FilledBytes;

    /// <summary>True exactly from lending to return.</summary>
    internal bool IsLent;

    internal Borrower Borrower;

    internal BufferBlock(BufferPool? home, byte[] array, int offset, int capacityBytes)
    {
        Home = home;
        Array = array;
        Offset = offset;
        CapacityBytes = capacityBytes;
    }

    public byte[] Array { get; internal set; }

    public int Offset { get; }

    public int CapacityBytes { get; internal set; }

    public Span<byte> Span => Array.AsSpan(Offset, CapacityBytes);
}
