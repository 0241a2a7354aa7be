using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport;

/// <summary>
/// One TCP connection on one loop, whatever the engine below it: receive lends bytes, send takes a span and queues what the kernel
/// does not take, half-close, graceful close and abort are distinct verbs, closing is a join.
/// Where its bytes are secured a <see cref="ConnectionLayer"/> lies between owner and socket; the owner sees what it would see without one.
/// Owner: one <see cref="IConnectionOwner"/> at a time. Thread: its loop only. Never knows what the bytes mean, never calls its owner
/// from inside a call of the owner.
/// </summary>
internal abstract class TcpConnection(EventLoop loop) : ConnectionFacts(loop)
{
    /// <summary>
    /// What a read would give the owner now. A system call, for the moments at which it matters whether the peer has spoken, or left, before it was
    /// spoken to. Through a layer: what is the layer's own is nothing, what is for the owner comes with the next receive, a part of a record counts
    /// as bytes, because it may be for the owner, and an announced end is an end.
    /// </summary>
    public UnreadInput LookAhead() =>
        Receiving.HasEnded || State != TcpConnectionState.Open ? UnreadInput.End : Layer is null ? SocketLookAhead() : Layer.LookAhead(this);

    /// <summary>Hands the connection to another owner, who hears all later events.</summary>
    public void SetOwner(IConnectionOwner owner) => Owner = owner;

    /// <summary>Asks for bytes. Idempotent; delivery begins after the current event.</summary>
    public void StartReceive() => Receiving.Start(this);

    /// <summary>Stops asking for bytes. One delivery that the engine has already begun may still come.</summary>
    public void PauseReceive() => Receiving.Pause();

    /// <summary>
    /// Nothing is expected from the peer for the moment (but perhaps that it gives up): the socket is not looked at for up to
    /// <see cref="PutOffConnections.ReceiveDelayMsMax"/>, or until <see cref="EndReceiveDelay"/>. This spares a connection of one request the
    /// registration with the kernel.
    /// </summary>
    public void DelayReceive() => Receiving.DelayReceive(this);

    /// <summary>Bytes are expected again.</summary>
    public void EndReceiveDelay() => Receiving.EndReceiveDelay(this);

    /// <summary>
    /// Secures the connection; its owner hears nothing but <see cref="IConnectionOwner.OnFailed"/> before that is done. One that connects is secured,
    /// as the client, when it is established, before <see cref="IConnectionOwner.OnConnected"/>. One that was accepted is secured at once, as the
    /// server; <see cref="IConnectionOwner.OnSecured"/> follows. How long that may take is the owner's matter.
    /// </summary>
    /// <param name="security">How.</param>
    /// <param name="firstBytes">Of an accepted connection: bytes that were received already and are not the owner's.</param>
    public void Secure(ConnectionSecurity security, ReadOnlySpan<byte> firstBytes = default)
    {
        Check.That(Layer is null, "a connection is secured once");
        bool isServer = State != TcpConnectionState.Connecting;
        Layer = security.LendLayer(Loop, isServer);
        if (isServer)
            BeginSecuring(firstBytes);
    }

    /// <summary>These bytes go out bare when the connection is established, before its handshake: a PROXY header.</summary>
    public void SendBeforeSecuring(ReadOnlySpan<byte> bytes) => Layer!.Preface = bytes.ToArray();

    /// <summary>The peer speaks plain text, so that the handshake failed: so does this side. For <see cref="IConnectionOwner.OnFailed"/>.</summary>
    public void LayBare()
    {
        Check.That(State == TcpConnectionState.Securing && LayerFailure == LayerFailure.PlainText, "only plain text is answered in plain text");
        Layer!.Release(this);
        Layer = null;
        Receiving.Reopen();
        MoveTo(TcpConnectionState.Open);
    }

    /// <summary>Sends bytes: to the kernel if it takes them, else to the queue. An empty span sends nothing.</summary>
    public SendResult Send(ReadOnlySpan<byte> bytes)
    {
        Check.That(State == TcpConnectionState.Open, "send on a connection that is not open");
        Tap?.Sent(bytes);
        return Layer is null ? Sending.Send(this, bytes) : Layer.Send(this, bytes, mayHold: false);
    }

    /// <summary>
    /// Sends bytes like <see cref="Send"/>, or corks them for a moment, so that what follows shortly goes with them in one segment. What
    /// is corked goes with the next <see cref="Send"/>, when a block is full, when the loop has nothing else to do, and after
    /// <see cref="PutOffConnections.CorkMsMax"/>; it does not count as queued. <see cref="IConnectionOwner.OnSendBlocked"/> follows when the kernel
    /// then does not take it.
    /// </summary>
    public SendResult SendSoon(ReadOnlySpan<byte> bytes)
    {
        Check.That(State == TcpConnectionState.Open, "send on a connection that is not open");
        Tap?.Sent(bytes);
        return Layer is null ? Sending.SendSoon(this, bytes) : Layer.Send(this, bytes, mayHold: true);
    }

    /// <summary>Sends what is corked, if anything is.</summary>
    public void Uncork() => Sending.Uncork(this);

    /// <summary>Sends FIN once the queue is empty, behind the end that a layer announces. Receiving goes on.</summary>
    public void ShutdownSend()
    {
        if (State is not (TcpConnectionState.Open or TcpConnectionState.Securing))
            return;
        Layer?.AnnounceEnd(this);
        Sending.Shutdown(this);
    }

    /// <summary>
    /// Closes: queued bytes are sent first, then what announces the end of a layer whose handshake is done, then FIN.
    /// <see cref="IConnectionOwner.OnClosed"/> follows.
    /// </summary>
    public void Close()
    {
        if (State is TcpConnectionState.Free or TcpConnectionState.Closing or TcpConnectionState.Flushing)
            return;
        Receiving.Pause();
        if (State == TcpConnectionState.Open)
            Layer?.AnnounceEnd(this);
        Sending.UncorkWithEnd(this);
        if (State != TcpConnectionState.Connecting && !Sending.Queue.IsEmpty && !Sending.IsBroken)
            MoveTo(TcpConnectionState.Flushing);
        else
            BeginClosing();
    }

    /// <summary>Closes at once with RST; what is queued is dropped, no end is announced. <see cref="IConnectionOwner.OnClosed"/> follows.</summary>
    public void Abort()
    {
        if (State is TcpConnectionState.Free or TcpConnectionState.Closing)
            return;
        ResetsOnClose = true;
        BeginClosing();
    }

    /// <summary>Delivers what was put off while an event was being handled.</summary>
    internal void RunDeferred(DeferredWork work)
    {
        if ((work & DeferredWork.Connected) != 0 && State == TcpConnectionState.Connecting)
            ReportConnect();
        if ((work & DeferredWork.SendFailed) != 0)
            ReportSendFailed();
        if ((work & DeferredWork.Blocked) != 0 && State == TcpConnectionState.Open && HasQueuedBytes)
            Owner!.OnSendBlocked(this);
        if ((work & DeferredWork.Drained) != 0 && State == TcpConnectionState.Open)
            Owner!.OnSendDrained(this);
        if ((work & DeferredWork.Receive) != 0)
            ReceiveNow();
        if ((work & DeferredWork.Join) != 0)
            TryJoin();
    }

    /// <summary>
    /// Looks whether the peer, after its FIN, has broken the connection off, and tells the owner. False when there is nothing to look for any
    /// more. A system call.
    /// </summary>
    internal bool LookForReset()
    {
        if (State != TcpConnectionState.Open || !Receiving.FinSeen)
            return false;
        if (!SocketIsBroken)
            return true;
        ReportReset();
        return false;
    }

    /// <summary>Makes the object ready for a new socket.</summary>
    protected void Begin(IConnectionOwner? owner, TcpConnectionState state)
    {
        MoveTo(state);
        Owner = owner;
        ResetsOnClose = IsBroken = false;
        Receiving.Begin();
        Sending.Begin();
        Id = Loop.Sockets.Opened();
        OpenedAtMs = Loop.Clock.NowMs;
    }

    /// <summary>An engine's connect ended, at once or later; the owner hears of it at the end of the turn.</summary>
    protected void ConnectCompleted(SocketError error)
    {
        ConnectOutcome = error;
        Loop.Defer(this, State == TcpConnectionState.Connecting ? DeferredWork.Connected : DeferredWork.Join);
    }

    /// <summary>An engine's receive ended: bytes, end of stream (0 bytes) or an error.</summary>
    /// <param name="bytes">What was read.</param>
    /// <param name="error">Of the read.</param>
    /// <param name="isDrained">The read took all that was there, and nothing is known of an end behind it.</param>
    protected void Deliver(ReadOnlySpan<byte> bytes, SocketError error, bool isDrained = false)
    {
        if (State == TcpConnectionState.Closing)
        {
            Loop.Defer(this, DeferredWork.Join);
            return;
        }
        if (Layer is not null)
            Layer.Take(this, bytes, error, isDrained);
        else if (State != TcpConnectionState.Open)
            return;
        else if (error != SocketError.Success)
            ReportFailure(error, isBroken: true);
        else if (bytes.IsEmpty)
            ReportEnd();
        else
            ReportBytes(bytes, isDrained);
    }

    /// <summary>Bytes for the owner have come.</summary>
    internal void ReportBytes(ReadOnlySpan<byte> bytes, bool isDrained)
    {
        Receiving.Count(this, bytes);
        Loop.JustDrainedId = isDrained ? Id : 0;
        Owner!.OnReceived(this, bytes);
        Loop.JustDrainedId = 0;
    }

    /// <summary>The peer sends nothing more.</summary>
    internal void ReportEnd()
    {
        Receiving.End(this, isFin: true);
        Owner!.OnEndOfStream(this);
        if (State == TcpConnectionState.Open)
            AwaitReset();
    }

    /// <summary>Nothing more can be received, and nobody has said that it was the end. Told once, and once more behind an end.</summary>
    /// <param name="error">For the owner.</param>
    /// <param name="isBroken">Whether it is the socket's.</param>
    internal void ReportFailure(SocketError error, bool isBroken)
    {
        if (Receiving.HasEnded && (!Receiving.FinSeen || IsBroken))
            return;
        Receiving.End(this, isFin: Receiving.FinSeen);
        IsBroken |= isBroken;
        Owner!.OnFailed(this, error);
    }

    /// <summary>The connection is established, or the handshake of its layer is done.</summary>
    internal void ReportOpen(bool isServer)
    {
        MoveTo(TcpConnectionState.Open);
        if (isServer)
            Owner!.OnSecured(this);
        else
            Owner!.OnConnected(this);
    }

    /// <summary>Something was found by looking: it is told soon, if the owner asks for bytes.</summary>
    internal void AskForFound() => Receiving.AskSoon(this);

    /// <summary>Sends what a layer has made, whatever the state that the connection is in for its owner.</summary>
    internal SendResult SendWire(ReadOnlySpan<byte> bytes, bool mayHold) =>
        mayHold ? Sending.SendSoon(this, bytes) : Sending.Send(this, bytes);

    /// <summary>The peer has broken the connection off after its FIN.</summary>
    protected void ReportReset()
    {
        if (!IsBroken)
            Deliver(default, SocketError.ConnectionReset);
    }

    /// <summary>An engine's queued send ended: some bytes went, or an error. True when more is to be sent.</summary>
    protected bool QueuedSendProgressed(int sentBytes, SocketError error)
    {
        if (State is TcpConnectionState.Free or TcpConnectionState.Connecting or TcpConnectionState.Closing)
        {
            Loop.Defer(this, DeferredWork.Join);
            return false;
        }
        if (Sending.Progressed(this, sentBytes, error))
            return true;
        if (State == TcpConnectionState.Flushing)
            BeginClosing();
        else if (!Sending.IsBroken)
            Sending.Drained(this);
        return false;
    }

    private void ReportConnect()
    {
        if (ConnectOutcome != SocketError.Success)
            ReportFailure(ConnectOutcome, isBroken: true);
        else if (Layer is null)
            ReportOpen(isServer: false);
        else
            BeginSecuring(firstBytes: default);
    }

    /// <summary>A layer that has failed breaks no socket. A handshake cannot go on when what it has to say is not taken.</summary>
    private void ReportSendFailed()
    {
        if (State == TcpConnectionState.Open)
            Owner!.OnSendFailed(this, Sending.IsBroken ? Sending.Error : SocketError.ConnectionAborted);
        else if (State == TcpConnectionState.Securing)
            ReportFailure(Sending.Error, isBroken: false);
    }

    private void BeginSecuring(ReadOnlySpan<byte> firstBytes)
    {
        MoveTo(TcpConnectionState.Securing);
        Layer!.Begin(this, firstBytes);
        Loop.Defer(this, DeferredWork.Receive);
    }

    /// <summary>What was found by looking comes before what is still in the socket.</summary>
    private void ReceiveNow()
    {
        if (MayReceive)
            Layer?.ReportFound(this);
        if (MayReceive && !ReceiveInFlight)
            Receive();
    }

    private void BeginClosing()
    {
        MoveTo(TcpConnectionState.Closing);
        Loop.Sockets.Closing();
        Sending.Drop(this);

        // Bytes that were to be sent are lost: FIN would say that these were all.
        ResetsOnClose |= RanOutOfBuffers;
        SocketClose(ResetsOnClose);
        Loop.Defer(this, DeferredWork.Join);
    }

    private void TryJoin()
    {
        if (State != TcpConnectionState.Closing || ReceiveInFlight || SendInFlight)
            return;
        if (Deferred != DeferredWork.None)
        {
            Loop.Defer(this, DeferredWork.Join);
            return;
        }
        Sending.Queue.Release(Loop.Pools);
        MoveTo(TcpConnectionState.Free);
        Loop.Sockets.Closed();
        Tap?.Over();
        Owner!.OnClosed(this);
        Layer?.Release(this);
        Layer = null;
        (Owner, Peer, Tap) = (null, default, null);
        Recycle();
    }

    private void MoveTo(TcpConnectionState next)
    {
        Check.Lawful(State.MayBecome(next), State, next);
        State = next;
    }
}
