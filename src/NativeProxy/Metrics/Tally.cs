namespace NativeProxy.Metrics;

/// <summary>What is counted, or shown, of one server, upstream or listener beside its times (<see cref="LatencyRow"/>).</summary>
internal enum Tally : byte
{
    /// <summary>
    /// Final answers to clients that came from a server, or to the clients of a listener, by the class of their status as the client got it; the
    /// next three follow. Where a protocol is switched (101), there is none.
    /// </summary>
    Responses2xx,

    Responses3xx,

    Responses4xx,

    /// <summary>What has no class counts as this (RFC 9110 15).</summary>
    Responses5xx,

    /// <summary>Requests that were at a server, and to which it has given no answer.</summary>
    Failed,

    /// <summary>Requests that were tried again after they were at a server.</summary>
    Retried,

    /// <summary>Connections in use: of a server, or of a listener's clients. Shown once a second.</summary>
    Active,

    /// <summary>Connections to a server that nobody uses. Shown once a second.</summary>
    Idle,

    /// <summary>Requests that wait for this server, or for any of an upstream. Shown once a second.</summary>
    Queued,

    /// <summary>Client connections that a listener took.</summary>
    Accepted,

    /// <summary>Those of them that its limits or its access list refused.</summary>
    Refused,
}
