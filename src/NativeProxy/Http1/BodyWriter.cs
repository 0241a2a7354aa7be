using System;
using System.Numerics;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Puts pieces of a body into HTTP/1 framing: as they are, or in chunks of our own, one per piece, extensions dropped (RFC 9112 section 7.1).
/// A value; pure but for the scratch. Never sends.
/// </summary>
/// <param name="emitsChunks">The body leaves in chunks; else as plain bytes, without trailer fields.</param>
internal readonly struct BodyWriter(bool emitsChunks)
{
    /// <summary>Most that stands in front of a piece, or, but for its trailer fields, behind it: a size of 16 digits and line ends.</summary>
    public const int FrameBytesMax = 32;

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    private static ReadOnlySpan<byte> LastChunk => "0\r\n"u8;

    /// <summary>
    /// What is to be sent: the head at the start of the output, if there is one, and the framed piece behind it. Valid until the scratch is used
    /// again. A piece that was put together in the scratch stays where it is, and what precedes it moves there.
    /// </summary>
    /// <param name="scratch">Where it is put together.</param>
    /// <param name="headBytes">Length of the head that stands at the start of the output; 0 = none.</param>
    /// <param name="piece">The piece; not longer than <see cref="WireScratch.PieceBytesMax"/>.</param>
    public ReadOnlySpan<byte> Write(WireScratch scratch, int headBytes, in BodyPiece piece)
    {
        if (emitsChunks)
            return WriteChunk(scratch.Output, headBytes, piece);
        if (headBytes == 0)
            return piece.Data;
        Span<byte> output = scratch.Output;
        if (piece.Data.IsEmpty)
            return output[..headBytes];
        if (piece.Data.Overlaps(output, out int offset))
        {
            output[..headBytes].CopyTo(output[(-offset - headBytes)..]);
            return output.Slice(-offset - headBytes, headBytes + piece.Data.Length);
        }
        piece.Data.CopyTo(output[headBytes..]);
        return output[..(headBytes + piece.Data.Length)];
    }

    private static ReadOnlySpan<byte> WriteChunk(Span<byte> output, int headBytes, in BodyPiece piece)
    {
        Span<byte> size = stackalloc byte[FrameBytesMax];
        int sizeBytes = !piece.Data.IsEmpty ? WriteSize(size, piece.Data.Length) : 0;
        int start = 0;
        int dataStart = headBytes + sizeBytes;
        if (piece.Data.Overlaps(output, out int offset))
        {
            dataStart = -offset;
            start = dataStart - sizeBytes - headBytes;
            output[..headBytes].CopyTo(output[start..]);
        }
        else
        {
            piece.Data.CopyTo(output[dataStart..]);
        }
        size[..sizeBytes].CopyTo(output[(start + headBytes)..]);
        int dataEnd = dataStart + piece.Data.Length;
        return output[start..(dataEnd + WriteBehind(output[dataEnd..], sizeBytes > 0, piece))];
    }

    private static int WriteSize(Span<byte> destination, int dataBytes)
    {
        int digits = (35 - BitOperations.LeadingZeroCount((uint)dataBytes)) / 4;
        for (int i = digits - 1, value = dataBytes; i >= 0; i--, value >>= 4)
            destination[i] = "0123456789abcdef"u8[value & 15];
        LineEnd.CopyTo(destination[digits..]);
        return digits + LineEnd.Length;
    }

    /// <summary>The end of a chunk, and of the body.</summary>
    private static int WriteBehind(Span<byte> destination, bool endsChunk, in BodyPiece piece)
    {
        var writer = new HeadWriter(destination);
        if (endsChunk)
            writer.EndLine();
        if (piece.IsLast)
        {
            writer.Append(LastChunk);
            writer.Append(piece.TrailerLines);
            writer.EndLine();
        }
        return writer.WrittenBytes;
    }
}
