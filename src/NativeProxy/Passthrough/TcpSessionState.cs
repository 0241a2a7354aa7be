namespace NativeProxy.Passthrough;

/// <summary>Life of a <see cref="TcpSession"/>.</summary>
internal enum TcpSessionState : byte
{
    /// <summary>No connection.</summary>
    Free,

    /// <summary>The name in the client's ClientHello decides where it goes, and is waited for.</summary>
    Inspecting,

    /// <summary>A server is asked for.</summary>
    Opening,

    /// <summary>The tunnel has both connections.</summary>
    Relaying,

    /// <summary>The end is decided.</summary>
    Ending,
}

/// <summary>The moves between the states of a session.</summary>
internal static class TcpSessionStates
{
    /// <summary>True when a session may go from one state to the other.</summary>
    public static bool MayBecome(this TcpSessionState from, TcpSessionState next) => (from, next) switch
    {
        (TcpSessionState.Free, TcpSessionState.Inspecting) => true,
        (TcpSessionState.Inspecting, TcpSessionState.Opening or TcpSessionState.Ending) => true,
        (TcpSessionState.Opening, TcpSessionState.Relaying or TcpSessionState.Ending) => true,
        (TcpSessionState.Relaying, TcpSessionState.Ending) => true,
        (TcpSessionState.Ending, TcpSessionState.Free) => true,
        _ => false,
    };
}
