namespace NativeProxy.Http;

/// <summary>
/// The fields whose presence or value the proxy acts upon. Fewer than 64, so that a set of them is one word
/// (<see cref="HeaderTable"/>).
/// </summary>
internal enum KnownHeader : byte
{
    None,

    // Framing, routing and the connection.
    Host,
    Connection,
    KeepAlive,
    ProxyConnection,
    TransferEncoding,
    ContentLength,
    Te,
    Trailer,
    Upgrade,
    Http2Settings,
    Expect,
    MaxForwards,

    // Added or changed when forwarding.
    Via,
    Forwarded,
    XForwardedFor,
    XForwardedProto,
    XForwardedHost,
    XOriginalTo,
    Cookie,
    SetCookie,
    Date,
    Server,
    UserAgent,
    Location,

    // Authentication.
    Authorization,
    ProxyAuthorization,
    ProxyAuthenticate,
    WwwAuthenticate,

    // Content and caching.
    ContentType,
    ContentEncoding,
    ContentRange,
    CacheControl,
    Pragma,
    Age,
    Expires,
    ETag,
    LastModified,
    Vary,
    Range,
    IfRange,
    IfMatch,
    IfNoneMatch,
    IfModifiedSince,
    IfUnmodifiedSince,
}
