using NativeProxy.Foundation;

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

    /// <summary>A server ended the connection before a byte of its answer.</summary>
    EmptyResponse,

    /// <summary>A server did not answer in time.</summary>
    ResponseTimeout,

    /// <summary>A server answered with a status after which another one is asked.</summary>
    Status,

    /// <summary>A server sent something that is no head of an answer.</summary>
    JunkResponse,

    /// <summary>A server was slow: another one was asked besides, and answered first.</summary>
    Hedge,
}

/// <summary>
/// The numbers of one access log line: no references, so an exchange may keep them as a field and fill them as it goes.
/// Start with <c>new AccessNumbers()</c> (timers "not reached"), never with <c>default</c>. Names are ids of <see cref="LogNames"/>; 0 is none.
/// </summary>
internal struct AccessNumbers
{
    /// <summary>Start of the request, milliseconds since 1970-01-01 UTC.</summary>
    public long StartWallMs;

    /// <summary>What <see cref="Status"/>, a timer that was not reached, and whatever else a number cannot say, is.</summary>
    public const int Unknown = -1;

    /// <summary>Bytes sent to the client, heads and framing included.</summary>
    public long BytesSent;

    /// <summary>Of these the content: without heads and without the framing of chunks; all that came through a tunnel.</summary>
    public long BodyBytesSent;

    /// <summary>
    /// Bytes received from the client for this request: its head, and the body as it came, with its framing; all that went into a tunnel.
    /// </summary>
    public long BytesReceived;

    public long ClientConnectionId;

    public long ClientConnectionAgeMs;

    /// <summary>0 when no server connection was used.</summary>
    public long ServerConnectionId;

    /// <summary>How long the server connection had been idle when it was taken.</summary>
    public long ServerIdleMs;

    /// <summary>The address of the server that was connected to, or tried last; not given when none was.</summary>
    public PeerAddress ServerAddress;

    public int ClientPort;

    public int ListenerName;

    public int UpstreamName;

    public int ServerName;

    /// <summary>The route that the request has taken; 0 = the listener's own, or none was found for it.</summary>
    public int RouteName;

    /// <summary>Why the client connection was closed after this exchange; 0 when it was kept.</summary>
    public int CloseReasonName;

    /// <summary>The rule by which the request or its response was refused; 0 when neither was.</summary>
    public int RejectName;

    /// <summary>HAProxy's TR: from the first byte of the request to its complete head; -1 = not reached, as in the other timers.</summary>
    public int RequestMs = Unknown;

    /// <summary>Tw: waiting in queues.</summary>
    public int QueueMs = Unknown;

    /// <summary>Tc: getting a server connection, retries included; 0 for a reused one.</summary>
    public int ConnectMs = Unknown;

    /// <summary>Tr: from the connection until the server's complete response head.</summary>
    public int ResponseMs = Unknown;

    /// <summary>Ta: from the first byte of the request to the last byte of the response.</summary>
    public int TotalMs = Unknown;

    /// <summary>Status sent to the client; -1 when none was, as HAProxy says it.</summary>
    public int Status = Unknown;

    /// <summary>1 for the first request on the client connection.</summary>
    public int ClientRequestNumber;

    /// <summary>1 for the first request on the server connection.</summary>
    public int ServerUseNumber;

    public int RetryCount;

    /// <summary>
    /// actconn: client connections of the process when the exchange had ended, its own included. As in HAProxy's log, which says the same of
    /// its process; ours is a worker, here and in the three below.
    /// </summary>
    public int ProcessConnectionCount;

    /// <summary>feconn: of these those of the listener.</summary>
    public int ListenerConnectionCount;

    /// <summary>beconn: other exchanges that the upstream had then, on its servers or waiting for one.</summary>
    public int UpstreamConnectionCount;

    /// <summary>srv_conn: other exchanges that ran on the server then.</summary>
    public int ServerConnectionCount;

    /// <summary>
    /// srv_queue: the place in the server's queue where the request began to wait, 1 = the first; 0 = it did not wait there. Added up over retries.
    /// </summary>
    public int ServerQueueCount;

    /// <summary>backend_queue: the same of the upstream's queue, where whichever server has room first serves.</summary>
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
