using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams;

namespace NativeProxy.Sessions;

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
/// order, and ends with a reason. Owner: its <see cref="HttpListener"/>; thread: the loop. Never reads bytes, never touches a server connection.
/// </summary>
internal sealed class ClientSession : IConnectionOwner, ITimerOwner
{
    private static readonly byte[] Moves =
    [
        /* Free         */ Bit(ClientSessionState.Waiting),
        /* Waiting      */ (byte)(Bit(ClientSessionState.Exchanging) | Bit(ClientSessionState.Ending)),
        /* Exchanging   */ (byte)(Bit(ClientSessionState.Waiting) | Bit(ClientSessionState.Tunnelling) | Bit(ClientSessionState.Ending)),
        /* Tunnelling   */ Bit(ClientSessionState.Ending),
        /* Ending       */ Bit(ClientSessionState.Free),
    ];

    private HttpListener _listener;
    private TcpConnection? _client;
    private ClientInput _input;
    private SessionDeadlines _deadlines;
    private ExchangeLine _line;
    private ClientAccount _account;
    private ClientSessionState _state;

    /// <summary>The client has sent FIN, and is answered all the same.</summary>
    private bool _isHalfClosed;

    public ClientSession(HttpListener listener)
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

    /// <summary>The peer of the socket, or whom a trusted balancer before us announced instead. It stands in X-Forwarded-For and in the log.</summary>
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

    /// <summary>Neighbours in the listener's list of live sessions.</summary>
    internal ClientSession? PreviousLive { get; set; }

    internal ClientSession? NextLive { get; set; }

    internal HttpListener Listener => _listener;

    /// <summary>The exchange of the latest request; null between two requests.</summary>
    internal Exchange? LatestExchange => _line.Last;

    /// <summary>True until the end is decided or a tunnel begins.</summary>
    internal bool TakesRequests => _state is ClientSessionState.Waiting or ClientSessionState.Exchanging;

    /// <summary>True when what the client sends may be dealt with: its next request not before it has taken what it was sent.</summary>
    internal bool MayRead => _state == ClientSessionState.Exchanging || (_state == ClientSessionState.Waiting && !_client!.HasQueuedBytes);

    /// <summary>True when another request may begin beside those that are being served.</summary>
    internal bool MayServeAnother =>
        !_client!.HasQueuedBytes && !_client.EndOfStreamSeen && Pin is not { IsHeld: true } && _line.MayGrow(_listener.PipeliningMax);

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

    /// <summary>The process is going to stop: an idle connection closes now, a busy one after its response.</summary>
    public void Drain()
    {
        if (_state == ClientSessionState.Waiting && _input.IsEmpty)
            Linger(_listener.Ending);
    }

    /// <summary>Closes the connection at once if it is idle and its next request is not waiting in the kernel; else false.</summary>
    public bool TryShed(CloseReason reason)
    {
        if (IdleSinceMs < 0 || _client!.EndOfStreamSeen || _client.HasUnreadBytes)
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
        if (_state == ClientSessionState.Waiting)
        {
            Close(CloseReason.ClientClosed);
            return;
        }
        _isHalfClosed = _listener.TryAnswerHalfClosed(_line.Last!);
        if (!_isHalfClosed)
            AbortExchanges(ProxyError.ClientAborted, CloseReason.ClientAborted);
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
        if (_state == ClientSessionState.Waiting)
        {
            _deadlines.ResponseTaken(Loop.Clock.NowMs);
            ReadOn();
        }
        else if (_line.First!.ClientCaughtUp())
        {
            ExchangeEnded();
        }
        else
        {
            ReadOn();
        }
    }

    public void OnSendFailed(TcpConnection connection, SocketError error)
    {
        if (!connection.RanOutOfBuffers)
        {
            ClientGone();
            return;
        }
        _listener.Counters.Add(CounterId.BufferRefusals);
        AbortExchanges(ProxyError.BuffersExhausted, CloseReason.ResourceExhausted);
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

    /// <summary>A deadline of <see cref="SessionTimer"/> has passed.</summary>
    public void OnTimeout(SessionTimeout timeout)
    {
        switch (timeout)
        {
            case SessionTimeout.KeepAlive:
                _listener.Counters.Add(CounterId.TimeoutsKeepAlive);
                Linger(CloseReason.IdleTimeout);
                break;
            case SessionTimeout.RequestHeader:
                _listener.Counters.Add(CounterId.TimeoutsRequestHeader);
                HeaderTimeout();
                break;
            case SessionTimeout.RequestBody:
                _listener.Counters.Add(CounterId.TimeoutsRequestBody);
                _line.Last!.Fail(ProxyError.RequestBodyTimeout, RejectReason.None);
                break;
            case SessionTimeout.Send:
                SendTimeout();
                break;
        }
    }

    public void OnTimer(TimerNode node, long nowMs) => OnTimeout(_deadlines.Pending);

    /// <summary>The server connection that the exchange waited for is there.</summary>
    public void ServerIsReady(Exchange exchange)
    {
        if (exchange.RequestIsComplete || _input.IsEmpty)
            exchange.StartRequest(headIsInScratch: false, default);
        ReadOn();
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
            _deadlines.AwaitSend(_listener, _client!);
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
        do
        {
            CloseReason closeReason = _line.First!.CloseReason;
            EndExchange();
            if (closeReason != CloseReason.None)
            {
                AbandonExchanges(ProxyError.None, closeReason);
                Linger(closeReason);
                return;
            }
        }
        while (_line.First is { } next && next.MoveUp());
        if (_line.IsEmpty)
            EndRequests();
        else if (!_input.IsBeingRead)
            ReadOn();
    }

    /// <summary>The response cannot be completed: the client must see that.</summary>
    /// <param name="withReset">Only a reset tells this client that the body is cut.</param>
    public void CutExchange(bool withReset)
    {
        CloseReason reason = _line.First!.CloseReason;
        EndExchange();
        AbandonExchanges(ProxyError.None, reason);
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
            EndExchange();
        }
        else
        {
            AbandonExchanges(ProxyError.None, reason);
        }
        Close(reason);
    }

    /// <summary>Serves a request while no other is served. Returns the bytes used.</summary>
    internal int Serve(ReadOnlySpan<byte> bytes, in RequestIntake intake)
    {
        CountRequest();
        MoveTo(ClientSessionState.Exchanging);
        _deadlines.AwaitNothing(Loop);
        int used = BeginExchange(bytes, intake, _deadlines.RequestStartedMs);
        if (_state == ClientSessionState.Exchanging && _line.First is { IsLastOfClient: true, RequestIsComplete: true })
            _client!.BePatient();
        return used;
    }

    /// <summary>Serves a request beside earlier ones. Returns the bytes used.</summary>
    internal int ServeBeside(ReadOnlySpan<byte> bytes, in RequestIntake intake)
    {
        CountRequest();
        _listener.Counters.Add(CounterId.RequestsInParallel);
        _listener.Counters.Add(CounterId.RequestsBehindOthers);
        return BeginExchange(bytes, intake, Loop.Clock.NowMs);
    }

    /// <summary>Answers a request that must not be forwarded, and closes: what follows it cannot be told apart safely.</summary>
    internal void Refuse(ProxyError error, RejectReason detail, ReadOnlySpan<byte> bytes)
    {
        CountRequest();
        Reject(error, detail, bytes);
    }

    /// <summary>A connection without a sound PROXY header came past the balancer, or from something that does not speak HTTP: no answer.</summary>
    internal void RefuseProxyHeader()
    {
        _listener.LogRejected(this, ProxyError.BadProxyHeader, CloseReason.BadProxyHeader, 0, 0, default, _deadlines.RequestStartedMs);
        Close(CloseReason.BadProxyHeader);
    }

    /// <summary>There is no room for what the client has sent.</summary>
    /// <param name="bytes">From where its next request begins, if none is being served.</param>
    internal void InputDoesNotFit(ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(CounterId.BufferRefusals);
        if (_state == ClientSessionState.Exchanging)
            AbortExchanges(ProxyError.BuffersExhausted, CloseReason.ResourceExhausted);
        else
            Reject(ProxyError.BuffersExhausted, RejectReason.None, bytes);
    }

    private static byte Bit(ClientSessionState state) => (byte)(1 << (int)state);

    private void CountRequest()
    {
        _listener.Counters.Add(CounterId.Requests);
        if (++RequestCount > 1)
            _listener.Counters.Add(CounterId.RequestsOnKeptConnection);
    }

    /// <summary>Appends an exchange to the line. Returns the bytes used.</summary>
    private int BeginExchange(ReadOnlySpan<byte> bytes, in RequestIntake intake, long startedMs)
    {
        Exchange exchange = _listener.LendExchange();
        Exchange? ahead = _line.Last;
        _line.Append(exchange);
        return intake.HeadBytes + exchange.Begin(this, bytes, intake, startedMs, ahead);
    }

    private void Reject(ProxyError error, RejectReason detail, ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(RequestIntake.CounterOf(error, detail));
        CloseReason reason = ExchangeFailures.RefusalReasonOf(error, detail);
        OwnReply reply = OwnReply.ToUnread(error, detail, reason, bytes);
        int sentBytes = Answer(reply);
        _listener.LogRejected(this, error, reason, reply.StatusCode, sentBytes, bytes, _deadlines.RequestStartedMs);
        Linger(reason);
    }

    /// <summary>Answers without an exchange. Returns the size of the answer in bytes.</summary>
    private int Answer(in OwnReply reply)
    {
        ReadOnlySpan<byte> bytes = reply.Write(_listener.Scratch, _listener.Keepalive, _listener.Counters);
        _client!.Send(bytes);
        return bytes.Length;
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
        if (!TakesRequests)
            return;
        if (_state == ClientSessionState.Waiting && _listener.IsDraining && _input.IsEmpty)
        {
            Linger(_listener.Ending);
            return;
        }
        SetDeadline();
        if (_input.WantsBytes(this))
            _client!.StartReceive();
        else
            _client!.PauseReceive();
    }

    private void SetDeadline()
    {
        if (_client!.HasQueuedBytes)
            _deadlines.AwaitSend(_listener, _client);
        else if (_line.Last is { } exchange && !(exchange.WantsRequestBody && !exchange.AwaitsContinue))
            _deadlines.AwaitNothing(Loop);
        else if (_line.Last is not null)
            _deadlines.AwaitBody(_listener);
        else if (_input.IsEmpty && RequestCount > 0)
            _deadlines.AwaitRequest(_listener);
        else
            _deadlines.AwaitHead(_listener);
    }

    private void SendTimeout()
    {
        if (_deadlines.TryProlongSend(_listener, _client!))
            return;
        _listener.Counters.Add(CounterId.TimeoutsClientSend);
        AbandonExchanges(ProxyError.ClientSendTimeout, CloseReason.SendTimeout);
        Abort(CloseReason.SendTimeout);
    }

    private void HeaderTimeout()
    {
        if (_input.IsEmpty)
        {
            Linger(CloseReason.RequestHeaderTimeout);
            return;
        }
        int sentBytes = _input.AwaitsProxyHeader
            ? 0
            : Answer(OwnReply.ToUnread(ProxyError.RequestHeaderTimeout, RejectReason.None, CloseReason.RequestHeaderTimeout, _input.Bytes));
        _listener.LogRejected(this, ProxyError.RequestHeaderTimeout, CloseReason.RequestHeaderTimeout, sentBytes == 0 ? 0 : 408, sentBytes, default, _deadlines.RequestStartedMs);
        Linger(CloseReason.RequestHeaderTimeout);
    }

    /// <summary>The client reset its connection or cannot be sent to.</summary>
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
        AbandonExchanges(error, reason);
        if (withReset)
            Abort(reason);
        else
            Close(reason);
    }

    /// <summary>Gives up what is in flight. Only safe requests run beside others, so that the client may ask for them again.</summary>
    private void AbandonExchanges(ProxyError error, CloseReason reason)
    {
        _line.GiveUp();
        while (_line.First is { } exchange)
        {
            exchange.Abandon(error, reason);
            EndExchange();
        }
    }

    /// <summary>All requests are answered: the connection is idle, or goes on with what is there already.</summary>
    private void EndRequests()
    {
        if (_client!.EndOfStreamSeen)
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

    /// <summary>Logs the first exchange in line and gives it back.</summary>
    private void EndExchange()
    {
        Exchange exchange = _line.RemoveFirst();
        if (!_line.IsEmpty)
            _listener.Counters.Add(CounterId.RequestsBehindOthers, -1);
        if (_isHalfClosed && _line.IsEmpty)
        {
            _isHalfClosed = false;
            _listener.HalfClosedEnded();
        }
        _listener.LogExchange(this, exchange);
        _listener.ReturnExchange(exchange);
    }

    /// <summary>
    /// Ends the connection so that the client gets all that was sent. One that itself announced its last request, and has sent nothing behind
    /// it, need not be waited for (nginx's lingering_close does the same).
    /// </summary>
    private void Linger(CloseReason reason)
    {
        if (reason is CloseReason.ClientAskedClose or CloseReason.Http10WithoutKeepAlive && _input.IsEmpty && !_input.IsBeingRead)
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
