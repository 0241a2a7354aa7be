using System;
using System.Buffers;
using System.Buffers.Text;
using NativeProxy.Http;

namespace NativeProxy.Credentials;

/// <summary>Name and password in Authorization, scheme Basic (RFC 7617 section 2). Pure.</summary>
internal static class BasicCredentials
{
    /// <summary>Most bytes of "name:password".</summary>
    public const int BytesMax = 768;

    private const int EncodedBytesMax = BytesMax / 3 * 4;

    private static ReadOnlySpan<byte> Scheme => "basic"u8;

    /// <summary>Reads "name:password"; returns its length, or 0 when there is none, or more than one, or something else.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="room"><see cref="BytesMax"/> bytes.</param>
    public static int Read(ReadOnlySpan<byte> bytes, HeaderTable fields, Span<byte> room)
    {
        if (!fields.Contains(KnownHeader.Authorization) || fields.IsRepeated(KnownHeader.Authorization))
            return 0;
        ReadOnlySpan<byte> value = fields[fields.FirstIndexOf(KnownHeader.Authorization)].Value.Of(bytes);
        if (value.Length <= Scheme.Length || value[Scheme.Length] != ' ' || !AsciiBytes.EqualsIgnoreCase(value[..Scheme.Length], Scheme))
            return 0;
        ReadOnlySpan<byte> encoded = value[Scheme.Length..].TrimStart((byte)' ');
        if (encoded.Length > EncodedBytesMax || encoded.ContainsAny((byte)' ', (byte)'\t')
            || Base64.DecodeFromUtf8(encoded, room, out int used, out int count) != OperationStatus.Done || used != encoded.Length)
        {
            return 0;
        }
        ReadOnlySpan<byte> text = room[..count];
        foreach (byte one in text)
        {
            if (one is < (byte)' ' or 127)
                return 0;
        }
        return text.IndexOf((byte)':') > 0 ? count : 0;
    }
}
