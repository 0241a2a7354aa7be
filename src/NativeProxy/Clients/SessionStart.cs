namespace NativeProxy.Clients;

/// <summary>With what a session begins its connection. Immutable.</summary>
/// <param name="Identity">Who is there, where that is more than the peer of the socket; null else.</param>
/// <param name="StartedMs">When its first byte came, or the connection, if none has; of one that idles: when it was answered last.</param>
/// <param name="LeftMs">How much is left of the time for its next request; 0 = no limit.</param>
internal readonly record struct SessionStart(ClientIdentity? Identity, long StartedMs, long LeftMs)
{
    /// <summary>Another process has had the connection until now.</summary>
    public bool IsContinued { get; init; }

    /// <summary>The requests that it has served on it.</summary>
    public int RequestCount { get; init; }
}
