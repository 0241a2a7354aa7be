namespace NativeProxy.Config;

/// <summary>`[listener.timeouts]`: how long a client may take.</summary>
[SettingsTable(Doc = "How long a client may take.")]
internal readonly partial struct ListenerTimeoutSettings
{
    [Setting("request_header", Default = "10s", Min = "10ms", Max = "24h", Doc = "Time in which a whole request head must arrive. Cannot be off.")]
    public partial long RequestHeaderMs { get; init; }

    [Setting("request_body", Default = "30s", Max = "24h", Doc = "Time without a byte of a request body that is due. \"0s\" = off.")]
    public partial long RequestBodyMs { get; init; }

    [Setting("send", Default = "30s", Max = "24h",
        Doc = "Time in which the client takes no byte of a response: its machine acknowledges none. \"0s\" = off.")]
    public partial long SendMs { get; init; }

    [Setting("handshake", Default = "10s", Min = "10ms", Max = "24h",
        Doc = "Time from a connection, or its PROXY header, to the end of its TLS handshake. Cannot be off.")]
    public partial long HandshakeMs { get; init; }

    [Setting("linger", Default = "2s", Max = "1h",
        Doc = "Time a connection is read on after the proxy closed its side, so that the client gets the last response whole. \"0s\" = off.")]
    public partial long LingerMs { get; init; }

    [Setting("tunnel", Default = "1h", Max = "720h",
        Doc = "Idle time of an upgraded connection or tunnel: neither side says anything, nor takes any of what the other has said. \"0s\" = off.")]
    public partial long TunnelMs { get; init; }
}

/// <summary>`[listener.limits]`: how much a client may send, and a server may answer.</summary>
[SettingsTable(Doc = "How much is accepted from one connection.")]
internal readonly partial struct ListenerLimitSettings
{
    /// <summary>Clients whose new connections are remembered at least.</summary>
    public const int ClientsRemembered = 100_000;

    [Setting("header_bytes", Default = "32KiB", Min = 256, Max = "1MiB", Doc = "Bytes of a whole message head: first line and header fields.")]
    public partial int HeaderBytes { get; init; }

    [Setting("header_count", Default = 128, Min = 4, Max = 1000, Doc = "Header fields of one message.")]
    public partial int HeaderCount { get; init; }

    [Setting("request_line_bytes", Default = "16KiB", DefaultAtMost = nameof(HeaderBytes), Min = 64, Max = "1MiB",
        Doc = "Bytes of the request line; at most header_bytes. A smaller header_bytes lowers this default.")]
    public partial int RequestLineBytes { get; init; }

    [Setting("body_bytes", Default = 0, Doc = "Bytes of a request body. 0 = no limit.")]
    public partial long BodyBytes { get; init; }

    [Setting("response_body_bytes", Default = 0, Doc = "Bytes of a response body. 0 = no limit.")]
    public partial long ResponseBodyBytes { get; init; }

    [Setting("max_connections", Default = 10000, Min = 1, Max = 1_000_000,
        Doc = "Client connections of this listener that one worker holds at most.")]
    public partial int MaxConnections { get; init; }

    /// <summary>0 = no limit.</summary>
    [Setting("connections_per_client", Default = 0, Max = 1_000_000,
        Doc = "Connections that one client has at once, over all workers (IPv6: all of one /64 together); further ones are closed at once. 0 = no "
        + "limit.")]
    public partial int ConnectionsPerClient { get; init; }

    /// <summary>Empty = no limit.</summary>
    [Setting("connection_rate_per_client", Default = "", Pattern = "^$|" + RateText.Pattern,
        Doc = "New connections that one client may open in a time, over all workers, such as \"20/s\"; so many at once, further ones are closed. "
        + "Empty = no limit.")]
    public partial string ConnectionRatePerClient { get; init; }

    [Setting("handshakes", Default = 1000, Min = 1, Max = 1_000_000,
        Doc = "TLS handshakes of this listener that each worker has under way at once; further connections wait for one to end.")]
    public partial int Handshakes { get; init; }

    /// <summary>0 = no limit.</summary>
    [Setting("handshakes_per_second", Default = 0, Max = 1_000_000,
        Doc = "TLS handshakes of this listener that each worker begins in a second; further connections wait. 0 = no limit.")]
    public partial int HandshakesPerSecond { get; init; }

    [Setting("half_closed", Default = 1000, Max = 1_000_000,
        Doc = "Clients that have shut their sending side and still get a response (half_close), per worker; beyond it they are given up.")]
    public partial int HalfClosed { get; init; }
}

/// <summary>`[upstream.timeouts]`: how long a server may take.</summary>
[SettingsTable(Doc = "How long a server may take.")]
internal readonly partial struct UpstreamTimeoutSettings
{
    [Setting("connect", Default = "5s", Min = "1ms", Max = "1h", Doc = "Time to open a connection. Cannot be off.")]
    public partial long ConnectMs { get; init; }

    [Setting("response", Default = "60s", Max = "24h",
        Doc = "Time without a byte of a response that is due, in which the server takes no byte of the request either. \"0s\" = off.")]
    public partial long ResponseMs { get; init; }

    [Setting("queue", Default = "30s", Max = "24h",
        Doc = "Time that a request waits while all servers are at max_connections; then it is answered with 503. \"0s\" = no limit.")]
    public partial long QueueMs { get; init; }

    [Setting("idle", Default = "0s", Max = "720h",
        Doc = "In mode \"tcp\": time in which neither side says anything, nor takes any of what the other has said, on connections to this upstream. "
        + "\"0s\" = the tcp.idle_timeout of the listener, which is 1h unless it says otherwise.")]
    public partial long IdleMs { get; init; }
}
