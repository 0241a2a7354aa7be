using System;
using System.Buffers;

namespace NativeProxy.Pipes;

/// <summary>What the parsers of Http1 need of a pipe: its first bytes in one piece. Stateless.</summary>
internal static class SequenceBytes
{
    /// <summary>The sequence, or at least so many of its first bytes, in one piece; copied only when they lie in several.</summary>
    public static ReadOnlySpan<byte> First(in ReadOnlySequence<byte> sequence, int bytesMax) =>
        sequence.IsSingleSegment || sequence.FirstSpan.Length >= bytesMax
            ? sequence.FirstSpan
            : sequence.Slice(0, Math.Min(sequence.Length, bytesMax)).ToArray();
}
