using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport;

/// <summary>Life of one socket.</summary>
internal enum TcpConnectionState : byte
{
    /// <summary>No socket; the object waits in its engine's pool.</summary>
    Free,

    /// <summary>A connect is in flight.</summary>
    Connecting,

    /// <summary>Established: receives when asked to, sends when asked to.</summary>
    Open,

    /// <summary>Closed by the owner; queued bytes are still being sent.</summary>
    Flushing,

    /// <summary>The socket is going away; waits until no operation is in flight.</summary>
    Closing,
}

/// <summary>
/// One TCP connection on one loop, whatever the engine below it: receive lends bytes, send takes a span and queues what the kernel
/// does not take, half-close, graceful close and abort are distinct verbs, closing is a join.
/// Owner: one <see cref="IConnectionOwner"/> at a time. Thread: its loop only. Never knows what the bytes mean, never calls its owner
/// from inside a call of the owner.
/// </summary>
internal abstract class TcpConnection
{
    /// <summary>
    /// Most bytes that may wait in the send queue. A source that obeys <see cref="SendResult.Queued"/> stays far below; passing it is
    /// answered by failing the connection.
    /// </summary>
    public const int SendQueueBytesMax = 1024 * 1024;

    private IConnectionOwner? _owner;
    private ReceiveSide _receiving;
    private TcpConnectionState _state;
    private bool _resetOnClose;

    /// <summary>The peer has refused or reset the connection, or is gone.</summary>
    private bool _isBroken;
    private SocketError _connectError;

    protected TcpConnection(EventLoop loop) => Loop = loop;

    /// <summary>Place in the loop's list of held bytes; they may have been flushed since.</summary>
    internal WaitingLink HeldLink;

    /// <summary>Place in the loop's list of patient connections; the patience may have ended since.</summary>
    internal WaitingLink PatientLink;

    /// <summary>What is sent and waits to be.</summary>
    private protected SendSide Sending = new();

    /// <summary>The loop that owns this connection.</summary>
    public EventLoop Loop { get; }

    /// <summary>Number of this connection, unique in the process group.</summary>
    public long Id { get; private set; }

    public TcpConnectionState State => _state;

    /// <summary>When the connection was accepted or the connect began, in loop milliseconds.</summary>
    public long OpenedAtMs { get; private set; }

    /// <summary>Address of the other side, or of whom a trusted balancer before us has named instead.</summary>
    public PeerAddress Peer { get; set; }

    /// <summary>True exactly while bytes wait in the send queue because the kernel did not take them; held bytes do not count.</summary>
    public bool HasQueuedBytes => Sending.HasQueuedBytes;

    public int QueuedBytes => Sending.Queue.QueuedBytes;

    /// <summary>Bytes that were delivered to the owner.</summary>
    public long ReceivedBytes => _receiving.ReceivedBytes;

    /// <summary>Bytes that the kernel took; whether the peer's machine has them, <see cref="TakenBytes"/> says.</summary>
    public long SentBytes => Sending.SentBytes;

    /// <summary>How long after the opening the first of the received bytes was delivered, in ms.</summary>
    public int FirstByteAfterMs => _receiving.FirstByteAfterMs;

    /// <summary>True when nothing more comes from the peer: after its FIN, or an error.</summary>
    public bool EndOfStreamSeen => _receiving.HasEnded;

    /// <summary>Who has ended the connection so far: the peer, by FIN or a break, or nobody, which leaves it to the proxy.</summary>
    public ClosedBy EndedBy =>
        _isBroken || (Sending.IsBroken && !RanOutOfBuffers) ? ClosedBy.PeerReset : _receiving.HasEnded ? ClosedBy.Peer : ClosedBy.Proxy;

    /// <summary>True when the owner closed with RST.</summary>
    public bool IsResetByUs => _resetOnClose;

    /// <summary>
    /// True after an end of stream without an error, whatever came behind it. That is the peer's FIN unless a send has failed before
    /// (<see cref="IsSendBroken"/>):
    /// then the send has used up the error that reading would have shown.
    /// </summary>
    public bool FinSeen => _receiving.FinSeen;

    /// <summary>Bytes that the peer's machine has acknowledged since the connection began; -1 when the system does not tell. A system call.</summary>
    public long AcknowledgedBytes => _state is TcpConnectionState.Open or TcpConnectionState.Flushing ? SocketAcknowledgedBytes() : -1;

    /// <summary>
    /// Bytes that the peer's machine has taken from ours, to the byte only as a difference of two readings; <see cref="SentBytes"/> where the
    /// system does not tell. A system call.
    /// </summary>
    public long TakenBytes => AcknowledgedBytes is >= 0 and var bytes ? bytes : SentBytes;

    /// <summary>
    /// What a read would give now. A system call, for the moments at which it matters whether the peer has spoken, or left, before it was
    /// spoken to.
    /// </summary>
    public UnreadInput LookAhead()
    {
        if (_receiving.HasEnded || _state != TcpConnectionState.Open)
            return UnreadInput.End;
        return SocketLookAhead();
    }

    /// <summary>
    /// True when <see cref="LookAhead"/> would find nothing, as far as is known without it: the read whose bytes are being handled took all there
    /// was, or the engine has heard of nothing and has just listened.
    /// </summary>
    public bool IsKnownQuiet =>
        _state == TcpConnectionState.Open && !_receiving.HasEnded && (Loop.JustDrainedId == Id || SocketIsKnownQuiet);

    /// <summary>True when a send has failed; the peer's bytes may still be readable.</summary>
    public bool IsSendBroken => Sending.IsBroken;

    /// <summary>True when a send has failed because what the kernel did not take could not be queued: some of it may have gone out.</summary>
    public bool RanOutOfBuffers => Sending.RanOutOfBuffers;

    /// <summary>Next connection in the loop's list of deferred work.</summary>
    internal TcpConnection? NextDeferred { get; set; }

    /// <summary>Work that waits for the end of the turn; empty exactly when the connection is not in the loop's deferred list.</summary>
    internal DeferredWork Deferred { get; set; }

    /// <summary>True exactly when a receive was handed to the engine and its completion has not been handled.</summary>
    internal abstract bool ReceiveInFlight { get; }

    /// <summary>True exactly when a connect or queued send was handed to the engine and its completion has not been handled.</summary>
    internal abstract bool SendInFlight { get; }

    /// <summary>Who hears the events of the connection; null between two sockets.</summary>
    public IConnectionOwner? Owner => _owner;

    /// <summary>Hands the connection to another owner, who hears all later events.</summary>
    public void SetOwner(IConnectionOwner owner) => _owner = owner;

    /// <summary>Asks for bytes. Idempotent; delivery begins after the current event.</summary>
    public void StartReceive() => _receiving.Start(this);

    /// <summary>Stops asking for bytes. One delivery that the engine has already begun may still come.</summary>
    public void PauseReceive() => _receiving.Pause();

    /// <summary>
    /// Nothing is expected from the peer for the moment (but perhaps that it gives up): for up to <see cref="EventLoop.PatienceMsMax"/>, or until
    /// <see cref="EndPatience"/>, the socket is not looked at. This spares a connection of one request the registration with the kernel.
    /// </summary>
    public void BePatient() => _receiving.BePatient(this);

    /// <summary>Bytes are expected again.</summary>
    public void EndPatience() => _receiving.EndPatience(this);

    /// <summary>Sends bytes: to the kernel if it takes them, else to the queue.</summary>
    public SendResult Send(ReadOnlySpan<byte> bytes)
    {
        Check.That(_state == TcpConnectionState.Open, "send on a connection that is not open");
        return Sending.Send(this, bytes);
    }

    /// <summary>
    /// Sends bytes like <see cref="Send"/>, or holds them for a moment, so that what follows shortly goes with them in one segment. What
    /// is held goes with the next <see cref="Send"/>, when a block is full, when the loop has nothing else to do, and after
    /// <see cref="EventLoop.HoldMsMax"/>; it does not count as queued. <see cref="IConnectionOwner.OnSendBlocked"/> follows when the kernel then does
    /// not take it.
    /// </summary>
    public SendResult SendSoon(ReadOnlySpan<byte> bytes) => Sending.SendSoon(this, bytes);

    /// <summary>Sends what is held, if anything is.</summary>
    public void FlushHeld() => Sending.FlushHeld(this);

    /// <summary>Sends FIN once the queue is empty. Receiving goes on.</summary>
    public void ShutdownSend()
    {
        FlushHeld();
        if (_state == TcpConnectionState.Open)
            Sending.Shutdown(this);
    }

    /// <summary>Closes: queued bytes are sent first, then FIN. <see cref="IConnectionOwner.OnClosed"/> follows.</summary>
    public void Close()
    {
        if (_state is TcpConnectionState.Free or TcpConnectionState.Closing or TcpConnectionState.Flushing)
            return;
        _receiving.Pause();
        FlushHeld();
        if (_state == TcpConnectionState.Open && !Sending.Queue.IsEmpty && !Sending.IsBroken)
        {
            _state = TcpConnectionState.Flushing;
            return;
        }
        BeginClosing();
    }

    /// <summary>Closes at once with RST; what is queued is dropped. <see cref="IConnectionOwner.OnClosed"/> follows.</summary>
    public void Abort()
    {
        if (_state is TcpConnectionState.Free or TcpConnectionState.Closing)
            return;
        _resetOnClose = true;
        BeginClosing();
    }

    /// <summary>Delivers what was put off while an event was being handled.</summary>
    internal void RunDeferred(DeferredWork work)
    {
        if ((work & DeferredWork.Connected) != 0 && _state == TcpConnectionState.Connecting)
            ReportConnect();
        if ((work & DeferredWork.SendFailed) != 0 && _state == TcpConnectionState.Open)
            _owner!.OnSendFailed(this, Sending.Error);
        if ((work & DeferredWork.Blocked) != 0 && _state == TcpConnectionState.Open && HasQueuedBytes)
            _owner!.OnSendBlocked(this);
        if ((work & DeferredWork.Drained) != 0 && _state == TcpConnectionState.Open)
            _owner!.OnSendDrained(this);
        if ((work & DeferredWork.Receive) != 0 && MayReceive && !ReceiveInFlight)
            Receive();
        if ((work & DeferredWork.Join) != 0)
            TryJoin();
    }

    /// <summary>
    /// Looks whether the peer, after its FIN, has broken the connection off, and tells the owner. False when there is nothing to look for any
    /// more. A system call.
    /// </summary>
    internal bool LookForReset()
    {
        if (_state != TcpConnectionState.Open || !_receiving.FinSeen)
            return false;
        if (!SocketIsBroken)
            return true;
        ReportReset();
        return false;
    }

    /// <summary>Makes the object ready for a new socket.</summary>
    protected void Begin(IConnectionOwner? owner, TcpConnectionState state)
    {
        Check.Lawful(_state == TcpConnectionState.Free, _state, state);
        _owner = owner;
        _state = state;
        _resetOnClose = _isBroken = false;
        _receiving.Begin();
        Sending.Begin();
        Id = Loop.NextConnectionId();
        OpenedAtMs = Loop.Clock.NowMs;
        Loop.ConnectionOpened();
    }

    protected bool MayReceive => _state == TcpConnectionState.Open && _receiving.MayReceive;

    /// <summary>Receives until the engine has to wait or the owner pauses; each delivery goes through <see cref="Deliver"/>.</summary>
    protected abstract void Receive();

    /// <summary>One attempt to send without waiting.</summary>
    internal abstract int SendNow(ReadOnlySpan<byte> bytes, out SocketError error);

    /// <summary>Sends the queue as the socket becomes writable; <see cref="QueuedSendProgressed"/> hears of it.</summary>
    internal abstract void StartQueuedSend();

    /// <summary>True when the engine knows without asking the socket that nothing was there to be read a moment ago.</summary>
    protected virtual bool SocketIsKnownQuiet => false;

    /// <summary>What a read would give now, with the bytes left where they are.</summary>
    protected abstract UnreadInput SocketLookAhead();

    /// <summary>Bytes that the peer has acknowledged; -1 when unknown.</summary>
    protected abstract long SocketAcknowledgedBytes();

    /// <summary>
    /// The peer has sent FIN, and the owner keeps the connection open: from now on the engine sees to it that a reset is told, be it by
    /// <see cref="ReportReset"/> or by looking with <see cref="LookForReset"/>. Reading shows the end, whatever happens behind it.
    /// </summary>
    protected abstract void AwaitReset();

    /// <summary>True when the socket has an error to report; for engines that look. A system call.</summary>
    protected virtual bool SocketIsBroken => false;

    /// <summary>Shuts the sending direction of the socket down.</summary>
    internal abstract void SocketShutdownSend();

    /// <summary>
    /// Makes the socket go away, with RST when <paramref name="reset"/> is set; operations in flight must complete soon after.
    /// </summary>
    protected abstract void SocketClose(bool reset);

    /// <summary>Returns the object to the engine's pool; the socket is closed and nothing is in flight.</summary>
    protected abstract void Recycle();

    /// <summary>An engine's connect ended, at once or later; the owner hears of it at the end of the turn.</summary>
    protected void ConnectCompleted(SocketError error)
    {
        _connectError = error;
        Loop.Defer(this, _state == TcpConnectionState.Connecting ? DeferredWork.Connected : DeferredWork.Join);
    }

    /// <summary>An engine's receive ended: bytes, end of stream (0 bytes) or an error.</summary>
    /// <param name="bytes">What was read.</param>
    /// <param name="error">Of the read.</param>
    /// <param name="isDrained">The read took all that was there, and nothing is known of an end behind it.</param>
    protected void Deliver(ReadOnlySpan<byte> bytes, SocketError error, bool isDrained = false)
    {
        if (_state == TcpConnectionState.Closing)
        {
            Loop.Defer(this, DeferredWork.Join);
            return;
        }
        if (_state != TcpConnectionState.Open)
            return;
        if (error != SocketError.Success)
        {
            _receiving.End(isFin: _receiving.FinSeen);
            _isBroken = true;
            _owner!.OnFailed(this, error);
        }
        else if (bytes.IsEmpty)
        {
            _receiving.End(isFin: true);
            _owner!.OnEndOfStream(this);
            if (_state == TcpConnectionState.Open)
                AwaitReset();
        }
        else
        {
            _receiving.Count(bytes.Length, Loop.Clock.NowMs - OpenedAtMs);
            Loop.JustDrainedId = isDrained ? Id : 0;
            _owner!.OnReceived(this, bytes);
            Loop.JustDrainedId = 0;
        }
    }

    /// <summary>The peer has broken the connection off after its FIN.</summary>
    protected void ReportReset()
    {
        if (!_isBroken)
            Deliver(default, SocketError.ConnectionReset);
    }

    /// <summary>An engine's queued send ended: some bytes went, or an error. True when more is to be sent.</summary>
    protected bool QueuedSendProgressed(int sentBytes, SocketError error)
    {
        if (_state is not (TcpConnectionState.Open or TcpConnectionState.Flushing))
        {
            Loop.Defer(this, DeferredWork.Join);
            return false;
        }
        if (Sending.Progressed(this, sentBytes, error))
            return true;
        if (_state == TcpConnectionState.Flushing)
            BeginClosing();
        else if (!Sending.IsBroken)
            Sending.Drained(this);
        return false;
    }

    private void ReportConnect()
    {
        if (_connectError == SocketError.Success)
        {
            _state = TcpConnectionState.Open;
            _owner!.OnConnected(this);
        }
        else
        {
            _isBroken = true;
            _owner!.OnFailed(this, _connectError);
        }
    }

    private void BeginClosing()
    {
        _state = TcpConnectionState.Closing;
        Loop.ConnectionClosing();
        Sending.Drop(this);

        // Bytes that were to be sent are lost: FIN would say that these were all.
        _resetOnClose |= RanOutOfBuffers;
        SocketClose(_resetOnClose);
        Loop.Defer(this, DeferredWork.Join);
    }

    private void TryJoin()
    {
        if (_state != TcpConnectionState.Closing || ReceiveInFlight || SendInFlight)
            return;
        if (Deferred != DeferredWork.None)
        {
            Loop.Defer(this, DeferredWork.Join);
            return;
        }
        Sending.Queue.Release(Loop.Pools);
        _state = TcpConnectionState.Free;
        IConnectionOwner owner = _owner!;
        Loop.ConnectionClosed();
        owner.OnClosed(this);
        _owner = null;
        Peer = default;
        Recycle();
    }
}
