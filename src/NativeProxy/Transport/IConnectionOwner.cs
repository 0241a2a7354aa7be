using System;
using System.Net.Sockets;
using NativeProxy.Foundation;

namespace NativeProxy.Transport;

/// <summary>
/// Who hears what happens on a connection. All calls come on the loop thread and never from inside a call that the owner makes
/// into the transport: a downcall returns before any event that it causes is delivered.
/// </summary>
internal interface IConnectionOwner
{
    /// <summary>An outgoing connection is established, and secured where that was asked for; bytes may be sent.</summary>
    void OnConnected(TcpConnection connection);

    /// <summary>An accepted connection is secured (<see cref="TcpConnection.Secure"/>): what is received from now on is the owner's.</summary>
    void OnSecured(TcpConnection connection)
    {
    }

    /// <summary>
    /// Bytes came. They are lent: valid only during this call. The owner takes all of them, copying what it must keep.
    /// </summary>
    void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Bytes came, which nobody has read: they stand in the loop's pipe, and are lent for this call like others. The owner passes them on by
    /// <see cref="ConnectionSocket.SendPiped"/>; what it leaves there is lost. Only after <see cref="ConnectionSocket.TryBeginPiping"/>.
    /// </summary>
    void OnReceivedInPipe(TcpConnection connection, int bytes) => Check.That(false, "nobody has asked for bytes that are not read");

    /// <summary>
    /// The peer has sent FIN, or its layer has announced its end. Nothing more will be received; sending is still possible, until
    /// <see cref="OnFailed"/> says that it has broken off. Whether the end is to be trusted, <see cref="ConnectionFacts.EndIsClean"/> says.
    /// </summary>
    void OnEndOfStream(TcpConnection connection);

    /// <summary>
    /// Bytes that were corked wait in the queue now, because the kernel did not take them; a source should pause. Not for who has no source.
    /// </summary>
    void OnSendBlocked(TcpConnection connection)
    {
    }

    /// <summary>All queued bytes have gone to the kernel; a source that was paused may go on.</summary>
    void OnSendDrained(TcpConnection connection);

    /// <summary>
    /// A send failed (reset, broken pipe, queue bound). What was queued is gone and nothing more can be sent. Bytes that the peer
    /// sent before may still be received.
    /// </summary>
    void OnSendFailed(TcpConnection connection, SocketError error);

    /// <summary>
    /// Connecting, securing or receiving failed; nothing more will come. The owner closes the connection. Where a layer has failed the error is
    /// ConnectionAborted, and <see cref="ConnectionFacts.LayerFailure"/> says why.
    /// </summary>
    void OnFailed(TcpConnection connection, SocketError error);

    /// <summary>The last event: the socket is gone and no operation is in flight. The object must not be used after this call.</summary>
    void OnClosed(TcpConnection connection);
}
