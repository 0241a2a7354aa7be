using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace NativeProxy.Http;

/// <summary>
/// Where a walk over the lines of a head is: the line that is next, and which bytes of one block of 64 may end it, one
/// bit each. Two words, so that it is passed and returned in registers. <see cref="LineScan"/> finds the stops.
/// </summary>
internal readonly struct LineCursor
{
    public const int BlockBytes = 64;

    /// <summary>Line (32), block start (32).</summary>
    private readonly ulong _position;

    /// <param name="line">Index of the first byte of the line.</param>
    /// <param name="blockStart">Index of the byte that bit 0 of the stops speaks of.</param>
    /// <param name="stops">Zero when no byte of the block, as far as the span goes, is a stop of this line.</param>
    public LineCursor(int line, int blockStart, ulong stops)
    {
        _position = (uint)line | ((ulong)(uint)blockStart << 32);
        Stops = stops;
    }

    public int Line => (int)_position;

    public int BlockStart => (int)(_position >> 32);

    public ulong Stops { get; }

    /// <summary>Index of the first stop; behind the block when there is none.</summary>
    public int FirstStop => BlockStart + BitOperations.TrailingZeroCount(Stops);

    /// <summary>Where to look next when the block has no stop.</summary>
    public int NextBlockStart => Math.Max(BlockStart + BlockBytes, Line);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WithoutFirst(ulong stops) => stops & (stops - 1);

    /// <summary>The same line, when its first stop turned out to be none.</summary>
    public LineCursor PastFirstStop => new(Line, BlockStart, WithoutFirst(Stops));

    /// <summary>At the next line, when the first two stops are the CRLF of this one.</summary>
    public LineCursor PastLineEnd
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(FirstStop + 2, BlockStart, WithoutFirst(WithoutFirst(Stops)));
    }
}
