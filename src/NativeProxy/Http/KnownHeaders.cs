using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static NativeProxy.Http.KnownHeader;

namespace NativeProxy.Http;

/// <summary>Finds the <see cref="KnownHeader"/> of a field name and tells what kind of field it is. Pure.</summary>
internal static class KnownHeaders
{
    /// <summary>A short name has so many bytes: four with the colon behind it, and no more than fit a vector with it.</summary>
    public const int ShortNameBytesMin = 3;
    public const int ShortNameBytesMax = RowBytes - 1;

    /// <summary>Bit n: the known header n never passes; see <see cref="IsHopByHop"/>.</summary>
    public const ulong HopByHopSet =
        (1UL << (int)Connection) | (1UL << (int)KeepAlive) | (1UL << (int)ProxyConnection) | (1UL << (int)Te) |
        (1UL << (int)TransferEncoding) | (1UL << (int)Upgrade) | (1UL << (int)Http2Settings);

    private const int RowBytes = 16;

    /// <summary>
    /// Found by trial, so that no two of the short names meet in <see cref="Candidates"/>. Whoever adds a short name
    /// looks for another odd number the same way; a test tells when names meet.
    /// </summary>
    private const uint SlotFactor = 0x7D870D6D;
    private const int SlotBits = 6;

    /// <summary>The only short name that a name in this slot can be; see <see cref="SlotOf"/>.</summary>
    private static ReadOnlySpan<KnownHeader> Candidates =>
    [
        None, UserAgent, Host, None, SetCookie, Via, Pragma, None,
        Location, XOriginalTo, None, Http2Settings, IfMatch, None, None, None,
        MaxForwards, None, None, None, IfRange, None, Date, Forwarded,
        None, CacheControl, None, XForwardedFor, ContentType, ContentRange, ContentLength, None,
        Upgrade, Expires, None, None, Cookie, Vary, None, None,
        None, None, None, None, IfNoneMatch, None, ETag, None,
        LastModified, KnownHeader.Range, None, Expect, None, None, Authorization, Connection,
        KeepAlive, None, None, Trailer, Age, None, None, Server,
    ];

    /// <summary>The short names in the order of the enum, 16 bytes each; the other ones are blank.</summary>
    private static ReadOnlySpan<byte> Rows =>
        "                "u8 +
        "host:           "u8 +
        "connection:     "u8 +
        "keep-alive:     "u8 +
        "                "u8 +
        "                "u8 +
        "content-length: "u8 +
        "                "u8 +
        "trailer:        "u8 +
        "upgrade:        "u8 +
        "http2-settings: "u8 +
        "expect:         "u8 +
        "max-forwards:   "u8 +
        "via:            "u8 +
        "forwarded:      "u8 +
        "x-forwarded-for:"u8 +
        "                "u8 +
        "                "u8 +
        "x-original-to:  "u8 +
        "cookie:         "u8 +
        "set-cookie:     "u8 +
        "date:           "u8 +
        "server:         "u8 +
        "user-agent:     "u8 +
        "location:       "u8 +
        "authorization:  "u8 +
        "                "u8 +
        "                "u8 +
        "                "u8 +
        "content-type:   "u8 +
        "                "u8 +
        "content-range:  "u8 +
        "cache-control:  "u8 +
        "pragma:         "u8 +
        "age:            "u8 +
        "expires:        "u8 +
        "etag:           "u8 +
        "last-modified:  "u8 +
        "vary:           "u8 +
        "range:          "u8 +
        "if-range:       "u8 +
        "if-match:       "u8 +
        "if-none-match:  "u8 +
        "                "u8 +
        "                "u8;

    /// <summary>Case-insensitive.</summary>
    /// <param name="name">A token (RFC 9110 section 5.6.2), already checked: the comparison relies on it.</param>
    public static KnownHeader Find(ReadOnlySpan<byte> name)
    {
        if (name.Length is < ShortNameBytesMin or > ShortNameBytesMax)
            return FindOther(name);

        Span<byte> padded = stackalloc byte[RowBytes];
        padded.Clear();
        name.CopyTo(padded);
        padded[name.Length] = (byte)':';
        return FindShort(Vector128.Create((ReadOnlySpan<byte>)padded) | Vector128.Create((byte)0x20), name.Length);
    }

    /// <summary>The same for a name that was loaded into a vector.</summary>
    /// <param name="lower">The name, the colon behind it and whatever follows, with bit 5 set in every byte. That folds
    /// exactly the letters of a token (<see cref="AsciiBytes.EqualsLower"/>).</param>
    /// <param name="length">Of the name, which is a short one.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KnownHeader FindShort(Vector128<byte> lower, int length)
    {
        // Through references, since no slot and no row is outside of these tables: their bounds need no check.
        KnownHeader candidate = Unsafe.Add(ref MemoryMarshal.GetReference(Candidates), SlotOf(lower, length));
        Vector128<byte> row = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Rows), (nuint)candidate * RowBytes);
        uint unequal = ~Vector128.Equals(lower, row).ExtractMostSignificantBits();

        // The colon counts: it tells names from their prefixes.
        return (unequal & ((2u << length) - 1)) == 0 ? candidate : None;
    }

    /// <summary>
    /// Fields that never pass the proxy, named in Connection or not (RFC 9110 section 7.6.1, RFC 7540 section 3.2.1).
    /// Proxy-Authenticate and Proxy-Authorization belong to whoever authenticates, which a reverse proxy does not;
    /// Trailer announces what the trailer section holds and goes with it.
    /// </summary>
    public static bool IsHopByHop(KnownHeader known) => ((HopByHopSet >> (int)known) & 1) != 0;

    /// <summary>A hash of the first four bytes and the length; only the latter has to wait for the end of the name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint SlotOf(Vector128<byte> lower, int length) =>
        (((lower.AsUInt32().ToScalar() * SlotFactor) >> (32 - SlotBits)) + (uint)length) & ((1 << SlotBits) - 1);

    /// <summary>Length and first letter leave one candidate, which is then compared.</summary>
    private static KnownHeader FindOther(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return None;

        ReadOnlySpan<byte> lower;
        KnownHeader known;
        switch (name.Length, (char)(name[0] | 0x20))
        {
            case (2, 't'): lower = "te"u8; known = Te; break;
            case (16, 'x'): lower = "x-forwarded-host"u8; known = XForwardedHost; break;
            case (16, 'c'): lower = "content-encoding"u8; known = ContentEncoding; break;
            case (16, 'p'): lower = "proxy-connection"u8; known = ProxyConnection; break;
            case (16, 'w'): lower = "www-authenticate"u8; known = WwwAuthenticate; break;
            case (17, 't'): lower = "transfer-encoding"u8; known = TransferEncoding; break;
            case (17, 'x'): lower = "x-forwarded-proto"u8; known = XForwardedProto; break;
            case (17, 'i'): lower = "if-modified-since"u8; known = IfModifiedSince; break;
            case (18, 'p'): lower = "proxy-authenticate"u8; known = ProxyAuthenticate; break;
            case (19, 'p'): lower = "proxy-authorization"u8; known = ProxyAuthorization; break;
            case (19, 'i'): lower = "if-unmodified-since"u8; known = IfUnmodifiedSince; break;
            default: return None;
        }

        return AsciiBytes.EqualsLower(name, lower) ? known : None;
    }
}
