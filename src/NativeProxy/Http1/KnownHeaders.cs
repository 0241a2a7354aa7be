using System;
using static NativeProxy.Http1.AsciiBytes;

namespace NativeProxy.Http1;

/// <summary>Finds the <see cref="KnownHeader"/> of a field name and tells what kind of field it is. Pure.</summary>
internal static class KnownHeaders
{
    /// <summary>By length, then by first letter, then by comparison; case-insensitive.</summary>
    /// <param name="name">A token (RFC 9110 section 5.6.2), already checked: the comparison relies on it.</param>
    public static KnownHeader Find(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return KnownHeader.None;
        }

        switch (name.Length, (char)(name[0] | 0x20))
        {
            case (2, 't'): return Match(name, "te"u8, KnownHeader.Te);
            case (3, 'v'): return Match(name, "via"u8, KnownHeader.Via);
            case (3, 'a'): return Match(name, "age"u8, KnownHeader.Age);
            case (4, 'h'): return Match(name, "host"u8, KnownHeader.Host);
            case (4, 'd'): return Match(name, "date"u8, KnownHeader.Date);
            case (4, 'e'): return Match(name, "etag"u8, KnownHeader.ETag);
            case (4, 'v'): return Match(name, "vary"u8, KnownHeader.Vary);
            case (5, 'r'): return Match(name, "range"u8, KnownHeader.Range);
            case (6, 'e'): return Match(name, "expect"u8, KnownHeader.Expect);
            case (6, 'c'): return Match(name, "cookie"u8, KnownHeader.Cookie);
            case (6, 's'): return Match(name, "server"u8, KnownHeader.Server);
            case (6, 'p'): return Match(name, "pragma"u8, KnownHeader.Pragma);
            case (7, 'u'): return Match(name, "upgrade"u8, KnownHeader.Upgrade);
            case (7, 't'): return Match(name, "trailer"u8, KnownHeader.Trailer);
            case (7, 'e'): return Match(name, "expires"u8, KnownHeader.Expires);
            case (8, 'l'): return Match(name, "location"u8, KnownHeader.Location);
            case (8, 'i'):
                return EqualsLower(name, "if-match"u8) ? KnownHeader.IfMatch
                    : Match(name, "if-range"u8, KnownHeader.IfRange);
            case (9, 'f'): return Match(name, "forwarded"u8, KnownHeader.Forwarded);
            case (10, 'c'): return Match(name, "connection"u8, KnownHeader.Connection);
            case (10, 'k'): return Match(name, "keep-alive"u8, KnownHeader.KeepAlive);
            case (10, 's'): return Match(name, "set-cookie"u8, KnownHeader.SetCookie);
            case (10, 'u'): return Match(name, "user-agent"u8, KnownHeader.UserAgent);
            case (12, 'c'): return Match(name, "content-type"u8, KnownHeader.ContentType);
            case (12, 'm'): return Match(name, "max-forwards"u8, KnownHeader.MaxForwards);
            case (13, 'a'): return Match(name, "authorization"u8, KnownHeader.Authorization);
            case (13, 'l'): return Match(name, "last-modified"u8, KnownHeader.LastModified);
            case (13, 'i'): return Match(name, "if-none-match"u8, KnownHeader.IfNoneMatch);
            case (13, 'x'): return Match(name, "x-original-to"u8, KnownHeader.XOriginalTo);
            case (13, 'c'):
                return EqualsLower(name, "cache-control"u8) ? KnownHeader.CacheControl
                    : Match(name, "content-range"u8, KnownHeader.ContentRange);
            case (14, 'c'): return Match(name, "content-length"u8, KnownHeader.ContentLength);
            case (14, 'h'): return Match(name, "http2-settings"u8, KnownHeader.Http2Settings);
            case (15, 'x'): return Match(name, "x-forwarded-for"u8, KnownHeader.XForwardedFor);
            case (16, 'x'): return Match(name, "x-forwarded-host"u8, KnownHeader.XForwardedHost);
            case (16, 'c'): return Match(name, "content-encoding"u8, KnownHeader.ContentEncoding);
            case (16, 'p'): return Match(name, "proxy-connection"u8, KnownHeader.ProxyConnection);
            case (16, 'w'): return Match(name, "www-authenticate"u8, KnownHeader.WwwAuthenticate);
            case (17, 't'): return Match(name, "transfer-encoding"u8, KnownHeader.TransferEncoding);
            case (17, 'x'): return Match(name, "x-forwarded-proto"u8, KnownHeader.XForwardedProto);
            case (17, 'i'): return Match(name, "if-modified-since"u8, KnownHeader.IfModifiedSince);
            case (18, 'p'): return Match(name, "proxy-authenticate"u8, KnownHeader.ProxyAuthenticate);
            case (19, 'p'): return Match(name, "proxy-authorization"u8, KnownHeader.ProxyAuthorization);
            case (19, 'i'): return Match(name, "if-unmodified-since"u8, KnownHeader.IfUnmodifiedSince);
            default: return KnownHeader.None;
        }
    }

    /// <summary>
    /// Fields that never pass the proxy, named in Connection or not (RFC 9110 section 7.6.1, RFC 7540 section 3.2.1).
    /// Proxy-Authenticate and Proxy-Authorization belong to whoever authenticates, which a reverse proxy does not;
    /// Trailer announces what the trailer section holds and goes with it.
    /// </summary>
    public static bool IsHopByHop(KnownHeader known) => known is
        KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.Te or
        KnownHeader.TransferEncoding or KnownHeader.Upgrade or KnownHeader.Http2Settings;

    private static KnownHeader Match(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower, KnownHeader known) =>
        EqualsLower(name, lower) ? known : KnownHeader.None;
}
