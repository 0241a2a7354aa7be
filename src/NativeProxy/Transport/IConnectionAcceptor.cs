using System.Net.Sockets;

namespace NativeProxy.Transport;

/// <summary>Takes connections that a <see cref="TcpListenerSocket"/> accepted.</summary>
internal interface IConnectionAcceptor
{
    /// <summary>
    /// True while another connection may be taken. While it is false the listener leaves connections in the kernel's backlog; call
    /// <see cref="TcpListenerSocket.Resume"/> when it turns true.
    /// </summary>
    bool MayAccept { get; }

    /// <summary>A new connection: set its owner and start receiving, or abort it.</summary>
    void OnAccepted(TcpConnection connection);

    /// <summary>
    /// The process is out of descriptors (TooManyOpenSockets) or memory (NoBufferSpaceAvailable), and accepting rests for a moment.
    /// </summary>
    void OnAcceptFailed(SocketError error);
}
