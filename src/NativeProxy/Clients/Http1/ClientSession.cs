using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// The life of one HTTP/1 client connection: hands each request that its <see cref="ClientInput"/> finds to a stream, keeps their order, and ends
/// with a reason. Lent by a <see cref="SessionPool"/>; thread: the loop. Never reads bytes and knows nothing of servers.
/// </summary>
internal sealed class ClientSession : Session, IConnectionOwner, ITimerOwner, ISessionView
{
    private SessionPool _pool;
    private ClientInput _input;
    private SessionDeadlines _deadlines;
    private StreamOrder _order;
    private ClientSessionState _state;

    public ClientSession(SessionPool pool)
    {
        _pool = pool;
        _deadlines = new SessionDeadlines(this);
    }

    public override Frontend Frontend => _pool.Frontend;

    public override long IdleSinceMs => _state != ClientSessionState.Waiting || !_input.IsEmpty || Tcp!.QueuedBytes > 0 ? -1
        : RequestCount > 0 ? _deadlines.IdleSinceMs : Tcp.OpenedAtMs;

    /// <summary>True when bytes of a further request are there already, so that more will soon be sent to the client.</summary>
    internal bool HasReadAhead => !_input.IsEmpty;

    /// <summary>The stream of the latest request; null between two requests.</summary>
    internal Http1ClientStream? LatestStream => _order.Last;

    /// <summary>True until the end is decided or a tunnel begins.</summary>
    internal bool TakesRequests => _state is ClientSessionState.Waiting or ClientSessionState.Exchanging;

    /// <summary>True when what the client sends may be dealt with: its next request not before it has taken what it was sent.</summary>
    internal bool MayRead => _state == ClientSessionState.Exchanging || (_state == ClientSessionState.Waiting && !Tcp!.HasQueuedBytes);

    /// <summary>True when the client has sent FIN and no request that came before it waits any more.</summary>
    internal bool ClientHasEnded => Tcp!.EndOfStreamSeen && _input.WholeRequestsLeft == 0;

    /// <summary>True when another request may begin beside those that are being served.</summary>
    internal bool MayServeAnother =>
        !Tcp!.HasQueuedBytes && !ClientHasEnded && Bond is not { IsHeld: true }
        && _order.MayGrow(Frontend.PipeliningMax, Frontend.Keepalive.MaxRequests) && Frontend.Owner.HasSocketToSpare;

    public override void Begin(TcpConnection client, in SessionStart start)
    {
        MoveTo(ClientSessionState.Waiting);
        Take(client, start.Identity);
        RequestCount = start.RequestCount;
        _input.Begin();
        client.SetOwner(this);
        if (!TryAdmit(start.IsContinued))
            return;
        client.StartReceive();
        _deadlines.Begin(Frontend, start);
    }

    public override void Drain()
    {
        if (_state == ClientSessionState.Waiting && _input.IsEmpty && !TryHandOn() && !Frontend.IdleMayWait)
            Linger(Frontend.Ending);
    }

    public override void FollowSuccessor()
    {
        while (_state == ClientSessionState.Waiting && _pool.Successor is SessionPool successor)
        {
            Frontend.Owner.OnFollowed(this);
            _pool = successor;
        }
    }

    /// <summary>An idle client connection ends with the server's, as Squid does it; a busy one, with another server, after its response.</summary>
    public override void OnBondEnded()
    {
        if (_state == ClientSessionState.Waiting && !_input.IsBeingRead)
            Linger(CloseReason.PinnedServerClosed);
    }

    void IConnectionOwner.OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    void IConnectionOwner.OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Frontend.Counters.Add(CounterId.BytesFromClients, bytes.Length);
        ReadFirst(bytes);
    }

    void IConnectionOwner.OnEndOfStream(TcpConnection connection)
    {
        if (!_input.HalfClose.TryBegin(Frontend, _input.End(Frontend), _order.Last))
            ClientGone();
    }

    void IConnectionOwner.OnSendBlocked(TcpConnection connection)
    {
        if (_state == ClientSessionState.Exchanging)
            _order.First!.FellBehind();
        else
            AfterInput();
    }

    void IConnectionOwner.OnSendDrained(TcpConnection connection)
    {
        if (_state == ClientSessionState.Exchanging && _order.First!.CaughtUp())
        {
            StreamEnded();
            return;
        }
        if (_state == ClientSessionState.Waiting)
            _deadlines.ResponseTaken(Frontend.Loop.Clock.NowMs);
        ReadOn();
    }

    void IConnectionOwner.OnSendFailed(TcpConnection connection, SocketError error)
    {
        if (!connection.RanOutOfBuffers)
        {
            ClientGone();
            return;
        }
        Frontend.Counters.Add(CounterId.BufferRefusals);
        CutStreams(ProxyError.BuffersExhausted, CloseReason.Resource);
    }

    void IConnectionOwner.OnFailed(TcpConnection connection, SocketError error) => ClientGone();

    void IConnectionOwner.OnClosed(TcpConnection connection) => Check.That(false, "a client connection ends by a farewell");

    void ITimerOwner.OnTimer(TimerNode node, long nowMs)
    {
        switch (_deadlines.Passed(Frontend, Tcp!))
        {
            case SessionTimeout.KeepAlive:
                Linger(CloseReason.IdleTimeout);
                break;
            case SessionTimeout.RequestHeader when _input.IsEmpty:
                Linger(CloseReason.RequestHeaderTimeout);
                break;
            case SessionTimeout.RequestHeader:
                Refuse(RefusedRequest.Late(_input.Bytes));
                break;
            case SessionTimeout.RequestBody:
                _order.Last!.User.OnClientBodyRefused(ProxyError.RequestBodyTimeout, RejectReason.None);
                break;
            case SessionTimeout.Send:
                _order.Abandon(ProxyError.ClientSendTimeout, CloseReason.SendTimeout);
                Abort(CloseReason.SendTimeout);
                break;
        }
    }

    void ISessionView.Describe(SessionFacts facts) => SessionView.Describe(facts, this, _order.First, _deadlines, _state);

    internal override void ReadFirst(ReadOnlySpan<byte> bytes)
    {
        if (_state == ClientSessionState.Waiting && _input.IsEmpty)
        {
            _deadlines.RequestStarts(Frontend.Loop.Clock.NowMs);
            OfferToRecorder(bytes);
        }
        _input.Take(this, bytes);
        AfterInput();
    }

    /// <summary>A request's body may go on: what waits of it follows.</summary>
    internal void GoOnReading()
    {
        if (_state == ClientSessionState.Exchanging)
            ReadOn();
    }

    /// <summary>See <see cref="ClientStream.EndIfClientLeft"/>.</summary>
    internal bool EndIfClientLeft()
    {
        bool mayHaveLeft = _state == ClientSessionState.Exchanging && !_input.HalfClose.IsAnswered && _input.IsEmpty;
        if (!mayHaveLeft || Tcp!.LookAhead() != UnreadInput.End || HalfClose.WouldAnswer(Frontend, _order.Last!))
            return false;
        ClientGone();
        return true;
    }

    /// <summary>The client does not take a response as fast as it comes: from now on its send timeout runs.</summary>
    internal void ClientFellBehind()
    {
        if (_state == ClientSessionState.Exchanging)
            _deadlines.AwaitSend(Frontend);
    }

    /// <summary>The answer to the first request in line is complete: the next one's turn has come, or the connection goes on or ends.</summary>
    internal void StreamEnded()
    {
        CloseReason closeReason = _order.EndFinished();
        if (closeReason != CloseReason.None)
            Linger(closeReason);
        else if (_order.IsEmpty)
            EndRequests();
        else if (!_input.IsBeingRead)
            ReadOn();
    }

    /// <summary>The answer cannot be completed: the client must see that, by a reset where only that tells it.</summary>
    internal void CutStream(bool withReset)
    {
        CloseReason reason = _order.EndFirst();
        _order.Abandon(ProxyError.None, reason);
        if (withReset)
            Abort(reason);
        else
            Linger(reason);
    }

    /// <summary>The rest of the connection is a tunnel.</summary>
    internal void EnterTunnel(IClientTunnel tunnel)
    {
        MoveTo(ClientSessionState.Tunnelling);
        Tcp!.SetOwner(tunnel);
        tunnel.Begin(Tcp, _input.Bytes);
        _input.Drop(Frontend.Loop.Pools);
    }

    /// <summary>The tunnel gives the connection back, to be closed.</summary>
    internal void TunnelEnded(CloseReason reason)
    {
        if (reason == CloseReason.TunnelEnded)
            _order.EndFirst();
        else
            _order.Abandon(ProxyError.None, reason);
        Close(reason);
    }

    /// <summary>Serves an accepted request, beside earlier ones if there are any. Returns the bytes used.</summary>
    internal int Serve(ReadOnlySpan<byte> bytes, in RequestIntake intake)
    {
        if (_state == ClientSessionState.Exchanging)
            return _order.Begin(this, _pool, bytes, intake, Frontend.Loop.Clock.NowMs);
        MoveTo(ClientSessionState.Exchanging);
        OfferToRecorder(bytes, intake.Route!);
        return _order.Begin(this, _pool, bytes, intake, _deadlines.RequestStartedMs);
    }

    /// <summary>Does not serve a request, and closes: what follows it cannot be told apart safely.</summary>
    internal void Refuse(in RefusedRequest request)
    {
        request.Answer(this, _deadlines.RequestStartedMs);
        Linger(request.CloseReason);
    }

    /// <summary>Gives up all that is being served, and ends the connection.</summary>
    internal void CutStreams(ProxyError error, CloseReason reason) => CloseOrAbort(_order.Cut(error, reason), reason);

    protected override bool GiveUp(CloseReason reason) =>
        (_state == ClientSessionState.Tunnelling) | _order.Cut(ProxyError.Stopped, reason);

    protected override void OnEnding()
    {
        MoveTo(ClientSessionState.Ending);
        _input.HalfClose.End(Frontend);
    }

    protected override void EndOf()
    {
        MoveTo(ClientSessionState.Free);
        _deadlines.End(Frontend.Loop);
        _input.Drop(Frontend.Loop.Pools);
    }

    /// <summary>Goes on with what the client has sent already.</summary>
    private void ReadOn()
    {
        _input.ReadOn(this);
        AfterInput();
    }

    /// <summary>After each event: what is awaited of the client now, and whether more bytes are wanted.</summary>
    private void AfterInput()
    {
        if (Frontend.IsDraining)
            Drain();
        if (!TakesRequests)
            return;
        if (_input.HalfClose.IsAnswered && _state == ClientSessionState.Waiting && !Tcp!.HasQueuedBytes)
        {
            // All that came whole before the FIN is answered.
            Close(CloseReason.ClientClosed);
            return;
        }
        _deadlines.Set(Frontend, Tcp!, _order.Last, isIdle: RequestCount > 0 && _input.IsEmpty);
        if (_input.WantsBytes(this))
            Tcp!.StartReceive();
        else
            Tcp!.PauseReceive();
    }

    /// <summary>The client has closed or reset its connection, or cannot be sent to.</summary>
    private void ClientGone()
    {
        if (_state == ClientSessionState.Waiting)
            Close(CloseReason.ClientClosed);
        else
            CutStreams(ProxyError.ClientAborted, CloseReason.ClientAborted);
    }

    /// <summary>All requests are answered: the connection is idle, or goes on with what is there already.</summary>
    private void EndRequests()
    {
        if (ClientHasEnded)
        {
            Close(CloseReason.ClientClosed);
            return;
        }
        MoveTo(ClientSessionState.Waiting);
        _input.NextMayBegin();
        FollowSuccessor();
        _deadlines.RequestsEnd(Frontend.Loop.Clock.NowMs);
        if (!_input.IsBeingRead)
            ReadOn();
    }

    /// <summary>A client that itself announced its last request, and has sent nothing behind it, need not be waited for (as in nginx).</summary>
    private void Linger(CloseReason reason)
    {
        if (reason is CloseReason.ClientAsked or CloseReason.Http10 && _input.IsEmpty && !_input.IsBeingRead)
            Close(reason);
        else
            LingerOn(reason);
    }

    private void MoveTo(ClientSessionState next)
    {
        Check.Lawful(_state.MayBecome(next), _state, next);
        _state = next;
        if (next != ClientSessionState.Waiting)
            _deadlines.AwaitNothing(Frontend.Loop);
        if (next != ClientSessionState.Exchanging)
            Tcp?.EndReceiveDelay();
        if (next is not (ClientSessionState.Waiting or ClientSessionState.Exchanging))
            Bond?.Release();
    }
}
