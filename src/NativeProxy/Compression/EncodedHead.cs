using System;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Compression;

/// <summary>
/// What becomes of the head of an answer whose body is encoded: fields that speak of the bytes that came are dropped, a strong entity tag becomes a
/// weak one (RFC 9110 section 8.8.1), and caches are told by what the answer varies. Pure.
/// </summary>
internal static class EncodedHead
{
    /// <summary>Room for the lines.</summary>
    public const int LinesBytesMax = 384;

    /// <summary>A longer tag is dropped, and so is a second one, which no server may send.</summary>
    private const int TagBytesMax = 256;

    private static ReadOnlySpan<byte> Vary => "Vary: Accept-Encoding\r\n"u8;

    /// <summary>Changes the head and writes the lines that are added; returns their length.</summary>
    /// <param name="room"><see cref="LinesBytesMax"/> bytes.</param>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it; what is dropped is marked in its table.</param>
    /// <param name="use">Not <see cref="CompressionUse.None"/>.</param>
    public static int Change(Span<byte> room, ReadOnlySpan<byte> bytes, ResponseHead head, CompressionUse use)
    {
        var writer = new HeadWriter(room);
        writer.Append(Vary);
        if (use == CompressionUse.Varies)
            return writer.WrittenBytes;
        bool hasTag = false;
        for (int i = 0; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (field.IsHopByHop)
                continue;
            ReadOnlySpan<byte> value = field.Value.Of(bytes);
            if (field.Known == KnownHeader.ETag && !value.StartsWith("W/"u8))
            {
                head.Fields.Drop(i);
                if (value.Length <= TagBytesMax && !hasTag)
                    WriteWeakTag(ref writer, value);
                hasTag = true;
            }
            else if (field.Known == KnownHeader.ContentEncoding || SpeaksOfBytes(field.Name.Of(bytes)))
            {
                head.Fields.Drop(i);
            }
        }
        head.PassesLength = false;
        if (use != CompressionUse.Encodes)
            return writer.WrittenBytes;
        head.Body = BodyLength.Unknown;
        writer.AppendField("Content-Encoding"u8, "gzip"u8);
        return writer.WrittenBytes;
    }

    private static void WriteWeakTag(ref HeadWriter writer, ReadOnlySpan<byte> tag)
    {
        writer.BeginField("ETag"u8);
        writer.Append("W/"u8);
        writer.Append(tag);
        writer.EndField();
    }

    private static bool SpeaksOfBytes(ReadOnlySpan<byte> name) =>
        AsciiBytes.EqualsIgnoreCase(name, "accept-ranges"u8) || AsciiBytes.EqualsIgnoreCase(name, "content-md5"u8)
        || AsciiBytes.EqualsIgnoreCase(name, "digest"u8) || AsciiBytes.EqualsIgnoreCase(name, "content-digest"u8)
        || AsciiBytes.EqualsIgnoreCase(name, "repr-digest"u8);
}
