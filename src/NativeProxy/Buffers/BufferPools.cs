using System;
using System.Diagnostics.CodeAnalysis;

namespace NativeProxy.Buffers;

/// <summary>
/// The block memory of one loop under one byte budget, in fixed shares: a quarter small blocks, five eighths large ones, one eighth big ones.
/// Owner: the loop; thread: loop only. Fixed shares, because slabs are never given back and one size must not starve the others.
/// </summary>
internal sealed class BufferPools
{
    public const int SmallBlockBytes = 2 * 1024;
    public const int LargeBlockBytes = 16 * 1024;

    /// <param name="bytesMax">Budget over all sizes; no more is ever held for lending.</param>
    public BufferPools(long bytesMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesMax);
        BytesMax = bytesMax;
        Small = new BufferPool(SmallBlockBytes, BlocksIn(bytesMax / 4, SmallBlockBytes));
        Large = new BufferPool(LargeBlockBytes, BlocksIn(bytesMax / 8 * 5, LargeBlockBytes));
        Big = new BigBlockPool(bytesMax / 8);
    }

    public long BytesMax { get; }

    public BufferPool Small { get; }

    public BufferPool Large { get; }

    public BigBlockPool Big { get; }

    /// <summary>
    /// How near lending is to its end, in thousandths: the fuller of the large and the big blocks. Small blocks do not count, since large
    /// ones are lent in their place.
    /// </summary>
    public int LentPermille => (int)Math.Max(
        Permille(Large.LentCount, Large.BlocksMax),
        Permille(Big.LentBytes, BytesMax / 8));

    public int LentCount => Small.LentCount + Large.LentCount + Big.LentCount;

    /// <summary>Memory held for blocks, lent or not.</summary>
    public long HeldBytes => Small.SlabBytes + Large.SlabBytes + Big.LentBytes;

    /// <summary>Bytes of the blocks that are lent for one purpose.</summary>
    public long LentBytesTo(Borrower who) =>
        ((long)Small.LentTo(who) * SmallBlockBytes) + ((long)Large.LentTo(who) * LargeBlockBytes) + Big.LentBytesTo(who);

    /// <summary>Lends the smallest kind of block with room for <paramref name="bytesMin"/> that is to be had; false when none is.</summary>
    public bool TryLend(Borrower who, int bytesMin, [NotNullWhen(true)] out BufferBlock? block)
    {
        if (bytesMin <= SmallBlockBytes && Small.TryLend(who, out block))
            return true;

        return bytesMin <= LargeBlockBytes ? Large.TryLend(who, out block) : Big.TryLend(who, bytesMin, out block);
    }

    /// <summary>Returns a block to where it came from.</summary>
    public void Return(BufferBlock block)
    {
        if (block.Home is null)
            Big.Return(block);
        else
            (block.Home == Small ? Small : Large).Return(block);
    }

    /// <summary>For shutdown: null when nothing is lent.</summary>
    public string? DescribeLeaks() =>
        LentCount == 0
            ? null
            : string.Join("; ", Array.FindAll([Small.DescribeLeaks(), Large.DescribeLeaks(), Big.DescribeLeaks()], line => line is not null));

    private static long Permille(long part, long whole) => whole == 0 ? 0 : part * 1000 / whole;

    private static int BlocksIn(long bytes, int blockBytes) => (int)Math.Min(bytes / blockBytes, int.MaxValue);
}
