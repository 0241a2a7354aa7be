namespace NativeProxy.Upstreams.Connections;

/// <summary>Life of a connection to a server.</summary>
internal enum UpstreamConnectionState : byte
{
    /// <summary>Object unused.</summary>
    Free,

    /// <summary>Lent to a user; the connect is in flight.</summary>
    Connecting,

    /// <summary>Lent to a user; carries its exchange.</summary>
    Busy,

    /// <summary>In its server's pool, watched for bytes and FIN.</summary>
    Idle,

    /// <summary>Waits, outside of the pool and watched likewise, for the one client that has authenticated on it.</summary>
    Pinned,

    /// <summary>Given up; waits for the transport.</summary>
    Closing,
}

/// <summary>Which state of a server connection may follow which. Stateless.</summary>
internal static class UpstreamConnectionMoves
{
    private static readonly byte[] Moves =
    [
        /* Free       -> Connecting */ 1 << (int)UpstreamConnectionState.Connecting,
        /* Connecting -> Busy, Closing */ (1 << (int)UpstreamConnectionState.Busy) | (1 << (int)UpstreamConnectionState.Closing),
        /* Busy       -> Idle, Pinned, Closing */
        (1 << (int)UpstreamConnectionState.Idle) | (1 << (int)UpstreamConnectionState.Pinned) | (1 << (int)UpstreamConnectionState.Closing),
        /* Idle       -> Busy, Closing */ (1 << (int)UpstreamConnectionState.Busy) | (1 << (int)UpstreamConnectionState.Closing),
        /* Pinned     -> Busy, Closing */ (1 << (int)UpstreamConnectionState.Busy) | (1 << (int)UpstreamConnectionState.Closing),
        /* Closing    -> Free */ 1 << (int)UpstreamConnectionState.Free,
    ];

    public static bool MayBecome(this UpstreamConnectionState state, UpstreamConnectionState next) => (Moves[(int)state] & (1 << (int)next)) != 0;
}
