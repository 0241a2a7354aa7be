namespace NativeProxy.Foundation;

/// <summary>
/// Why a client connection is closed, or <see cref="None"/> while it lives. Every close has one: it stands in the logs
/// (<see cref="CloseReasons.CodeOf"/>), in the counters and at the admin endpoint, so that no connection ends silently.
/// </summary>
internal enum CloseReason : byte
{
    /// <summary>The connection is kept.</summary>
    None,

    /// <summary>The client closed its side while nothing was pending.</summary>
    ClientClosed,

    /// <summary>The client closed or reset in the middle of an exchange.</summary>
    ClientAborted,

    /// <summary>The request said <c>Connection: close</c>.</summary>
    ClientAsked,

    /// <summary>An HTTP/1.0 request without <c>Connection: keep-alive</c> (RFC 9112 9.3).</summary>
    Http10,

    /// <summary>Client keep-alive is switched off on this listener, or its timeout is 0.</summary>
    KeepaliveOff,

    /// <summary><c>keepalive.max_requests</c> is reached.</summary>
    MaxRequests,

    /// <summary><c>keepalive.max_age</c> is reached.</summary>
    MaxAge,

    /// <summary>No next request within <c>keepalive.timeout</c>.</summary>
    IdleTimeout,

    /// <summary>An incomplete request head within <c>timeouts.request_header</c>.</summary>
    RequestHeaderTimeout,

    /// <summary>No byte of a request body within <c>timeouts.request_body</c>.</summary>
    RequestBodyTimeout,

    /// <summary>The client took no byte of a response within <c>timeouts.send</c>.</summary>
    SendTimeout,

    /// <summary>A tunnel without a byte within <c>timeouts.tunnel</c>.</summary>
    TunnelTimeout,

    /// <summary>A request that cannot be read safely; what follows it is unknown.</summary>
    BadRequest,

    /// <summary>The connection did not begin with a sound PROXY header, which this listener expects.</summary>
    BadProxyHeader,

    /// <summary>A limit of this listener was passed.</summary>
    Limit,

    /// <summary>Who asks, or where the request wants to go, is not allowed on this forward proxy; or a route denies it an answer.</summary>
    Denied,

    /// <summary><c>[listener.access]</c> does not let the client connect.</summary>
    AccessDenied,

    /// <summary>The client has as many connections as <c>limits.connections_per_client</c> allows.</summary>
    ConnectionsPerClient,

    /// <summary>The client opens connections faster than <c>limits.connection_rate_per_client</c> allows.</summary>
    ConnectionRate,

    /// <summary>An answer with status 400 or more and <c>keepalive.after_error</c> off.</summary>
    AfterError,

    /// <summary>The response came before the request body was read to its end.</summary>
    UnreadRequestBody,

    /// <summary>The body has no length that this client could see (HTTP/1.0).</summary>
    CloseDelimited,

    /// <summary>The server ended the body too early; the client must see it cut.</summary>
    TruncatedResponse,

    /// <summary>The server's body framing became invalid after the head had been passed on.</summary>
    BadResponseBody,

    /// <summary>The server stopped sending in the middle of a body.</summary>
    ServerTimeout,

    /// <summary>The answer was not whole within <c>timeouts.total</c> of its route.</summary>
    TotalTimeout,

    /// <summary>The server connection on which this client had authenticated has ended, or ends after this response.</summary>
    PinnedServerClosed,

    /// <summary>The server closed the tunnel.</summary>
    TunnelEnded,

    /// <summary>In mode "tcp": no server took the connection: none is up, none could be reached, or the wait in line was too long.</summary>
    NoServer,

    /// <summary>In mode "tcp": no route took the connection, and its listener has no upstream; or it was a probe of a monitor.</summary>
    Unmatched,

    /// <summary>In mode "tcp": no whole ClientHello within <c>tcp.inspect_timeout</c>.</summary>
    InspectTimeout,

    /// <summary>TLS: the handshake was not done within <c>timeouts.handshake</c>.</summary>
    TlsTimeout,

    /// <summary>TLS: the client has left in the middle of the handshake.</summary>
    TlsAborted,

    /// <summary>TLS: the client has sent an alert: it does not want what it was shown.</summary>
    TlsAlert,

    /// <summary>TLS: plain HTTP came; it was told.</summary>
    TlsPlainHttp,

    /// <summary>TLS: what came is no handshake.</summary>
    TlsNoHandshake,

    /// <summary>TLS: no version in common.</summary>
    TlsVersion,

    /// <summary>TLS: no cipher, group or kind of signature in common.</summary>
    TlsCipher,

    /// <summary>TLS: no application protocol in common.</summary>
    TlsProtocol,

    /// <summary>TLS: no certificate has the name that was asked for, and <c>tls.unknown_name</c> refuses others.</summary>
    TlsUnknownName,

    /// <summary>TLS: the client has shown no certificate, and <c>tls.client.certificate</c> requires one.</summary>
    TlsNoCertificate,

    /// <summary>TLS: the client's certificate comes from nobody whom <c>tls.client.ca</c> names, or is not sound.</summary>
    TlsUntrusted,

    /// <summary>TLS: the client's certificate is not valid at this time.</summary>
    TlsExpired,

    /// <summary>TLS: the client's certificate is revoked, or <c>tls.client.crl</c> does not tell.</summary>
    TlsRevoked,

    /// <summary>TLS: a record that cannot be opened, or a message that has no place there.</summary>
    TlsBadRecord,

    /// <summary>TLS: more handshakes at once, or in a second, than <c>[listener.limits]</c> allows.</summary>
    TlsLimit,

    /// <summary>The process is draining.</summary>
    Draining,

    /// <summary>The process ended before the connection was done: the drain time was over, or a second signal came.</summary>
    Stopped,

    /// <summary>An operator has ended it.</summary>
    EndedByOperator,

    /// <summary>A reload removed the listener.</summary>
    ListenerRemoved,

    /// <summary>An upgrade: the process that came after this one goes on with the connection, which its client does not see.</summary>
    HandedOver,

    /// <summary>An upgrade, and the connection could not be handed over: it ended after its response, or when it had idled long enough.</summary>
    Upgraded,

    /// <summary>Buffers or another resource ran out.</summary>
    Resource,

    /// <summary>Connections or descriptors are running short: an idle connection closes now, a busy one after its response.</summary>
    DescriptorPressure,

    /// <summary>Buffer memory is running short.</summary>
    MemoryPressure,

    /// <summary>The connections of one listener are running short (<c>limits.max_connections</c>): as above.</summary>
    ListenerPressure,
}

/// <summary>
/// Codes of the reasons, the same in the logs, the metrics and the admin endpoint: the names of the enum's members in lower case, with underscores.
/// </summary>
internal static class CloseReasons
{
    /// <summary>How many reasons there are, None included.</summary>
    public const int Count = (int)CloseReason.ListenerPressure + 1;

    private static readonly string[] Codes = CodeText.OfAll<CloseReason>();

    /// <summary>True when limits or access list of a listener have not let the client in.</summary>
    public static bool IsRefusal(CloseReason reason) =>
        reason is CloseReason.AccessDenied or CloseReason.ConnectionsPerClient or CloseReason.ConnectionRate or CloseReason.TlsLimit;

    /// <summary>The code of a reason, "-" for a connection that is kept.</summary>
    public static string CodeOf(CloseReason reason) => reason == CloseReason.None ? "-" : (int)reason < Count ? Codes[(int)reason] : "unknown";
}
