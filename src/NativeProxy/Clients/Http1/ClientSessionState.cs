namespace NativeProxy.Clients.Http1;

/// <summary>Life of an HTTP/1 client connection above the socket.</summary>
internal enum ClientSessionState : byte
{
    /// <summary>Object unused.</summary>
    Free,

    /// <summary>Before the first request and between two: nothing, or the beginning of a head, has come.</summary>
    Waiting,

    /// <summary>Requests are being served, one or as many as <c>pipelining</c> allows; what follows them waits.</summary>
    Exchanging,

    /// <summary>Bytes flow both ways, no longer HTTP: an <see cref="IClientTunnel"/> has the connection.</summary>
    Tunnelling,

    /// <summary>The end is decided: a <see cref="ClientFarewell"/> has the connection until the socket is gone.</summary>
    Ending,
}

/// <summary>Which state may follow which.</summary>
internal static class ClientSessionStates
{
    private static readonly byte[] Moves =
    [
        /* Free         */ Bit(ClientSessionState.Waiting),
        /* Waiting      */ (byte)(Bit(ClientSessionState.Exchanging) | Bit(ClientSessionState.Ending)),
        /* Exchanging   */ (byte)(Bit(ClientSessionState.Waiting) | Bit(ClientSessionState.Tunnelling) | Bit(ClientSessionState.Ending)),
        /* Tunnelling   */ Bit(ClientSessionState.Ending),
        /* Ending       */ Bit(ClientSessionState.Free),
    ];

    public static bool MayBecome(this ClientSessionState state, ClientSessionState next) => (Moves[(int)state] & Bit(next)) != 0;

    private static byte Bit(ClientSessionState state) => (byte)(1 << (int)state);
}
