namespace NativeProxy.Transport.Sockets;

/// <summary>What lies in the kernel for a connection that its owner has not heard of yet.</summary>
internal enum UnreadInput : byte
{
    /// <summary>Nothing: the peer is silent.</summary>
    None,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>The end: FIN, or a reset.</summary>
    End,
}
