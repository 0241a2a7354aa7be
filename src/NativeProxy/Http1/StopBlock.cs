using System.Numerics;
using System.Runtime.CompilerServices;

namespace NativeProxy.Http1;

/// <summary>
/// Which of 64 bytes no text may hold, one bit each: the bytes that end a line (CR above all) or spoil it. Two words,
/// passed in registers. Found by <see cref="LineScan"/>.
/// </summary>
/// <param name="start">Index of the byte that bit 0 speaks of.</param>
/// <param name="bits">Zero when all of them, as far as the span goes, are text.</param>
internal readonly struct StopBlock(int start, ulong bits)
{
    public const int BlockBytes = 64;

    public int Start { get; } = start;

    public ulong Bits { get; } = bits;

    /// <summary>Index of the first stop; behind the block when there is none.</summary>
    public int First => Start + BitOperations.TrailingZeroCount(Bits);

    /// <summary>An empty block, behind which <paramref name="index"/> is next.</summary>
    public static StopBlock Before(int index) => new(index - BlockBytes, 0);

    /// <summary>Without the first stop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StopBlock WithoutFirst() => new(Start, Bits & (Bits - 1));

    /// <summary>Without the stops in front of <paramref name="index"/>, which lies in this block or behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StopBlock From(int index) =>
        new(Start, index - Start < BlockBytes ? Bits & (ulong.MaxValue << (index - Start)) : 0);
}
