namespace NativeProxy.Logging;

/// <summary>How an exchange came by its server connection.</summary>
internal enum ServerConnectionOrigin : byte
{
    /// <summary>None was used.</summary>
    None,

    /// <summary>Opened for this exchange.</summary>
    New,

    /// <summary>Taken from the pool after an earlier exchange.</summary>
    Reused,

    /// <summary>Opened ahead of demand and used for the first time.</summary>
    Warm,
}

/// <summary>Why an exchange was sent once more, the last time if it was more than once.</summary>
internal enum RetryCause : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>A server could not be connected to.</summary>
    ConnectFailure,

    /// <summary>A pooled connection turned out to be closed.</summary>
    StaleReuse,

    /// <summary>A pooled connection was closed by its server, which had acknowledged no byte of the request.</summary>
    Unacknowledged,
}

/// <summary>
/// The numbers of one access log line: no references, so an exchange may keep them as a field and fill them as it goes.
/// Start with <c>new AccessNumbers()</c> (timers "not reached"), never with <c>default</c>. Names are ids of <see cref="LogNames"/>; 0 is none.
/// </summary>
internal struct AccessNumbers
{
    /// <summary>Start of the request, milliseconds since 1970-01-01 UTC.</summary>
    public long StartWallMs;

    /// <summary>Bytes sent to the client, head included.</summary>
    public long BytesSent;

    /// <summary>Bytes received from the client for this request, head included.</summary>
    public long BytesReceived;

    public long ClientConnectionId;

    public long ClientConnectionAgeMs;

    /// <summary>0 when no server connection was used.</summary>
    public long ServerConnectionId;

    /// <summary>How long the server connection had been idle when it was taken.</summary>
    public long ServerIdleMs;

    public int ClientPort;

    public int ListenerName;

    public int UpstreamName;

    public int ServerName;

    /// <summary>Why the client connection was closed after this exchange; 0 when it was kept.</summary>
    public int CloseReasonName;

    /// <summary>The rule by which the request or its response was refused; 0 when neither was.</summary>
    public int RejectName;

    /// <summary>HAProxy's TR: from the first byte of the request to its complete head; -1 = not reached, as in the other timers.</summary>
    public int RequestMs = -1;

    /// <summary>Tw: waiting in queues.</summary>
    public int QueueMs = -1;

    /// <summary>Tc: getting a server connection, retries included; 0 for a reused one.</summary>
    public int ConnectMs = -1;

    /// <summary>Tr: from the connection until the server's complete response head.</summary>
    public int ResponseMs = -1;

    /// <summary>Ta: from the first byte of the request to the last byte of the response.</summary>
    public int TotalMs = -1;

    /// <summary>Status sent to the client; 0 when none was.</summary>
    public int Status;

    /// <summary>1 for the first request on the client connection.</summary>
    public int ClientRequestNumber;

    /// <summary>1 for the first request on the server connection.</summary>
    public int ServerUseNumber;

    public int RetryCount;

    /// <summary>actconn: open client connections of the process, this one included (so in the three below).</summary>
    public int ProcessConnectionCount;

    /// <summary>feconn: open client connections of the listener.</summary>
    public int ListenerConnectionCount;

    /// <summary>beconn: exchanges of the upstream in progress.</summary>
    public int UpstreamConnectionCount;

    /// <summary>srvconn: exchanges of the server in progress.</summary>
    public int ServerConnectionCount;

    /// <summary>Requests before this one in the server's queue.</summary>
    public int ServerQueueCount;

    /// <summary>Requests before this one in the upstream's queue.</summary>
    public int UpstreamQueueCount;

    public ServerConnectionOrigin ServerOrigin;

    public RetryCause RetryCause;

    /// <summary>First letter of HAProxy's termination state, who ended the exchange: C, S, P, R, I, c, s; 0 = '-'.</summary>
    public byte EndedBy;

    /// <summary>Second letter, what the exchange was doing: R, Q, C, H, D, L, T; 0 = '-'.</summary>
    public byte EndedIn;

    /// <summary>Third letter, the stickiness cookie in the request: N, I, V; 0 = '-'.</summary>
    public byte CookieInRequest;

    /// <summary>Fourth letter, the stickiness cookie in the response: N, I, P, R, D; 0 = '-'.</summary>
    public byte CookieInResponse;

    public AccessNumbers()
    {
    }
}
