namespace NativeProxy.Exchanges.Sending;

/// <summary>What asking for a server connection came to.</summary>
internal enum LinkResult : byte
{
    /// <summary>A connection is there and takes the request now.</summary>
    Ready,

    /// <summary>A connect is in flight, or the exchange waits in line; an event follows.</summary>
    Pending,

    /// <summary>No server takes requests.</summary>
    NoServer,

    /// <summary>The connection on which the client has authenticated is gone, and no other one may stand in for it.</summary>
    PinIsLost,
}
