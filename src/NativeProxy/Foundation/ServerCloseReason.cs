namespace NativeProxy.Foundation;

/// <summary>Why a server connection is closed, or <see cref="None"/> when it is sound and may be pooled. Every close has one.</summary>
internal enum ServerCloseReason : byte
{
    /// <summary>The exchange ended cleanly on both sides.</summary>
    None,

    /// <summary>The server sent FIN.</summary>
    ServerFin,

    /// <summary>The server reset the connection.</summary>
    ServerReset,

    /// <summary>The response said that the connection ends after it.</summary>
    ServerSaid,

    /// <summary>Server keep-alive is switched off.</summary>
    ReuseOff,

    /// <summary>Not used for <c>keepalive.idle_timeout</c>.</summary>
    IdleTimeout,

    /// <summary>The server would soon have closed it, as was learned from it.</summary>
    LearnedIdleTimeout,

    /// <summary><c>keepalive.max_requests</c> is reached.</summary>
    MaxRequests,

    /// <summary><c>keepalive.max_age</c> is reached.</summary>
    MaxAge,

    /// <summary>The pool was full and this was its least recently used connection.</summary>
    PoolFull,

    /// <summary>Bytes came that no request had asked for.</summary>
    SurplusBytes,

    /// <summary>The request was not sent to its end.</summary>
    RequestUnsent,

    /// <summary>What the server believes about the connection is not certain (a refused upgrade).</summary>
    Ambiguous,

    /// <summary>The connection was not established.</summary>
    ConnectFailed,

    /// <summary>TLS: the handshake was not done within <c>timeouts.connect</c>.</summary>
    TlsTimeout,

    /// <summary>TLS: the server has left in the middle of the handshake.</summary>
    TlsAborted,

    /// <summary>TLS: the server has sent an alert: it does not want what it was shown.</summary>
    TlsAlert,

    /// <summary>TLS: the server does not speak it.</summary>
    TlsNoHandshake,

    /// <summary>TLS: no version in common.</summary>
    TlsVersion,

    /// <summary>TLS: no cipher, group or kind of signature in common.</summary>
    TlsCipher,

    /// <summary>TLS: no application protocol in common.</summary>
    TlsProtocol,

    /// <summary>TLS: the server's certificate is for another name.</summary>
    TlsWrongName,

    /// <summary>TLS: the server's certificate comes from nobody who is trusted (<c>tls.ca</c>), or is not sound.</summary>
    TlsUntrusted,

    /// <summary>TLS: the server's certificate, or one above it, is not valid at this time.</summary>
    TlsExpired,

    /// <summary>TLS: the server's certificate is revoked, or <c>tls.crl</c> does not tell.</summary>
    TlsRevoked,

    /// <summary>TLS: a record that cannot be opened, or a message that has no place there.</summary>
    TlsBadRecord,

    /// <summary>TLS: a body that ends with the connection ended without the announcement that it is whole.</summary>
    TlsTruncated,

    /// <summary>The client gave the exchange up.</summary>
    ClientAborted,

    /// <summary>No answer in time.</summary>
    Timeout,

    /// <summary>An answer that could not be read safely.</summary>
    BadResponse,

    /// <summary>The tunnel has ended.</summary>
    UpgradeEnded,

    /// <summary>The pools are being emptied.</summary>
    Purged,

    /// <summary>The process ended before the exchange did: the drain time was over, or a second signal came.</summary>
    Stopped,

    /// <summary>An operator has ended the client's connection.</summary>
    EndedByOperator,

    /// <summary>The server fails its health checks.</summary>
    ServerDown,

    /// <summary>The one client that had authenticated on the connection has left, or has authenticated elsewhere.</summary>
    PinnedClientLeft,

    /// <summary>Descriptors are running short, and this was an idle connection.</summary>
    DescriptorPressure,

    /// <summary>Buffer memory is running short, and this was an idle connection.</summary>
    MemoryPressure,

    /// <summary>The server's name does not stand for this address any more.</summary>
    AddressLeft,

    /// <summary>A server that is no backup has come up, and this was a connection to a backup: <c>health.on_up</c>.</summary>
    BackupRelieved,

    /// <summary>The client for which the connection was opened has left: a PROXY header names it, so it is nobody else's.</summary>
    AnnouncedClientLeft,

    /// <summary>Another server has answered the request first (<c>hedge.after</c>).</summary>
    HedgeLost,
}

/// <summary>
/// Codes of the reasons, the same in the logs, the metrics and the admin endpoint: the names of the enum's members in lower case, with underscores.
/// </summary>
internal static class ServerCloseReasons
{
    /// <summary>How many reasons there are, None included.</summary>
    public const int Count = (int)ServerCloseReason.HedgeLost + 1;

    private static readonly string[] Codes = CodeText.OfAll<ServerCloseReason>();

    /// <summary>The code of a reason, "-" for a connection that is kept.</summary>
    public static string CodeOf(ServerCloseReason reason) =>
        reason == ServerCloseReason.None ? "-" : (int)reason < Count ? Codes[(int)reason] : "unknown";
}
