using System;

namespace NativeProxy.Http1;

/// <summary>Finds the <see cref="KnownHeader"/> of a field name and tells what kind of field it is. Pure.</summary>
internal static class KnownHeaders
{
    /// <summary>
    /// Length and first letter leave one candidate (in two cases a second letter decides), which is then compared;
    /// case-insensitive.
    /// </summary>
    /// <param name="name">A token (RFC 9110 section 5.6.2), already checked: the comparison relies on it.</param>
    public static KnownHeader Find(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return KnownHeader.None;
        }

        ReadOnlySpan<byte> lower;
        KnownHeader known;
        switch (name.Length, (char)(name[0] | 0x20))
        {
            case (2, 't'): lower = "te"u8; known = KnownHeader.Te; break;
            case (3, 'v'): lower = "via"u8; known = KnownHeader.Via; break;
            case (3, 'a'): lower = "age"u8; known = KnownHeader.Age; break;
            case (4, 'h'): lower = "host"u8; known = KnownHeader.Host; break;
            case (4, 'd'): lower = "date"u8; known = KnownHeader.Date; break;
            case (4, 'e'): lower = "etag"u8; known = KnownHeader.ETag; break;
            case (4, 'v'): lower = "vary"u8; known = KnownHeader.Vary; break;
            case (5, 'r'): lower = "range"u8; known = KnownHeader.Range; break;
            case (6, 'e'): lower = "expect"u8; known = KnownHeader.Expect; break;
            case (6, 'c'): lower = "cookie"u8; known = KnownHeader.Cookie; break;
            case (6, 's'): lower = "server"u8; known = KnownHeader.Server; break;
            case (6, 'p'): lower = "pragma"u8; known = KnownHeader.Pragma; break;
            case (7, 'u'): lower = "upgrade"u8; known = KnownHeader.Upgrade; break;
            case (7, 't'): lower = "trailer"u8; known = KnownHeader.Trailer; break;
            case (7, 'e'): lower = "expires"u8; known = KnownHeader.Expires; break;
            case (8, 'l'): lower = "location"u8; known = KnownHeader.Location; break;
            case (8, 'i') when (name[3] | 0x20) == 'm': lower = "if-match"u8; known = KnownHeader.IfMatch; break;
            case (8, 'i'): lower = "if-range"u8; known = KnownHeader.IfRange; break;
            case (9, 'f'): lower = "forwarded"u8; known = KnownHeader.Forwarded; break;
            case (10, 'c'): lower = "connection"u8; known = KnownHeader.Connection; break;
            case (10, 'k'): lower = "keep-alive"u8; known = KnownHeader.KeepAlive; break;
            case (10, 's'): lower = "set-cookie"u8; known = KnownHeader.SetCookie; break;
            case (10, 'u'): lower = "user-agent"u8; known = KnownHeader.UserAgent; break;
            case (12, 'c'): lower = "content-type"u8; known = KnownHeader.ContentType; break;
            case (12, 'm'): lower = "max-forwards"u8; known = KnownHeader.MaxForwards; break;
            case (13, 'a'): lower = "authorization"u8; known = KnownHeader.Authorization; break;
            case (13, 'l'): lower = "last-modified"u8; known = KnownHeader.LastModified; break;
            case (13, 'i'): lower = "if-none-match"u8; known = KnownHeader.IfNoneMatch; break;
            case (13, 'x'): lower = "x-original-to"u8; known = KnownHeader.XOriginalTo; break;
            case (13, 'c') when (name[1] | 0x20) == 'o': lower = "content-range"u8; known = KnownHeader.ContentRange; break;
            case (13, 'c'): lower = "cache-control"u8; known = KnownHeader.CacheControl; break;
            case (14, 'c'): lower = "content-length"u8; known = KnownHeader.ContentLength; break;
            case (14, 'h'): lower = "http2-settings"u8; known = KnownHeader.Http2Settings; break;
            case (15, 'x'): lower = "x-forwarded-for"u8; known = KnownHeader.XForwardedFor; break;
            case (16, 'x'): lower = "x-forwarded-host"u8; known = KnownHeader.XForwardedHost; break;
            case (16, 'c'): lower = "content-encoding"u8; known = KnownHeader.ContentEncoding; break;
            case (16, 'p'): lower = "proxy-connection"u8; known = KnownHeader.ProxyConnection; break;
            case (16, 'w'): lower = "www-authenticate"u8; known = KnownHeader.WwwAuthenticate; break;
            case (17, 't'): lower = "transfer-encoding"u8; known = KnownHeader.TransferEncoding; break;
            case (17, 'x'): lower = "x-forwarded-proto"u8; known = KnownHeader.XForwardedProto; break;
            case (17, 'i'): lower = "if-modified-since"u8; known = KnownHeader.IfModifiedSince; break;
            case (18, 'p'): lower = "proxy-authenticate"u8; known = KnownHeader.ProxyAuthenticate; break;
            case (19, 'p'): lower = "proxy-authorization"u8; known = KnownHeader.ProxyAuthorization; break;
            case (19, 'i'): lower = "if-unmodified-since"u8; known = KnownHeader.IfUnmodifiedSince; break;
            default: return KnownHeader.None;
        }

        return AsciiBytes.EqualsLower(name, lower) ? known : KnownHeader.None;
    }

    /// <summary>
    /// Fields that never pass the proxy, named in Connection or not (RFC 9110 section 7.6.1, RFC 7540 section 3.2.1).
    /// Proxy-Authenticate and Proxy-Authorization belong to whoever authenticates, which a reverse proxy does not;
    /// Trailer announces what the trailer section holds and goes with it.
    /// </summary>
    public static bool IsHopByHop(KnownHeader known) => known is
        KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.Te or
        KnownHeader.TransferEncoding or KnownHeader.Upgrade or KnownHeader.Http2Settings;
}
