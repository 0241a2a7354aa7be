using System;

namespace NativeProxy.Http1;

/// <summary>
/// A piece of a span that a parser was given, as position and length, so that results stay valid when the buffer moves.
/// </summary>
internal readonly struct ByteRange
{
    public ByteRange(int start, int length)
    {
        Start = start;
        Length = length;
    }

    public int Start { get; }

    public int Length { get; }

    /// <summary>Index of the first byte behind the range.</summary>
    public int End => Start + Length;

    public bool IsEmpty => Length == 0;

    public static ByteRange Between(int start, int end) => new(start, end - start);

    /// <param name="bytes">The span the parser was given, or a copy of it.</param>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> bytes) => bytes.Slice(Start, Length);

    public override string ToString() => $"{Start}+{Length}";
}
