namespace NativeProxy.Foundation;

/// <summary>What went wrong with one exchange, from the proxy's point of view.</summary>
internal enum ProxyError : byte
{
    None,
    BadRequest,
    BadProxyHeader,
    PlainHttpToTls,
    Misdirected,
    RequestHeadTooLarge,
    RequestBodyTooLarge,
    RequestHeaderTimeout,
    RequestBodyTimeout,
    MethodNotAllowed,
    NotAProxyRequest,
    SchemeNotSupported,
    ClientRefused,
    DestinationRefused,
    AccessDenied,
    LoginRequired,
    TooManyLogins,
    ClosedByRoute,
    NameNotResolved,
    NameLookupTimeout,
    TooManyLookups,
    NotCached,
    RateLimited,
    TooManyAtOnce,
    NoServerAvailable,
    QueueTimeout,
    QueueFull,
    TooManyRequests,
    ServerConnectFailed,
    ServerConnectTimeout,
    ServerNotSecure,
    NoSourcePort,
    ServerClosedBeforeResponse,
    ServerBadResponse,
    ServerResponseTimeout,
    ServerTruncatedResponse,
    ServerBadBody,
    ResponseBodyTooLarge,
    TotalTimeout,
    ClientAborted,
    ClientSendTimeout,
    BuffersExhausted,
    Stopped,
}

/// <summary>Whose fault an error is; the first letter of HAProxy's termination state.</summary>
internal enum ErrorSide : byte
{
    None = (byte)'-',
    Client = (byte)'C',
    ClientTimeout = (byte)'c',
    Server = (byte)'S',
    ServerTimeout = (byte)'s',
    Proxy = (byte)'P',
    Resource = (byte)'R',

    /// <summary>Killed by the operator.</summary>
    Killed = (byte)'K',
}

/// <summary>Whether an exchange may be tried again after an error; further conditions lie with the retry policy.</summary>
internal enum RetryRule : byte
{
    Never,

    /// <summary>Nothing was sent: any method, another server or connection.</summary>
    NothingWasSent,

    /// <summary>The connection ended before any byte of an answer came.</summary>
    BeforeAnswer,

    /// <summary>No byte of an answer came in time.</summary>
    AfterSilence,

    /// <summary>What came is no head of an answer.</summary>
    AfterJunk,
}

/// <summary>
/// One row of the error table: status 0 means that no answer can be sent any more. Rule is the code by which a log names the setting or the
/// rule that refused a message; null where nothing was refused, or where the parser's own reason says it. RetryAfterS is what the client is told to
/// wait where only a limit stands in its way (RFC 9110 10.2.3), in seconds; 0 = nothing is told.
/// </summary>
internal readonly record struct ProxyErrorRow(
    int Status, ErrorSide Side, RetryRule Retry, string Text, string? Rule = null, int RetryAfterS = 0);

/// <summary>The one table that maps errors to status, blame, retry rule and text. Columns, not <c>if</c>s.</summary>
internal static class ProxyErrors
{
    /// <summary>How many errors there are.</summary>
    public const int Count = (int)ProxyError.Stopped + 1;

    /// <summary>Nobody knows when another request ends; there is no shorter time than this in the field.</summary>
    private const int SoonS = 1;

    private static readonly ProxyErrorRow[] Rows = BuildRows();

    /// <summary>The row of an error.</summary>
    public static ref readonly ProxyErrorRow Of(ProxyError error) => ref Rows[(int)error];

    private static ProxyErrorRow[] BuildRows()
    {
        var rows = new ProxyErrorRow[Count];
        rows[(int)ProxyError.None] = new(0, ErrorSide.None, RetryRule.Never, "");
        rows[(int)ProxyError.BadRequest] = new(400, ErrorSide.Proxy, RetryRule.Never, "The request is malformed");
        rows[(int)ProxyError.BadProxyHeader] = new(0, ErrorSide.Proxy, RetryRule.Never, "", Rule: "bad_proxy_header");
        rows[(int)ProxyError.PlainHttpToTls] = new(400, ErrorSide.Proxy, RetryRule.Never,
            "This port speaks TLS, and plain HTTP came: use https:// in the address", Rule: "plain_http_to_tls");
        rows[(int)ProxyError.Misdirected] = new(421, ErrorSide.Proxy, RetryRule.Never,
            "The request is for another server than the one that its connection was opened to", Rule: "misdirected");
        rows[(int)ProxyError.RequestHeadTooLarge] = new(431, ErrorSide.Proxy, RetryRule.Never, "The request head is too large",
            Rule: "request_head_too_large");
        rows[(int)ProxyError.RequestBodyTooLarge] = new(413, ErrorSide.Proxy, RetryRule.Never, "The request body is too large",
            Rule: "request_body_too_large");
        rows[(int)ProxyError.RequestHeaderTimeout] = new(408, ErrorSide.ClientTimeout, RetryRule.Never, "The request head did not arrive in time");
        rows[(int)ProxyError.RequestBodyTimeout] = new(408, ErrorSide.ClientTimeout, RetryRule.Never, "The request body did not arrive in time");
        rows[(int)ProxyError.MethodNotAllowed] = new(405, ErrorSide.Proxy, RetryRule.Never, "This method is not served here",
            Rule: "method_not_allowed");
        rows[(int)ProxyError.NotAProxyRequest] = new(400, ErrorSide.Proxy, RetryRule.Never,
            "This is a forward proxy: the target must be a whole http:// address, or host and port of CONNECT", Rule: "not_a_proxy_request");
        rows[(int)ProxyError.SchemeNotSupported] = new(501, ErrorSide.Proxy, RetryRule.Never,
            "This proxy fetches http:// targets only; for https:// use CONNECT", Rule: "scheme_not_supported");
        rows[(int)ProxyError.ClientRefused] = new(403, ErrorSide.Proxy, RetryRule.Never, "This proxy does not serve clients of this network",
            Rule: "client_not_allowed");
        rows[(int)ProxyError.DestinationRefused] = new(403, ErrorSide.Proxy, RetryRule.Never, "This proxy does not connect to that address or port",
            Rule: "destination_not_allowed");
        rows[(int)ProxyError.AccessDenied] = new(403, ErrorSide.Proxy, RetryRule.Never, "This is not for clients of your network",
            Rule: "access_denied");
        rows[(int)ProxyError.LoginRequired] = new(401, ErrorSide.Proxy, RetryRule.Never, "A name and a password are needed here",
            Rule: "login_required");
        rows[(int)ProxyError.TooManyLogins] = new(503, ErrorSide.Resource, RetryRule.Never, "The proxy is checking too many passwords already",
            Rule: "too_many_logins", SoonS);
        rows[(int)ProxyError.ClosedByRoute] = new(0, ErrorSide.Proxy, RetryRule.Never, "", Rule: "closed_by_route");
        rows[(int)ProxyError.NameNotResolved] = new(502, ErrorSide.Server, RetryRule.Never, "The name of the server could not be resolved");
        rows[(int)ProxyError.NameLookupTimeout] = new(504, ErrorSide.ServerTimeout, RetryRule.Never,
            "The name of the server was not resolved in time");
        rows[(int)ProxyError.TooManyLookups] = new(503, ErrorSide.Resource, RetryRule.Never, "The proxy is looking up too many names already",
            Rule: "too_many_lookups", SoonS);
        rows[(int)ProxyError.NotCached] = new(504, ErrorSide.Proxy, RetryRule.Never,
            "The request wants an answer of the cache only, and it has none");
        rows[(int)ProxyError.RateLimited] = new(429, ErrorSide.Proxy, RetryRule.Never, "Too many requests; try again later", Rule: "rate_limited");
        rows[(int)ProxyError.TooManyAtOnce] = new(503, ErrorSide.Proxy, RetryRule.Never, "Too many such requests are under way; try again soon",
            Rule: "max_concurrent", SoonS);
        rows[(int)ProxyError.NoServerAvailable] = new(503, ErrorSide.Server, RetryRule.Never, "No server is available");
        rows[(int)ProxyError.QueueTimeout] = new(503, ErrorSide.ServerTimeout, RetryRule.Never, "All servers are busy",
            Rule: "queue_timeout", SoonS);
        rows[(int)ProxyError.QueueFull] = new(503, ErrorSide.Server, RetryRule.Never, "All servers are busy, and too many requests wait already",
            Rule: "queue_full", SoonS);
        rows[(int)ProxyError.TooManyRequests] = new(503, ErrorSide.Server, RetryRule.Never, "Too many requests are under way already",
            Rule: "too_many_requests", SoonS);
        rows[(int)ProxyError.ServerConnectFailed] = new(502, ErrorSide.Server, RetryRule.NothingWasSent, "The server could not be reached");
        rows[(int)ProxyError.ServerConnectTimeout] = new(504, ErrorSide.ServerTimeout, RetryRule.NothingWasSent,
            "The server did not accept a connection in time");
        rows[(int)ProxyError.ServerNotSecure] = new(502, ErrorSide.Server, RetryRule.NothingWasSent,
            "No secure connection to the server could be made", Rule: "server_tls");
        rows[(int)ProxyError.NoSourcePort] = new(503, ErrorSide.Resource, RetryRule.NothingWasSent,
            "All ports that connections to the server may come from are in use", Rule: "no_source_port", SoonS);
        rows[(int)ProxyError.ServerClosedBeforeResponse] = new(502, ErrorSide.Server, RetryRule.BeforeAnswer,
            "The server closed the connection without an answer");
        rows[(int)ProxyError.ServerBadResponse] = new(502, ErrorSide.Proxy, RetryRule.AfterJunk, "The server sent an invalid answer");
        rows[(int)ProxyError.ServerResponseTimeout] = new(504, ErrorSide.ServerTimeout, RetryRule.AfterSilence, "The server did not answer in time");
        rows[(int)ProxyError.ServerTruncatedResponse] = new(502, ErrorSide.Server, RetryRule.Never, "The server ended its answer too early");
        rows[(int)ProxyError.ServerBadBody] = new(502, ErrorSide.Proxy, RetryRule.Never, "The server sent an invalid body");
        rows[(int)ProxyError.ResponseBodyTooLarge] = new(502, ErrorSide.Proxy, RetryRule.Never,
            "The answer of the server is larger than allowed here", Rule: "response_body_too_large");
        rows[(int)ProxyError.TotalTimeout] = new(504, ErrorSide.ServerTimeout, RetryRule.Never,
            "The request was not answered in the time that it may take here", Rule: "total_timeout");
        rows[(int)ProxyError.ClientAborted] = new(0, ErrorSide.Client, RetryRule.Never, "");
        rows[(int)ProxyError.ClientSendTimeout] = new(0, ErrorSide.ClientTimeout, RetryRule.Never, "");
        rows[(int)ProxyError.BuffersExhausted] = new(503, ErrorSide.Resource, RetryRule.Never, "The proxy is out of buffers",
            Rule: "out_of_buffers", SoonS);
        rows[(int)ProxyError.Stopped] = new(0, ErrorSide.Killed, RetryRule.Never, "");
        return rows;
    }
}
