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
    ClientAskedClose,

    /// <summary>An HTTP/1.0 request without <c>Connection: keep-alive</c> (RFC 9112 9.3).</summary>
    Http10WithoutKeepAlive,

    /// <summary>Client keep-alive is switched off on this listener, or its timeout is 0.</summary>
    KeepAliveOff,

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
    LimitExceeded,

    /// <summary>Who asks, or where the request wants to go, is not allowed on this forward proxy.</summary>
    Denied,

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

    /// <summary>The server connection on which this client had authenticated has ended, or ends after this response.</summary>
    PinnedServerClosed,

    /// <summary>The server closed the tunnel.</summary>
    TunnelEnded,

    /// <summary>The process is draining.</summary>
    Draining,

    /// <summary>The process ended before the connection was done: the drain time was over, or a second signal came.</summary>
    Stopped,

    /// <summary>A reload removed the listener.</summary>
    ListenerRemoved,

    /// <summary>Buffers or another resource ran out.</summary>
    ResourceExhausted,

    /// <summary>Connections or descriptors are running short: an idle connection closes now, a busy one after its response.</summary>
    DescriptorPressure,

    /// <summary>Buffer memory is running short.</summary>
    MemoryPressure,
}

/// <summary>Short codes of the close reasons, the same in the logs, the metrics and the admin endpoint.</summary>
internal static class CloseReasons
{
    /// <summary>How many reasons there are; indexes of tables per reason are below it.</summary>
    public const int Count = (int)CloseReason.MemoryPressure + 1;

    /// <summary>The code of a reason, "-" for a connection that is kept.</summary>
    public static string CodeOf(CloseReason reason) => reason switch
    {
        CloseReason.None => "-",
        CloseReason.ClientClosed => "client_closed",
        CloseReason.ClientAborted => "client_aborted",
        CloseReason.ClientAskedClose => "client_asked",
        CloseReason.Http10WithoutKeepAlive => "http10",
        CloseReason.KeepAliveOff => "keepalive_off",
        CloseReason.MaxRequests => "max_requests",
        CloseReason.MaxAge => "max_age",
        CloseReason.IdleTimeout => "idle_timeout",
        CloseReason.RequestHeaderTimeout => "request_header_timeout",
        CloseReason.RequestBodyTimeout => "request_body_timeout",
        CloseReason.SendTimeout => "send_timeout",
        CloseReason.TunnelTimeout => "tunnel_timeout",
        CloseReason.BadRequest => "bad_request",
        CloseReason.BadProxyHeader => "bad_proxy_header",
        CloseReason.LimitExceeded => "limit",
        CloseReason.Denied => "denied",
        CloseReason.AfterError => "after_error",
        CloseReason.UnreadRequestBody => "unread_request_body",
        CloseReason.CloseDelimited => "close_delimited",
        CloseReason.TruncatedResponse => "truncated_response",
        CloseReason.BadResponseBody => "bad_response_body",
        CloseReason.ServerTimeout => "server_timeout",
        CloseReason.PinnedServerClosed => "pinned_server_closed",
        CloseReason.TunnelEnded => "tunnel_ended",
        CloseReason.Draining => "draining",
        CloseReason.Stopped => "stopped",
        CloseReason.ListenerRemoved => "listener_removed",
        CloseReason.ResourceExhausted => "resource",
        CloseReason.DescriptorPressure => "descriptor_pressure",
        CloseReason.MemoryPressure => "memory_pressure",
        _ => "unknown",
    };
}
