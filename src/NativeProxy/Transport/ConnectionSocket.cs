using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport;

/// <summary>
/// What an engine does for one connection: its socket, as far as <see cref="TcpConnection"/> asks for it, and the connection's places in the lists
/// of its loop. Thread: its loop only. Knows nothing of owners, states or layers.
/// </summary>
internal abstract class ConnectionSocket
{
    protected ConnectionSocket(EventLoop loop) => Loop = loop;

    /// <summary>Place in the loop's list of corked bytes; they may have been flushed since.</summary>
    internal WaitingLink CorkedLink;

    /// <summary>Place in the loop's list of connections that are not looked at; the delay may have ended since.</summary>
    internal WaitingLink DelayedLink;

    /// <summary>The loop that owns this connection.</summary>
    public EventLoop Loop { get; }

    /// <summary>Next connection in the loop's list of deferred work.</summary>
    internal TcpConnection? NextDeferred { get; set; }

    /// <summary>
    /// The number by which the kernel knows the socket, so that another process can be given it; -1 when there is none, or the engine has none.
    /// </summary>
    public virtual int Descriptor => -1;

    /// <summary>Another process has the socket, too, and goes on with it: here it is let go and not ended. Set before it is closed.</summary>
    public bool GoesOnElsewhere { get; set; }

    /// <summary>True exactly when a receive was handed to the engine and its completion has not been handled.</summary>
    internal abstract bool ReceiveInFlight { get; }

    /// <summary>True exactly when a connect or queued send was handed to the engine and its completion has not been handled.</summary>
    internal abstract bool SendInFlight { get; }

    /// <summary>True when the engine knows without asking the socket that nothing was there to be read a moment ago.</summary>
    protected virtual bool SocketIsKnownQuiet => false;

    /// <summary>True when the socket has an error to report; for engines that look. A system call.</summary>
    protected virtual bool SocketIsBroken => false;

    /// <summary>One attempt to send without waiting: how many bytes the kernel took, 0 and WouldBlock when it takes none now.</summary>
    internal abstract int SendNow(ReadOnlySpan<byte> bytes, out SocketError error);

    /// <summary>As <see cref="SendNow"/>, for bytes behind which FIN follows at once, so that both may go in one segment.</summary>
    internal virtual int SendLast(ReadOnlySpan<byte> bytes, out SocketError error) => SendNow(bytes, out error);

    /// <summary>
    /// One attempt to read without waiting, whatever the engine has in flight: 0 and WouldBlock when nothing is there, 0 and Success at the end.
    /// </summary>
    internal abstract int ReadNow(Span<byte> target, out SocketError error);

    /// <summary>Sends the queue as the socket becomes writable; <see cref="TcpConnection.QueuedSendProgressed"/> hears of it.</summary>
    internal abstract void StartQueuedSend();

    /// <summary>
    /// From now on what comes is not read, but moved into the loop's pipe by the kernel (splice(2)), and told by
    /// <see cref="IConnectionOwner.OnReceivedInPipe"/>. False where the engine cannot, a layer has to see the bytes, or something is short.
    /// </summary>
    /// <param name="target">Where they are to go.</param>
    public virtual bool TryBeginPiping(TcpConnection target) => false;

    /// <summary>What comes is read again.</summary>
    public virtual void EndPiping()
    {
    }

    /// <summary>
    /// Within <see cref="IConnectionOwner.OnReceivedInPipe"/>: sends what stands in the pipe. The kernel takes it from there, without a copy; what it
    /// does not take now is read and queued, as with <see cref="TcpConnection.Send"/>.
    /// </summary>
    /// <param name="bytes">How many, of those that have come.</param>
    public virtual void SendPiped(int bytes) => Check.That(false, "this engine has no pipe");

    /// <summary>Shuts the sending direction of the socket down.</summary>
    internal abstract void SocketShutdownSend();

    /// <summary>Receives until the engine has to wait or the owner pauses; each delivery goes through <see cref="TcpConnection.Deliver"/>.</summary>
    protected abstract void Receive();

    /// <summary>What a read would give now, with the bytes left where they are.</summary>
    protected abstract UnreadInput SocketLookAhead();

    /// <summary>Bytes that the peer has acknowledged; -1 when unknown.</summary>
    protected abstract long SocketAcknowledgedBytes();

    /// <summary>Address of our side; not given for an engine that cannot tell.</summary>
    protected virtual PeerAddress SocketLocal() => default;

    /// <summary>
    /// The peer has sent FIN, or announced its end, and the owner keeps the connection open: from now on the engine sees to it that a reset is told,
    /// be it by <see cref="TcpConnection.ReportReset"/> or by looking with <see cref="TcpConnection.LookForReset"/>. Reading shows the end, whatever
    /// happens behind it.
    /// </summary>
    protected abstract void AwaitReset();

    /// <summary>
    /// Makes the socket go away, with RST when <paramref name="reset"/> is set; operations in flight must complete soon after.
    /// </summary>
    protected abstract void SocketClose(bool reset);

    /// <summary>Returns the object to the engine's pool; the socket is closed and nothing is in flight.</summary>
    protected abstract void Recycle();
}
