namespace NativeProxy.Exchanges.Sending;

/// <summary>What asking for a server connection came to.</summary>
internal enum LinkResult : byte
{
    /// <summary>A connection is there and takes the request now.</summary>
    Ready,

    /// <summary>A connect is in flight, or the exchange waits in line; an event follows.</summary>
    Pending,

    /// <summary>There is none, and waiting is of no use or not allowed: <see cref="ServerLink.Refusal"/> says why.</summary>
    Refused,
}
