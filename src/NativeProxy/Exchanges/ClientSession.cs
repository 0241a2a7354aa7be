using System;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>Life of a client connection above the socket.</summary>
internal enum ClientSessionState : byte
{
    /// <summary>Object unused.</summary>
    Free,

    /// <summary>Before the first request and between two: nothing, or the beginning of a head (or of a PROXY header), has come.</summary>
    Waiting,

    /// <summary>Requests are being served, one or as many as <c>pipelining</c> allows; what follows them waits.</summary>
    Exchanging,

    /// <summary>Bytes flow both ways, no longer HTTP: a <see cref="Tunnel"/> has the connection.</summary>
    Tunnelling,

    /// <summary>The end is decided: a <see cref="ClientFarewell"/> has the connection until the socket is gone.</summary>
    Ending,
}

/// <summary>
/// The life of one client connection: hands each request that its <see cref="ClientInput"/> finds to an <see cref="Exchange"/>, keeps their
/// order, and ends with a reason. Owner: its <see cref="Listener"/>; thread: the loop. Never reads bytes, never touches a server connection.
/// </summary>
internal sealed class ClientSession : Ordered<ClientSession>, IConnectionOwner, ITimerOwner
{
    private static readonly byte[] Moves =
    [
        /* Free         */ Bit(ClientSessionState.Waiting),
        /* Waiting      */ (byte)(Bit(ClientSessionState.Exchanging) | Bit(ClientSessionState.Ending)),
        /* Exchanging   */ (byte)(Bit(ClientSessionState.Waiting) | Bit(ClientSessionState.Tunnelling) | Bit(ClientSessionState.Ending)),
        /* Tunnelling   */ Bit(ClientSessionState.Ending),
        /* Ending       */ Bit(ClientSessionState.Free),
    ];

    private Listener _listener;
    private TcpConnection? _client;
    private ClientInput _input;
    private SessionDeadlines _deadlines;
    private ExchangeLine _line;
    private ClientAccount _account;
    private ClientSessionState _state;

    /// <summary>The client has sent FIN, and is answered all the same.</summary>
    private bool _isHalfClosed;

    public ClientSession(Listener listener)
    {
        _listener = listener;
        _deadlines = new SessionDeadlines(this);
    }

    public TcpConnection Client => _client!;

    /// <summary>True when bytes of a further request are there already, so that more will soon be sent to the client.</summary>
    public bool HasReadAhead => !_input.IsEmpty;

    /// <summary>What the ledger will say about the connection.</summary>
    public ref ClientAccount Account => ref _account;

    /// <summary>Requests whose head was read on this connection.</summary>
    public int RequestCount { get; private set; }

    /// <summary>
    /// The peer of the socket, or whom a trusted balancer before us announced instead. It stands in X-Forwarded-For and in the log.
    /// </summary>
    public PeerAddress Address => _client!.Peer;

    /// <summary>The server connection on which the client has authenticated; null when this object never had one.</summary>
    public PinnedServer? Pin { get; private set; }

    /// <summary>The server that answered the previous request, or null.</summary>
    public UpstreamServer? LastServer { get; set; }

    /// <summary>
    /// Since when the connection idles: nothing of a request has been read, nothing of a response is left to send. -1 when it does not.
    /// </summary>
    public long IdleSinceMs => _state != ClientSessionState.Waiting || !_input.IsEmpty || _client!.QueuedBytes > 0 ? -1
        : RequestCount > 0 ? _deadlines.IdleSinceMs : _client.OpenedAtMs;

    /// <summary>True from <see cref="TryShed"/> on.</summary>
    public bool IsShed { get; private set; }

    /// <summary>The listener; after a reload the one that took its place.</summary>
    internal Listener Listener => _listener;

    /// <summary>The exchange of the latest request; null between two requests.</summary>
    internal Exchange? LatestExchange => _line.Last;

    /// <summary>True until the end is decided or a tunnel begins.</summary>
    internal bool TakesRequests => _state is ClientSessionState.Waiting or ClientSessionState.Exchanging;

    /// <summary>True when what the client sends may be dealt with: its next request not before it has taken what it was sent.</summary>
    internal bool MayRead => _state == ClientSessionState.Exchanging || (_state == ClientSessionState.Waiting && !_client!.HasQueuedBytes);

    /// <summary>
    /// True when the client has sent FIN and no request that came before it waits any more: the connection ends with the present one.
    /// </summary>
    internal bool ClientHasEnded => _client!.EndOfStreamSeen && _input.WholeRequestsLeft == 0;

    /// <summary>True when another request may begin beside those that are being served.</summary>
    internal bool MayServeAnother =>
        !_client!.HasQueuedBytes && !ClientHasEnded && Pin is not { IsHeld: true } && _line.MayGrow(_listener.PipeliningMax)
        && _listener.HasSocketToSpare;

    private EventLoop Loop => _listener.Loop;

    /// <summary>Takes over an accepted connection.</summary>
    public void Begin(TcpConnection client)
    {
        MoveTo(ClientSessionState.Waiting);
        _client = client;
        RequestCount = 0;
        _account.Begin();
        IsShed = false;
        _input.Begin(_listener.Settings.ProxyProtocol);
        client.SetOwner(this);
        client.StartReceive();
        _deadlines.Begin(_listener);
    }

    /// <summary>
    /// The process is going to stop: an idle connection closes now, unless it may wait for one more request; a busy one after its response.
    /// </summary>
    public void Drain()
    {
        if (_state == ClientSessionState.Waiting && _input.IsEmpty && !_listener.IdleMayWait)
            Linger(_listener.Ending);
    }

    /// <summary>
    /// The process ends: so does the connection, whatever runs on it and whoever has it. The client must not take a cut response, or a cut
    /// tunnel, for a whole one. False when its socket is going away already.
    /// </summary>
    public bool Cut()
    {
        if (_client!.State == TcpConnectionState.Closing)
            return false;
        if (_client.Owner is not ClientFarewell farewell)
        {
            bool withReset = _state == ClientSessionState.Tunnelling || _line.First is { IsCloseDelimited: true };
            (_client.Owner as Tunnel)?.GiveBack();
            _line.Abandon(this, ProxyError.Stopped, CloseReason.Stopped);
            farewell = End(CloseReason.Stopped);
            if (withReset)
                farewell.Abort(this);
            else
                farewell.Close(this);
        }
        farewell.Cut();
        return true;
    }

    /// <summary>Closes the connection at once if it is idle and its next request is not waiting in the kernel; else false.</summary>
    public bool TryShed(CloseReason reason)
    {
        if (IdleSinceMs < 0 || _client!.LookAhead() != UnreadInput.None)
            return false;
        IsShed = true;
        _listener.SessionLeaves();
        Close(reason);
        return true;
    }

    /// <summary>After a reload: between two requests the session goes over to the listener that took its listener's place.</summary>
    public void FollowSuccessor()
    {
        while (_state == ClientSessionState.Waiting && _listener.Successor is { } successor)
        {
            successor.Adopt(this, _listener);
            _listener = successor;
        }
    }

    public void OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(CounterId.BytesFromClients, bytes.Length);
        if (_state == ClientSessionState.Waiting && _input.IsEmpty)
            _deadlines.RequestStarts(Loop.Clock.NowMs);
        _input.Take(this, bytes);
        AfterInput();
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        _isHalfClosed = TryAnswerHalfClosed();
        if (!_isHalfClosed)
            ClientGone();
    }

    public void OnSendBlocked(TcpConnection connection)
    {
        if (_state == ClientSessionState.Exchanging)
            _line.First!.ClientFellBehind();
        else
            AfterInput();
    }

    public void OnSendDrained(TcpConnection connection)
    {
        if (_state == ClientSessionState.Exchanging && _line.First!.ClientCaughtUp())
        {
            ExchangeEnded();
            return;
        }
        if (_state == ClientSessionState.Waiting)
            _deadlines.ResponseTaken(Loop.Clock.NowMs);
        ReadOn();
    }

    /// <summary>An exchange has something to send that no event brings. It may be over, or another one may be answered first.</summary>
    internal void CachedOutputIsDue(Exchange exchange)
    {
        if (_line.First == exchange && _client!.State == TcpConnectionState.Open)
            OnSendDrained(_client);
    }

    public void OnSendFailed(TcpConnection connection, SocketError error)
    {
        if (!connection.RanOutOfBuffers)
        {
            ClientGone();
            return;
        }
        _listener.Counters.Add(CounterId.BufferRefusals);
        AbortExchanges(ProxyError.BuffersExhausted, CloseReason.Resource);
    }

    public void OnFailed(TcpConnection connection, SocketError error) => ClientGone();

    public void OnClosed(TcpConnection connection) => Check.That(false, "a client connection ends by a farewell");

    /// <summary>The farewell is over.</summary>
    public void SocketIsGone()
    {
        MoveTo(ClientSessionState.Free);
        _deadlines.End(Loop);
        _input.Drop(Loop.Pools);
        _listener.EnterClose(this);
        LastServer = null;
        _client = null;
        _listener.SessionEnded(this);
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        switch (_deadlines.Passed(_listener, _client!))
        {
            case SessionTimeout.KeepAlive:
                Linger(CloseReason.IdleTimeout);
                break;
            case SessionTimeout.RequestHeader when _input.IsEmpty:
                Linger(CloseReason.RequestHeaderTimeout);
                break;
            case SessionTimeout.RequestHeader:
                Refuse(RefusedRequest.Late(_input.AwaitsProxyHeader ? default : _input.Bytes));
                break;
            case SessionTimeout.RequestBody:
                _line.Last!.Fail(ProxyError.RequestBodyTimeout, RejectReason.None);
                break;
            case SessionTimeout.Send:
                _line.Abandon(this, ProxyError.ClientSendTimeout, CloseReason.SendTimeout);
                Abort(CloseReason.SendTimeout);
                break;
        }
    }

    /// <summary>The server connection that the exchange waited for is there.</summary>
    public void ServerIsReady(Exchange exchange)
    {
        if (exchange.RequestIsComplete || _input.IsEmpty)
            exchange.StartRequest(headIsInScratch: false, default);
        ReadOn();
    }

    /// <summary>
    /// Before a request is sent that had to wait: looks whether the client has closed meanwhile, unheard, and is not to be answered all the same.
    /// True when it has; then the session has ended.
    /// </summary>
    public bool EndIfClientLeft()
    {
        if (_state != ClientSessionState.Exchanging || _isHalfClosed || !_input.IsEmpty || _client!.LookAhead() != UnreadInput.End)
            return false;
        Exchange latest = _line.Last!;
        if (latest.RequestIsComplete && _listener.HalfClosed.WouldAnswer(latest.Facts.IsByHalfCloser || latest.Caching.IsFilling))
            return false;
        ClientGone();
        return true;
    }

    /// <summary>The server takes bytes again, or will never: what waits of the request goes on.</summary>
    public void ServerCaughtUp()
    {
        if (_state == ClientSessionState.Exchanging)
            ReadOn();
    }

    /// <summary>The client does not take a response as fast as it comes: from now on its send timeout runs.</summary>
    public void ClientFellBehind()
    {
        if (_state == ClientSessionState.Exchanging)
            _deadlines.AwaitSend(_listener);
    }

    /// <summary>Where a server connection goes that carries this client's authentication.</summary>
    public PinnedServer PinForAuthentication() => Pin ??= new PinnedServer(this);

    /// <summary>
    /// The server connection on which the client has authenticated is gone: an idle client connection ends with it, as Squid does it; a
    /// busy one, with another server, after its response.
    /// </summary>
    public void PinnedServerEnded()
    {
        if (_state == ClientSessionState.Waiting && !_input.IsBeingRead)
            Linger(CloseReason.PinnedServerClosed);
    }

    /// <summary>
    /// The response of the first exchange in line is complete: the next one's turn has come, or the connection goes on or ends, as was
    /// decided with the head of the response.
    /// </summary>
    public void ExchangeEnded()
    {
        CloseReason closeReason = _line.EndFinished(this);
        if (closeReason != CloseReason.None)
            Linger(closeReason);
        else if (_line.IsEmpty)
            EndRequests();
        else if (!_input.IsBeingRead)
            ReadOn();
    }

    /// <summary>The response cannot be completed: the client must see that.</summary>
    /// <param name="withReset">Only a reset tells this client that the body is cut.</param>
    public void CutExchange(bool withReset)
    {
        CloseReason reason = _line.EndFirst(this);
        _line.Abandon(this, ProxyError.None, reason);
        if (withReset)
            Abort(reason);
        else
            Linger(reason);
    }

    /// <summary>The server switched protocols; the rest of the connection is a tunnel.</summary>
    public void EnterTunnel(UpstreamConnection server)
    {
        MoveTo(ClientSessionState.Tunnelling);
        _deadlines.AwaitNothing(Loop);
        new Tunnel(_listener, this, _line.First!, server).Begin(_input.Bytes);
        _input.Drop(Loop.Pools);
    }

    /// <summary>The tunnel gives the connection back, to be closed.</summary>
    public void TunnelEnded(CloseReason reason)
    {
        if (reason == CloseReason.TunnelEnded)
        {
            _line.First!.TunnelIsOver();
            _line.EndFirst(this);
        }
        else
        {
            _line.Abandon(this, ProxyError.None, reason);
        }
        Close(reason);
    }

    /// <summary>A request head was read, or refused: the request has its number on the connection.</summary>
    internal void CountRequest() => RequestCount++;

    /// <summary>Serves an accepted request, beside earlier ones if there are any. Returns the bytes used.</summary>
    internal int Serve(ReadOnlySpan<byte> bytes, in RequestIntake intake)
    {
        _listener.Counters.Add(CounterId.Requests);
        if (RequestCount > 1)
            _listener.Counters.Add(CounterId.RequestsOnKeptConnection);
        if (_state == ClientSessionState.Exchanging)
            return _line.Begin(this, bytes, intake, Loop.Clock.NowMs);
        MoveTo(ClientSessionState.Exchanging);
        _deadlines.AwaitNothing(Loop);
        int used = _line.Begin(this, bytes, intake, _deadlines.RequestStartedMs);
        if (_state == ClientSessionState.Exchanging && _line.First is { IsLastOfClient: true, RequestIsComplete: true })
            _client!.BePatient();
        return used;
    }

    /// <summary>Does not serve a request, and closes: what follows it cannot be told apart safely.</summary>
    internal void Refuse(in RefusedRequest request)
    {
        request.Tell(this, _deadlines.RequestStartedMs);
        if (request.CloseReason == CloseReason.BadProxyHeader)
            Close(request.CloseReason);
        else
            Linger(request.CloseReason);
    }

    /// <summary>There is no room for what the client has sent.</summary>
    /// <param name="bytes">From where its next request begins, if none is being served.</param>
    internal void InputDoesNotFit(ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(CounterId.BufferRefusals);
        if (_state == ClientSessionState.Exchanging)
            AbortExchanges(ProxyError.BuffersExhausted, CloseReason.Resource);
        else
            Refuse(RefusedRequest.Bad(ProxyError.BuffersExhausted, RejectReason.None, bytes));
    }

    private static byte Bit(ClientSessionState state) => (byte)(1 << (int)state);

    /// <summary>Goes on with what the client has sent already.</summary>
    private void ReadOn()
    {
        _input.ReadOn(this);
        AfterInput();
    }

    /// <summary>After each event: what is awaited of the client now, and whether more bytes are wanted.</summary>
    private void AfterInput()
    {
        if (_listener.IsDraining)
            Drain();
        if (!TakesRequests)
            return;
        if (_isHalfClosed && _state == ClientSessionState.Waiting && !_client!.HasQueuedBytes)
        {
            // All that came whole before the FIN is answered.
            Close(CloseReason.ClientClosed);
            return;
        }
        _deadlines.Set(_listener, _client!, _line.Last, isIdle: RequestCount > 0 && _input.IsEmpty);
        if (_input.WantsBytes(this))
            _client!.StartReceive();
        else
            _client!.PauseReceive();
    }

    /// <summary>
    /// The client has sent FIN. True when it is answered all the same: every request that came whole before it, in order, the last with
    /// <c>Connection: close</c>.
    /// </summary>
    private bool TryAnswerHalfClosed()
    {
        WholeRequests requests = _input.End(_listener);
        if (_state == ClientSessionState.Waiting)
            return requests.Count > 0 && _listener.HalfClosed.TryAnswer(requests.AreByHalfCloser);
        Exchange latest = _line.Last!;
        return latest.RequestIsComplete && _listener.HalfClosed.TryAnswer(latest.Facts.IsByHalfCloser || latest.Caching.IsFilling);
    }

    /// <summary>The client has closed or reset its connection, or cannot be sent to.</summary>
    private void ClientGone()
    {
        if (_state == ClientSessionState.Waiting)
            Close(CloseReason.ClientClosed);
        else
            AbortExchanges(ProxyError.ClientAborted, CloseReason.ClientAborted);
    }

    private void AbortExchanges(ProxyError error, CloseReason reason)
    {
        // A client that only half-closed reads on: FIN would complete a body that has no other end.
        bool withReset = _line.First is { IsCloseDelimited: true };
        _line.Abandon(this, error, reason);
        if (withReset)
            Abort(reason);
        else
            Close(reason);
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
        _deadlines.RequestsEnd(Loop.Clock.NowMs);
        if (!_input.IsBeingRead)
            ReadOn();
    }

    /// <summary>
    /// Ends the connection so that the client gets all that was sent. One that itself announced its last request, and has sent nothing behind
    /// it, need not be waited for (nginx's lingering_close does the same).
    /// </summary>
    private void Linger(CloseReason reason)
    {
        if (reason is CloseReason.ClientAsked or CloseReason.Http10 && _input.IsEmpty && !_input.IsBeingRead)
            Close(reason);
        else
            End(reason).Linger(this);
    }

    private void Close(CloseReason reason) => End(reason).Close(this);

    private void Abort(CloseReason reason) => End(reason).Abort(this);

    private ClientFarewell End(CloseReason reason)
    {
        _listener.CountClose(this, reason);
        MoveTo(ClientSessionState.Ending);
        _deadlines.AwaitNothing(Loop);
        if (_isHalfClosed)
        {
            _isHalfClosed = false;
            _listener.HalfClosed.Ended();
        }
        return _listener.LendFarewell();
    }

    private void MoveTo(ClientSessionState next)
    {
        Check.Lawful((Moves[(int)_state] & Bit(next)) != 0, _state, next);
        _state = next;
        if (next != ClientSessionState.Exchanging)
            _client?.EndPatience();
        if (next is not (ClientSessionState.Waiting or ClientSessionState.Exchanging))
            Pin?.Release();
    }
}
