using System;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// What a response is kept under: a letter for clients that speak through TLS, the host in lower case, a blank, which no part can hold, and the
/// target as its server gets it, byte for byte. Nothing is decoded or normalised: two spellings are two keys, and one key is one scheme, request line
/// and Host: what sends plain clients to https:// must not send those who are there. Pure.
/// </summary>
internal static class CacheKey
{
    /// <summary>Longer ones are not cached: a key lies in one block, with the beginning of its response.</summary>
    public const int BytesMax = 2 * 1024;

    /// <summary>Writes the key. Returns its length, 0 when it is too long.</summary>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="head">What was read of it; its target names a resource.</param>
    /// <param name="fallbackHost">Host of a request that came without one.</param>
    /// <param name="key">At least <see cref="BytesMax"/> long.</param>
    public static int Write(ReadOnlySpan<byte> bytes, RequestHead head, ReadOnlySpan<byte> fallbackHost, Span<byte> key)
    {
        bool isAbsolute = head.Form == TargetForm.Absolute;
        ReadOnlySpan<byte> host = isAbsolute ? head.Authority.Of(bytes)
            : head.Fields.Contains(KnownHeader.Host) ? head.Host.Of(bytes) : fallbackHost;
        ReadOnlySpan<byte> target = !head.SentTarget.IsEmpty ? head.SentTarget
            : isAbsolute ? head.PathAndQuery.Of(bytes) : head.Target.Of(bytes);
        ReadOnlySpan<byte> scheme = head.Verdict is { IsHttps: true } ? "s "u8 : default;
        if (scheme.Length + host.Length + target.Length + 2 > BytesMax)
            return 0;
        scheme.CopyTo(key);
        int count = scheme.Length;
        Ascii.ToLower(host, key[count..], out int hostBytes);
        count += hostBytes;
        key[count++] = (byte)' ';

        // RFC 9112 3.2.1: an empty path goes out as "/".
        if (target.IsEmpty || (isAbsolute && target[0] != '/'))
            key[count++] = (byte)'/';
        target.CopyTo(key[count..]);
        return count + target.Length;
    }
}
