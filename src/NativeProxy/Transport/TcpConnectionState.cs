namespace NativeProxy.Transport;

/// <summary>Life of one socket.</summary>
internal enum TcpConnectionState : byte
{
    /// <summary>No socket; the object waits in its engine's pool.</summary>
    Free,

    /// <summary>A connect is in flight.</summary>
    Connecting,

    /// <summary>The socket is established and the layer's handshake runs: the owner can neither send nor receive yet.</summary>
    Securing,

    /// <summary>Established, and secured where that was asked for: receives when asked to, sends when asked to.</summary>
    Open,

    /// <summary>Closed by the owner; queued bytes are still being sent.</summary>
    Flushing,

    /// <summary>The socket is going away; waits until no operation is in flight.</summary>
    Closing,
}

/// <summary>The moves between the states of a connection.</summary>
internal static class TcpConnectionStates
{
    /// <summary>True when a connection may go from one state to the other.</summary>
    public static bool MayBecome(this TcpConnectionState from, TcpConnectionState next) => (from, next) switch
    {
        (TcpConnectionState.Free, TcpConnectionState.Connecting or TcpConnectionState.Open) => true,
        (TcpConnectionState.Connecting, TcpConnectionState.Securing or TcpConnectionState.Open or TcpConnectionState.Closing) => true,
        (TcpConnectionState.Securing, TcpConnectionState.Open or TcpConnectionState.Flushing or TcpConnectionState.Closing) => true,
        (TcpConnectionState.Open, TcpConnectionState.Securing or TcpConnectionState.Flushing or TcpConnectionState.Closing) => true,
        (TcpConnectionState.Flushing, TcpConnectionState.Closing) => true,
        (TcpConnectionState.Closing, TcpConnectionState.Free) => true,
        _ => false,
    };
}
