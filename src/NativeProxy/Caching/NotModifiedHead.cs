using System;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// The 304 of a stored response: its head under another status, without what describes a body that does not follow (RFC 9110 section
/// 15.4.5). All else stays, Date, ETag, Cache-Control, Expires and Content-Location among it. Pure.
/// </summary>
internal static class NotModifiedHead
{
    private static ReadOnlySpan<byte> StatusLine => "HTTP/1.1 304 Not Modified\r\n"u8;

    /// <summary>At most this much longer than the stored head.</summary>
    public static int ExtraBytes => StatusLine.Length;

    /// <summary>Writes it. Returns its length.</summary>
    /// <param name="bytes">The stored head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="output">Longer than the stored head by <see cref="ExtraBytes"/>.</param>
    public static int Write(ReadOnlySpan<byte> bytes, HeaderTable fields, Span<byte> output)
    {
        StatusLine.CopyTo(output);
        int count = StatusLine.Length;
        for (int i = 0; i < fields.Count; i++)
        {
            ref HeaderField field = ref fields[i];
            if (IsOfBody(field, bytes))
                continue;
            Append(field.Name.Of(bytes), output, ref count);
            Append(": "u8, output, ref count);
            Append(field.Value.Of(bytes), output, ref count);
            Append("\r\n"u8, output, ref count);
        }
        Append("\r\n"u8, output, ref count);
        return count;
    }

    private static bool IsOfBody(in HeaderField field, ReadOnlySpan<byte> bytes) =>
        field.Known is KnownHeader.ContentLength or KnownHeader.TransferEncoding or KnownHeader.Trailer or KnownHeader.ContentType
            or KnownHeader.ContentEncoding
        || (field.Known == KnownHeader.None && AsciiBytes.EqualsIgnoreCase(field.Name.Of(bytes), "content-language"u8));

    private static void Append(ReadOnlySpan<byte> text, Span<byte> output, ref int count)
    {
        text.CopyTo(output[count..]);
        count += text.Length;
    }
}
