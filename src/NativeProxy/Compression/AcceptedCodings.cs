using System;
using NativeProxy.Http;

namespace NativeProxy.Compression;

/// <summary>What a client says of encoded answers: Accept-Encoding (RFC 9110 section 12.5.3), no-transform (RFC 9111 5.2.1.6). Pure.</summary>
internal static class AcceptedCodings
{
    /// <summary>True when the answer may come as gzip: it is named, or else everything is, and not with a weight of 0.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    public static bool TakesGzip(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        bool? isNamed = null;
        bool? areAll = null;
        for (int i = 0; i < fields.Count; i++)
        {
            if (!AsciiBytes.EqualsIgnoreCase(fields[i].Name.Of(bytes), "accept-encoding"u8))
                continue;
            ReadOnlySpan<byte> list = fields[i].Value.Of(bytes);
            while (TakeNext(ref list, (byte)',', out ReadOnlySpan<byte> item))
            {
                TakeNext(ref item, (byte)';', out ReadOnlySpan<byte> coding);
                if (AsciiBytes.EqualsIgnoreCase(coding, "gzip"u8) || AsciiBytes.EqualsIgnoreCase(coding, "x-gzip"u8))
                    isNamed = !HasNoWeight(item);
                else if (coding.SequenceEqual("*"u8))
                    areAll = !HasNoWeight(item);
            }
        }
        return isNamed ?? areAll ?? false;
    }

    /// <summary>True when a Cache-Control says no-transform.</summary>
    public static bool ForbidsTransform(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        for (int i = fields.FirstIndexOf(KnownHeader.CacheControl); i >= 0; i = fields.NextIndexOf(KnownHeader.CacheControl, i))
        {
            ReadOnlySpan<byte> list = fields[i].Value.Of(bytes);
            while (TakeNext(ref list, (byte)',', out ReadOnlySpan<byte> item))
            {
                if (AsciiBytes.EqualsIgnoreCase(item, "no-transform"u8))
                    return true;
            }
        }
        return false;
    }

    /// <summary>q=0, with whatever decimals; a weight that is none counts as no weight at all.</summary>
    private static bool HasNoWeight(ReadOnlySpan<byte> parameters)
    {
        while (TakeNext(ref parameters, (byte)';', out ReadOnlySpan<byte> one))
        {
            if (one.Length >= 3 && (one[0] | 0x20) == 'q' && one[1] == '=')
                return !one[2..].ContainsAnyExcept((byte)'0', (byte)'.');
        }
        return false;
    }

    /// <summary>The next part of a list, without the blanks around it; false at its end.</summary>
    private static bool TakeNext(ref ReadOnlySpan<byte> list, byte separator, out ReadOnlySpan<byte> item)
    {
        item = default;
        if (list.IsEmpty)
            return false;
        int end = list.IndexOf(separator);
        item = (end < 0 ? list : list[..end]).Trim(" \t"u8);
        list = end < 0 ? default : list[(end + 1)..];
        return true;
    }
}
