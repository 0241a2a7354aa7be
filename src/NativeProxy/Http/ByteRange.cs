using System;
using System.Runtime.CompilerServices;

namespace NativeProxy.Http;

/// <summary>
/// A piece of a span that a parser was given, as position and length, so that results stay valid when the buffer moves.
/// </summary>
internal readonly struct ByteRange
{
    /// <summary>Start (32) and length (32) in one word, so that it is copied and passed in one register.</summary>
    private readonly ulong _bits;

    public ByteRange(int start, int length) => _bits = (uint)start | ((ulong)(uint)length << 32);

    public int Start => (int)_bits;

    public int Length => (int)(_bits >> 32);

    /// <summary>Index of the first byte behind the range.</summary>
    public int End => Start + Length;

    public bool IsEmpty => Length == 0;

    public static ByteRange Between(int start, int end) => new(start, end - start);

    /// <param name="bytes">The span the parser was given, or a copy of it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> bytes) => bytes.Slice(Start, Length);

    public override string ToString() => $"{Start}+{Length}";
}
