namespace NativeProxy.Foundation;

/// <summary>
/// What a line of the access log can say: the names in a template are those of the members in lower case, with underscores
/// (<see cref="AccessFields"/>), and where the JSON layout says the same, it has the same name.
/// </summary>
internal enum AccessField : byte
{
    /// <summary>A text of the template, as it stands there.</summary>
    Text,

    /// <summary>The start of the request as in JSON.</summary>
    Time,

    /// <summary>The same as in HAProxy's log.</summary>
    TimeHaproxy,

    /// <summary>The same as in the combined format.</summary>
    TimeCombined,

    /// <summary>The same in milliseconds since 1970.</summary>
    TimeUnixMs,
    Client,
    ClientPort,
    Peer,
    TlsVersion,
    TlsCipher,

    /// <summary>"full" or "resumed".</summary>
    TlsResumed,
    TlsName,
    Listener,
    Route,
    Upstream,
    Server,
    RequestMs,
    QueueMs,
    ConnectMs,
    ResponseMs,
    TotalMs,
    Status,
    BytesSent,
    BodyBytesSent,
    BytesReceived,

    /// <summary>The first line of the request.</summary>
    Request,
    Method,
    Target,

    /// <summary>The target up to the question mark.</summary>
    Path,

    /// <summary>What follows the question mark.</summary>
    Query,
    Version,
    Host,
    UserAgent,
    Referer,
    RequestId,
    TraceId,
    State,
    CloseReason,
    Reject,
    ClientConnectionId,
    ClientRequestNumber,
    ClientConnectionAgeMs,
    ServerConnectionId,
    ServerUseNumber,
    ServerIdleMs,

    /// <summary>"new" or "reused".</summary>
    ServerConnection,
    ServerAddress,
    Retries,
    RetryCause,
    Actconn,
    Feconn,
    Beconn,
    Srvconn,
    SrvQueue,
    BackendQueue,

    /// <summary>A field of the request, by its name.</summary>
    RequestHeader,

    /// <summary>A field of the response, by its name.</summary>
    ResponseHeader,
}

/// <summary>A part of a template for lines: a field, and where it needs one a text or the name of a header.</summary>
internal readonly record struct AccessFieldPart(AccessField Field, string Text);
