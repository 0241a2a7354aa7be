using System;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// What a response is kept under: a mark for clients that speak through TLS, the host in lower case, a blank, which no part can hold, and the
/// target as its server gets it, byte for byte. Nothing is decoded or normalised: two spellings are two keys, and one key is one scheme, request line
/// and Host: what sends plain clients to https:// must not send those who are there. Pure.
/// </summary>
internal static class CacheKey
{
    /// <summary>Longer ones are not cached: a key lies in one block, with the beginning of its response.</summary>
    public const int BytesMax = 2 * 1024;

    /// <summary>No host begins with it.</summary>
    private const byte TlsMark = 1;

    /// <summary>
    /// A number for a key. Those of one target under both schemes go with each other (<see cref="UnderOtherScheme"/>): what ends one ends both.
    /// </summary>
    public static ulong HashOf(ReadOnlySpan<byte> key, KeyHash hash) => key[0] == TlsMark ? UnderOtherScheme(hash.Of(key[1..])) : hash.Of(key);

    /// <summary>The number of the same target for clients of the other scheme.</summary>
    public static ulong UnderOtherScheme(ulong hash) => ~hash;

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
        int count = head.Verdict is { IsHttps: true } ? 1 : 0;
        if (count + host.Length + target.Length + 2 > BytesMax)
            return 0;
        key[0] = TlsMark;
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
