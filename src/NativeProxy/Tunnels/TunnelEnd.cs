namespace NativeProxy.Tunnels;

/// <summary>Why a tunnel is over.</summary>
internal enum TunnelEnd : byte
{
    /// <summary>Both sides have sent FIN, and the server has taken all that was for it; the client may still have to take some.</summary>
    BothEnded,

    /// <summary>The client has reset its connection, or cannot be sent to.</summary>
    ClientBroke,

    /// <summary>The server has reset its connection, or cannot be sent to; the client has taken what the server had said before.</summary>
    ServerBroke,

    /// <summary>Neither side has said or taken anything for too long.</summary>
    Silent,
}
