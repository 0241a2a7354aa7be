using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>What a listener speaks with its clients.</summary>
internal enum ListenerMode
{
    [SettingChoice("http", Doc = "reverse proxy for HTTP/1.x")]
    Http,

    [SettingChoice("tcp", Doc = "bytes are passed on to a server and back, whatever they mean")]
    Tcp,

    [SettingChoice("forward", Doc = "forward proxy: clients name the destination, as an absolute http:// target or with CONNECT")]
    Forward,
}

/// <summary>What a client's half-close after a request means.</summary>
internal enum HalfClosePolicy
{
    [SettingChoice("abort", Doc = "the client is gone: the exchange is given up")]
    Abort,

    [SettingChoice("finish", Doc = "the client still waits: what it asked for before is answered, then the connection ends")]
    Finish,

    [SettingChoice("auto", Doc = "finish for HTTP/1.0, Connection: close, no User-Agent, a cache being filled; else abort")]
    Auto,
}

/// <summary>What becomes of the fields behind a chunked body, of requests and of responses.</summary>
internal enum TrailerPolicy
{
    [SettingChoice("forward", Doc = "they are passed on, but for those that would change how the message is read")]
    Forward,

    [SettingChoice("drop", Doc = "they are read, checked and left out")]
    Drop,
}

/// <summary>What becomes of a request whose path or query holds raw bytes above 0x7f, which no URI has (RFC 3986).</summary>
internal enum NonAsciiTargetPolicy
{
    [SettingChoice("reject", Doc = "it is answered with 400")]
    Reject,

    [SettingChoice("pass", Doc = "it is passed on byte for byte")]
    Pass,
}

/// <summary>Whether the paths of requests are brought into one form.</summary>
internal enum PathNormalization
{
    [SettingChoice("auto", Doc = "on as soon as a route of the listener looks at a path, else off")]
    Auto,

    [SettingChoice("on", Doc = "they are, and that form is passed on")]
    On,

    [SettingChoice("strict", Doc = "a path in another form is answered with 400")]
    Strict,

    [SettingChoice("off", Doc = "they are looked at and passed on byte for byte")]
    Off,
}

/// <summary>What becomes of a path that others may read in another way.</summary>
internal enum AmbiguousPathPolicy
{
    [SettingChoice("check", Doc = "all readings must lead to the same route, else 400; the bytes stay as they are")]
    Check,

    [SettingChoice("reject", Doc = "it is answered with 400")]
    Reject,

    [SettingChoice("keep", Doc = "it is an ordinary path")]
    Keep,
}

/// <summary>`[[listener]]`: a place where clients connect.</summary>
[SettingsTable(Doc = "A place where clients connect. Repeat the table for more listeners.")]
internal readonly partial struct ListenerSettings
{
    [Setting("name", Required = true, Example = "web", Pattern = NameText.Pattern, Doc = "Name in logs and metrics; letters, digits and . _ : -")]
    public partial string Name { get; init; }

    [Setting("bind", Required = true, Example = new[] { "127.0.0.1:8080" }, Pattern = BindText.Pattern,
        Doc = "Addresses to listen on: \"host:port\", \"[v6]:port\", \"*:port\" or \":port\" (all addresses). \"host:8000-8010\" are eleven; at most "
        + "1000 in one range. \"unix:/path\" is a Unix socket.")]
    public partial ImmutableArray<string> Bind { get; init; }

    [Setting("freebind", Default = false,
        Doc = "Also bind addresses that this machine does not have, or not yet, such as one that moves between two machines.")]
    public partial bool FreeBind { get; init; }

    [Setting("unix")]
    public partial ListenerUnixSettings Unix { get; init; }

    [Setting("mode", Default = "http", Doc = "What is spoken with clients.")]
    public partial ListenerMode Mode { get; init; }

    [Setting("upstream", Required = true, Conditional = true, Example = "app", Pattern = NameText.Pattern,
        Doc = "Name of the [[upstream]] that requests go to which no route takes. When it is left out: the only upstream, if there is just one and "
        + "no route; with routes there may be none, and \"unmatched\" holds. In mode \"forward\" there is none.")]
    public partial string Upstream { get; init; }

    [Setting("unmatched", Default = 404, Max = 503,
        Doc = "Status of requests that no route takes where the listener has no upstream: 404, 421 or 503. 0 = the connection is closed.")]
    public partial int Unmatched { get; init; }

    [Setting("path_normalization", Default = "auto",
        Doc = "Whether paths are brought into one form: %41 and the like decoded, . and .. resolved, repeated slashes merged. That "
        + "form is what routes look at and what servers get.")]
    public partial PathNormalization PathNormalization { get; init; }

    [Setting("ambiguous_path", Default = "check",
        Doc = "What becomes of a path that has several readings: with %2F, %5C, \\, ;x, %00, or a dot or blank at the end of a segment.")]
    public partial AmbiguousPathPolicy AmbiguousPath { get; init; }

    [Setting("policies", Default = new string[0], Pattern = NameText.Pattern,
        Doc = "Names of [[policy]] tables that hold for all requests, in this order.")]
    public partial ImmutableArray<string> Policies { get; init; }

    [Setting("error_pages",
        Doc = "Pages for errors of the proxy itself, by status or class, such as { 503 = \"back soon\", 5xx = \"file:/etc/errors.html\" }.")]
    public partial ImmutableArray<NamedText> ErrorPages { get; init; }

    [Setting("half_close", Default = "abort", Doc = "What it means when a client shuts its sending side after a request.")]
    public partial HalfClosePolicy HalfClose { get; init; }

    [Setting("pipelining", Default = 1, Min = 1, Max = 64,
        Doc = "Requests of one connection in flight at once. Only safe requests without a body run beside each other; answers keep the order of "
        + "the requests, and up to 32KiB or so of each wait in memory.")]
    public partial int Pipelining { get; init; }

    [Setting("trailers", Default = "forward", Doc = "What becomes of the trailer fields of requests and responses.")]
    public partial TrailerPolicy Trailers { get; init; }

    [Setting("non_ascii_target", Default = "reject",
        Doc = "What becomes of a request with raw bytes above 0x7f in its path or query. In a host they are always refused.")]
    public partial NonAsciiTargetPolicy NonAsciiTarget { get; init; }

    [Setting("rate_limit", Default = new string[0], Pattern = NameText.Pattern,
        Doc = "Names of the [[rate_limit]]s that hold for all requests of the listener, before those of their route.")]
    public partial ImmutableArray<string> RateLimits { get; init; }

    [Setting("upgrade", Default = new string[0], Pattern = TokenText.LowerCasePattern,
        Doc = "Protocols that a client may upgrade to, in lower case, such as [\"websocket\", \"tcp\"]. From a request for any other the Upgrade "
        + "field is removed, and it goes on as an ordinary one. Empty = none.")]
    public partial ImmutableArray<string> Upgrade { get; init; }

    [Setting("defer_accept", Default = true,
        Doc = "Take a connection only when its first bytes are there (TCP_DEFER_ACCEPT, Linux); one that stays silent is taken after a second or "
        + "more. Never in mode \"tcp\": a server may speak first.")]
    public partial bool DeferAccept { get; init; }

    [Setting("proxy_protocol", Default = false,
        Doc = "Whether connections begin with a PROXY header (version 1 or 2) of the balancer before this proxy; its source address then "
        + "stands for the client's. Only for listeners that nobody but the balancer reaches, or with proxy_protocol_trusted.")]
    public partial bool ProxyProtocol { get; init; }

    [Setting("proxy_protocol_trusted", Default = new string[0], Pattern = NetworkText.Pattern,
        Doc = "With proxy_protocol: networks of the balancers that send PROXY headers. Connections of others are plain ones, and a PROXY header "
        + "on them is a bad request. Empty = all send one.")]
    public partial ImmutableArray<string> ProxyProtocolTrusted { get; init; }

    [Setting("tls")]
    public partial ListenerTlsSettings Tls { get; init; }

    [Setting("keepalive")]
    public partial ListenerKeepaliveSettings Keepalive { get; init; }

    [Setting("timeouts")]
    public partial ListenerTimeoutSettings Timeouts { get; init; }

    [Setting("limits")]
    public partial ListenerLimitSettings Limits { get; init; }

    [Setting("access")]
    public partial ListenerAccessSettings Access { get; init; }

    [Setting("tcp_keepalive")]
    public partial TcpKeepaliveSettings TcpKeepalive { get; init; }

    [Setting("tcp")]
    public partial ListenerTcpSettings Tcp { get; init; }

    [Setting("forwarded")]
    public partial ListenerForwardedSettings Forwarded { get; init; }

    [Setting("trace")]
    public partial ListenerTraceSettings Trace { get; init; }

    [Setting("monitor")]
    public partial ListenerMonitorSettings Monitor { get; init; }

    [Setting("request_headers")]
    public partial HeaderRuleSettings RequestHeaders { get; init; }

    [Setting("compression")]
    public partial CompressionSettings Compression { get; init; }

    [Setting("response_headers")]
    public partial HeaderRuleSettings ResponseHeaders { get; init; }

    [Setting("forward")]
    public partial ForwardSettings Forward { get; init; }

    /// <summary>Whether connections are taken with their first bytes only.</summary>
    public bool DefersAccept => DeferAccept && Mode != ListenerMode.Tcp;
}

/// <summary>When a response to a client says `Connection: keep-alive`.</summary>
internal enum ConnectionHeaderPolicy
{
    [SettingChoice("http10", Doc = "only to HTTP/1.0 clients, which need it")]
    Http10,

    [SettingChoice("always", Doc = "on every response that keeps the connection")]
    Always,
}

/// <summary>`[listener.keepalive]`: how long a client connection lives on between requests.</summary>
[SettingsTable(Doc = "Persistent connections of clients.")]
internal readonly partial struct ListenerKeepaliveSettings
{
    [Setting("enabled", Default = true, Doc = "Whether a client connection may carry more than one request.")]
    public partial bool Enabled { get; init; }

    [Setting("timeout", Default = "75s", Min = "0s", Max = "24h",
        Doc = "Idle time from the end of a response after which the connection is closed. \"0s\" = off: each response closes.")]
    public partial long TimeoutMs { get; init; }

    [Setting("max_requests", Default = 1000, Max = 1_000_000_000, Doc = "Requests after which the connection is closed. 0 = no limit.")]
    public partial int MaxRequests { get; init; }

    [Setting("max_age", Default = "1h", Max = "720h", Doc = "Age at which the connection is closed after the running response. \"0s\" = off.")]
    public partial long MaxAgeMs { get; init; }

    [Setting("advertise", Default = false, Doc = "Whether responses announce the limits as \"Keep-Alive: timeout=, max=\".")]
    public partial bool Advertise { get; init; }

    [Setting("connection_header", Default = "http10", Doc = "When a response says \"Connection: keep-alive\".")]
    public partial ConnectionHeaderPolicy ConnectionHeader { get; init; }

    [Setting("after_error", Default = true, Doc = "Whether the connection may live on after an error response (status 400 and above).")]
    public partial bool AfterError { get; init; }

    /// <summary>0 = idle connections are closed at once.</summary>
    [Setting("drain_wait", Default = "0s", Max = "1h",
        Doc = "How long a drain leaves idle connections open for one more request, whose response then says close. \"0s\" = they are closed at "
        + "once. Keep it below runtime.drain_timeout.")]
    public partial long DrainWaitMs { get; init; }

    /// <summary>Connections live on between two requests.</summary>
    public bool KeepsConnections => Enabled && TimeoutMs > 0;
}
