using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static NativeProxy.Http1.KnownHeader;

namespace NativeProxy.Http1;

/// <summary>Finds the <see cref="KnownHeader"/> of a field name and tells what kind of field it is. Pure.</summary>
internal static class KnownHeaders
{
    /// <summary>A name of so many bytes and the colon behind it fit one vector.</summary>
    public const int ShortNameBytesMax = RowBytes - 1;

    private const int RowBytes = 16;

    /// <summary>
    /// Found by trial, so that no two of the short names meet in <see cref="Candidates"/>. Whoever adds a short name
    /// looks for another odd number the same way; a test tells when names meet.
    /// </summary>
    private const ulong SlotFactor = 0x104CF154604B2D69;
    private const int SlotBits = 6;

    private const ulong HopByHopSet =
        (1UL << (int)Connection) | (1UL << (int)KeepAlive) | (1UL << (int)ProxyConnection) | (1UL << (int)Te) |
        (1UL << (int)TransferEncoding) | (1UL << (int)Upgrade) | (1UL << (int)Http2Settings);

    /// <summary>The only short name that a name in this slot can be; see <see cref="SlotOf"/>.</summary>
    private static ReadOnlySpan<KnownHeader> Candidates =>
    [
        Http2Settings, None, KeepAlive, IfNoneMatch, Expect, None, None, None,
        Te, None, None, XForwardedFor, XOriginalTo, None, None, None,
        Via, ContentLength, Server, None, Location, IfRange, Date, Age,
        KnownHeader.Range, Pragma, Forwarded, None, None, SetCookie, None, None,
        ContentRange, Cookie, None, UserAgent, None, None, None, None,
        Trailer, None, Upgrade, None, ContentType, LastModified, Connection, None,
        ETag, None, None, None, None, None, Authorization, None,
        CacheControl, Expires, None, None, Host, IfMatch, Vary, MaxForwards,
    ];

    /// <summary>The short names in the order of the enum, 16 bytes each; those of the longer ones are blank.</summary>
    private static ReadOnlySpan<byte> Rows =>
        "                "u8 +
        "host:           "u8 +
        "connection:     "u8 +
        "keep-alive:     "u8 +
        "                "u8 +
        "                "u8 +
        "content-length: "u8 +
        "te:             "u8 +
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
        if (name.Length > ShortNameBytesMax)
        {
            return FindLong(name);
        }

        Span<byte> padded = stackalloc byte[RowBytes];
        padded.Clear();
        name.CopyTo(padded);
        padded[name.Length] = (byte)':';
        return FindShort(Vector128.Create((ReadOnlySpan<byte>)padded) | Vector128.Create((byte)0x20), name.Length);
    }

    /// <summary>The same for a name that was loaded into a vector.</summary>
    /// <param name="lower">The name, the colon behind it and whatever follows, with bit 5 set in every byte. That folds
    /// exactly the letters of a token (<see cref="AsciiBytes.EqualsLower"/>).</param>
    /// <param name="length">Of the name, at most <see cref="ShortNameBytesMax"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KnownHeader FindShort(Vector128<byte> lower, int length)
    {
        // Slots and rows are as many as the tables hold, so their bounds need no check.
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

    /// <summary>A hash of the length and of the first bytes, as many as the shift leaves: none is behind the name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint SlotOf(Vector128<byte> lower, int length)
    {
        ulong start = lower.AsUInt64().ToScalar() << (-8 * length);
        return (nuint)(((start + (uint)length) * SlotFactor) >> (64 - SlotBits));
    }

    /// <summary>Length and first letter leave one candidate, which is then compared.</summary>
    private static KnownHeader FindLong(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> lower;
        KnownHeader known;
        switch (name.Length, (char)(name[0] | 0x20))
        {
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
