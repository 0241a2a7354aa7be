using System;
using System.Net.Sockets;
using NativeProxy.Buffers;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.ProxyProtocol;
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
/// The life of one client connection: reads requests from its bytes, one after another, hands each to an <see cref="Exchange"/>, keeps
/// their order, and ends with a reason. Owner: its <see cref="HttpListener"/>; thread: the loop. Never touches a server connection.
/// </summary>
internal sealed class ClientSession : IConnectionOwner, ITimerOwner
{
    /// <summary>Bytes of later requests that are read ahead while one is being served.</summary>
    private const int AheadBytesMax = 16 * 1024;

    private static readonly byte[] Moves =
    [
        /* Free         */ Bit(ClientSessionState.Waiting),
        /* Waiting      */ (byte)(Bit(ClientSessionState.Exchanging) | Bit(ClientSessionState.Ending)),
        /* Exchanging   */ (byte)(Bit(ClientSessionState.Waiting) | Bit(ClientSessionState.Tunnelling) | Bit(ClientSessionState.Ending)),
        /* Tunnelling   */ Bit(ClientSessionState.Ending),
        /* Ending       */ Bit(ClientSessionState.Free),
    ];

    private HttpListener _listener;
    private readonly SessionTimer _timer;
    private TcpConnection? _client;
    private ByteTail _tail;
    private ExchangeLine _line;
    private ClientSessionState _state;
    private bool _isProcessing;
    private bool _awaitsProxyHeader;
    private bool _isHalfClosed;

    /// <summary>The next request is there but must not begin before the earlier ones are answered.</summary>
    private bool _nextMustWait;
    private ClientAccount _account;
    private long _headStartedMs;

    /// <summary>Bytes of empty lines before the next request that are used up already.</summary>
    private int _emptyLineBytes;
    private long _idleSinceMs;
    private SendWatch _send;

    public ClientSession(HttpListener listener)
    {
        _listener = listener;
        _timer = new SessionTimer(this);
    }

    public TcpConnection Client => _client!;

    private EventLoop Loop => _listener.Loop;

    /// <summary>True when bytes of a further request are there already, so that more will soon be sent to the client.</summary>
    public bool HasReadAhead => !_tail.IsEmpty;

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
    public long IdleSinceMs => _state != ClientSessionState.Waiting || !_tail.IsEmpty || _client!.QueuedBytes > 0 ? -1
        : RequestCount > 0 ? _idleSinceMs : _client.OpenedAtMs;

    /// <summary>True from <see cref="TryShed"/> on.</summary>
    public bool IsShed { get; private set; }

    /// <summary>Neighbours in the listener's list of live sessions.</summary>
    internal ClientSession? PreviousLive { get; set; }

    internal ClientSession? NextLive { get; set; }

    /// <summary>Takes over an accepted connection.</summary>
    public void Begin(TcpConnection client)
    {
        MoveTo(ClientSessionState.Waiting);
        _client = client;
        _headStartedMs = Loop.Clock.NowMs;
        RequestCount = 0;
        _account.Begin();
        IsShed = false;
        _awaitsProxyHeader = _listener.Settings.ProxyProtocol;
        _emptyLineBytes = 0;
        client.SetOwner(this);
        client.StartReceive();
        _timer.Arm(Loop, SessionTimeout.RequestHeader, _listener.Timeouts.RequestHeaderMs);
    }

    /// <summary>The process is going to stop: an idle connection closes now, a busy one after its response.</summary>
    public void Drain()
    {
        if (_state == ClientSessionState.Waiting && _tail.IsEmpty)
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
        TakeBytes(bytes);
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
            _idleSinceMs = Loop.Clock.NowMs;
            ProcessTail();
        }
        else if (_line.First!.ClientCaughtUp())
        {
            ExchangeEnded();
        }
        else
        {
            ProcessTail();
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
        _timer.Remove(Loop);
        _tail.Release(Loop.Pools);
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

    public void OnTimer(TimerNode node, long nowMs) => OnTimeout(_timer.Pending);

    /// <summary>The server connection that the exchange waited for is there.</summary>
    public void ServerIsReady(Exchange exchange)
    {
        if (exchange.RequestIsComplete || _tail.IsEmpty)
            exchange.StartRequest(headIsInScratch: false, default);
        ProcessTail();
    }

    /// <summary>The server takes bytes again, or will never: what waits of the request goes on.</summary>
    public void ServerCaughtUp()
    {
        if (_state == ClientSessionState.Exchanging)
            ProcessTail();
    }

    /// <summary>The client does not take a response as fast as it comes: from now on its send timeout runs.</summary>
    public void ClientFellBehind()
    {
        if (_state == ClientSessionState.Exchanging)
            ArmSendTimeout();
    }

    /// <summary>Where a server connection goes that carries this client's authentication.</summary>
    public PinnedServer PinForAuthentication() => Pin ??= new PinnedServer(this);

    /// <summary>
    /// The server connection on which the client has authenticated is gone: an idle client connection ends with it, as Squid does it; a
    /// busy one, with another server, after its response.
    /// </summary>
    public void PinnedServerEnded()
    {
        if (_state == ClientSessionState.Waiting && !_isProcessing)
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
        else if (!_isProcessing)
            ProcessTail();
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
        _timer.Disarm(Loop);
        new Tunnel(_listener, this, _line.First!, server).Begin(_tail.Bytes);
        _tail.Release(Loop.Pools);
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

    private static byte Bit(ClientSessionState state) => (byte)(1 << (int)state);

    private void TakeBytes(ReadOnlySpan<byte> bytes)
    {
        if (_tail.IsEmpty)
        {
            if (_state == ClientSessionState.Waiting)
                _headStartedMs = Loop.Clock.NowMs;
            int used = Process(bytes);
            if (IsReading && used < bytes.Length && !TryKeep(bytes[used..]))
                return;
            AfterInput();
        }
        else if (TryKeep(bytes))
        {
            ProcessTail();
        }
    }

    private bool IsReading => _state is ClientSessionState.Waiting or ClientSessionState.Exchanging;

    private bool TryKeep(ReadOnlySpan<byte> bytes)
    {
        int bytesMax = _listener.Limits.HeaderBytes + AheadBytesMax + bytes.Length;
        if (_tail.TryAppend(Loop.Pools, bytes, bytesMax))
            return true;
        _listener.Counters.Add(CounterId.BufferRefusals);
        if (_state == ClientSessionState.Exchanging)
            AbortExchanges(ProxyError.BuffersExhausted, CloseReason.ResourceExhausted);
        else
            Reject(ProxyError.BuffersExhausted, RejectReason.None, _tail.IsEmpty ? bytes : _tail.Bytes);
        return false;
    }

    private void ProcessTail()
    {
        if (!_tail.IsEmpty)
        {
            int used = Process(_tail.Bytes);
            if (IsReading)
                _tail.Consume(Loop.Pools, used);
        }
        AfterInput();
    }

    /// <summary>Reads requests and bodies from the bytes as far as they can be dealt with now. Returns how many were used.</summary>
    private int Process(ReadOnlySpan<byte> bytes)
    {
        Check.That(!_isProcessing, "requests are read one after another");
        _isProcessing = true;
        int used = 0;
        while (used < bytes.Length && IsReading && !(_state == ClientSessionState.Waiting && _client!.HasQueuedBytes))
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            int step = _awaitsProxyHeader ? ReadProxyHeader(rest)
                : _state == ClientSessionState.Waiting ? ReadRequest(rest)
                : _line.Last!.CanStart ? _line.Last.StartRequest(headIsInScratch: false, rest)
                : !_line.Last.RequestIsComplete ? _line.Last.FeedRequest(rest)
                : ReadRequestAhead(rest);
            used += step;
            if (step == 0)
                break;
        }
        _isProcessing = false;
        if (_listener.PipeliningMax > 1)
            _line.Last?.FlushRequest();
        return used;
    }

    /// <summary>
    /// Reads the PROXY header that precedes the first request. Returns the bytes used, 0 when it is incomplete. A connection without a
    /// sound one is closed without an answer: it came past the balancer, or from something that does not speak HTTP.
    /// </summary>
    private int ReadProxyHeader(ReadOnlySpan<byte> bytes)
    {
        ProxyHeader header = ProxyHeaderParser.Parse(bytes);
        if (header.Status == ProxyHeaderStatus.Rejected)
        {
            _listener.LogRejected(this, ProxyError.BadProxyHeader, CloseReason.BadProxyHeader, 0, 0, default, _headStartedMs);
            Close(CloseReason.BadProxyHeader);
        }
        if (header.Status != ProxyHeaderStatus.Done)
            return 0;
        _awaitsProxyHeader = false;
        if (header.Source.IsGiven)
            _client!.Peer = header.Source;
        return header.HeaderBytes;
    }

    /// <summary>
    /// Reads a request head and begins its exchange. Returns the bytes used, 0 when the head is incomplete or refused. Empty lines alone
    /// are used up: a client that ends a body with one too many (RFC 9112 2.2) is idle all the same. They count, however they arrive.
    /// </summary>
    private int ReadRequest(ReadOnlySpan<byte> bytes)
    {
        int emptyLineBytes = RequestHeadParser.EmptyLineBytes(bytes);
        bool isFlood = _emptyLineBytes + emptyLineBytes > RequestHeadParser.LeadingEmptyLinesMax * 2;
        RequestIntake intake = isFlood ? RequestIntake.Refused(ProxyError.BadRequest, RejectReason.BadMethodToken) : RequestIntake.Read(bytes, _listener, Address);
        if (intake.NeedsMore)
        {
            _emptyLineBytes += emptyLineBytes;
            return emptyLineBytes;
        }
        _emptyLineBytes = 0;
        CountRequest();
        if (intake.Refusal != ProxyError.None)
            return Reject(intake.Refusal, intake.Detail, bytes);
        MoveTo(ClientSessionState.Exchanging);
        _timer.Disarm(Loop);
        int used = BeginExchange(bytes, intake, _headStartedMs);
        if (_state == ClientSessionState.Exchanging && _line.First is { IsLastOfClient: true, RequestIsComplete: true })
            _client!.BePatient();
        return used;
    }

    /// <summary>
    /// Begins the next request while earlier ones are being answered, if it may run beside them. Returns the bytes used, 0 when it has to
    /// wait; what is wrong with it, if anything, is then said in its turn.
    /// </summary>
    private int ReadRequestAhead(ReadOnlySpan<byte> bytes)
    {
        if (_nextMustWait || _client!.HasQueuedBytes || _client.EndOfStreamSeen || Pin is { IsHeld: true } || !_line.MayGrow(_listener.PipeliningMax))
            return 0;
        RequestIntake intake = RequestIntake.Read(bytes, _listener, Address);
        if (intake.NeedsMore)
            return 0;
        if (intake.Refusal != ProxyError.None || !intake.RunsBesideOthers(_listener.Scratch.Request))
        {
            _nextMustWait = true;
            return 0;
        }
        CountRequest();
        _listener.Counters.Add(CounterId.RequestsInParallel);
        _listener.Counters.Add(CounterId.RequestsBehindOthers);
        return BeginExchange(bytes, intake, Loop.Clock.NowMs);
    }

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

    /// <summary>Answers a request that must not be forwarded, and closes: what follows it cannot be told apart safely. Returns 0.</summary>
    private int Reject(ProxyError error, RejectReason detail, ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(RequestIntake.CounterOf(error, detail));
        CloseReason reason = ExchangeFailures.RefusalReasonOf(error, detail);
        OwnReply reply = OwnReply.ToUnread(error, detail, reason, bytes);
        int sentBytes = Answer(reply);
        _listener.LogRejected(this, error, reason, reply.StatusCode, sentBytes, bytes, _headStartedMs);
        Linger(reason);
        return 0;
    }

    /// <summary>Answers without an exchange. Returns the size of the answer in bytes.</summary>
    private int Answer(in OwnReply reply)
    {
        ReadOnlySpan<byte> bytes = reply.Write(_listener.Scratch, _listener.Keepalive, _listener.Counters);
        _client!.Send(bytes);
        return bytes.Length;
    }

    /// <summary>After each event: which deadline holds now, and whether more bytes are wanted.</summary>
    private void AfterInput()
    {
        if (!IsReading)
            return;
        if (_state == ClientSessionState.Waiting && _listener.IsDraining && _tail.IsEmpty)
        {
            Linger(_listener.Ending);
            return;
        }
        if (_client!.HasQueuedBytes)
            ArmSendTimeout();
        else if (_state == ClientSessionState.Waiting)
            ArmWaitingTimeout();
        else
            _timer.Arm(Loop, SessionTimeout.RequestBody, _line.Last!.WantsRequestBody && !_line.Last.AwaitsContinue ? _listener.Timeouts.RequestBodyMs : 0);
        if (WantsBytes)
            _client.StartReceive();
        else
            _client.PauseReceive();
    }

    private bool WantsBytes => _state == ClientSessionState.Waiting ? !_client!.HasQueuedBytes || _tail.Length < AheadBytesMax
        : _line.Last!.RequestIsComplete ? _tail.Length < AheadBytesMax
        : _tail.IsEmpty || _line.Last.WantsRequestBody;

    private void ArmWaitingTimeout()
    {
        if (_tail.IsEmpty && RequestCount > 0)
            ArmKeepAlive();
        else if (_timer.Pending != SessionTimeout.RequestHeader)
            _timer.Arm(Loop, SessionTimeout.RequestHeader, _listener.Timeouts.RequestHeaderMs);
    }

    /// <summary>The idle time runs from the end of the response; empty lines that come meanwhile do not prolong it.</summary>
    private void ArmKeepAlive()
    {
        if (_timer.Pending != SessionTimeout.KeepAlive)
            _timer.Arm(Loop, SessionTimeout.KeepAlive, Math.Max(1, _idleSinceMs + _listener.Keepalive.TimeoutMs - Loop.Clock.NowMs));
    }

    private void ArmSendTimeout()
    {
        if (_timer.Pending == SessionTimeout.Send)
            return;
        _send.Begin(_client!);
        _timer.Arm(Loop, SessionTimeout.Send, _listener.Timeouts.SendMs);
    }

    private void SendTimeout()
    {
        if (_send.HasMoved(_client!))
        {
            _timer.Disarm(Loop);
            ArmSendTimeout();
            return;
        }
        _listener.Counters.Add(CounterId.TimeoutsClientSend);
        AbandonExchanges(ProxyError.ClientSendTimeout, CloseReason.SendTimeout);
        Abort(CloseReason.SendTimeout);
    }

    private void HeaderTimeout()
    {
        if (_tail.IsEmpty)
        {
            Linger(CloseReason.RequestHeaderTimeout);
            return;
        }
        int sentBytes = _awaitsProxyHeader
            ? 0
            : Answer(OwnReply.ToUnread(ProxyError.RequestHeaderTimeout, RejectReason.None, CloseReason.RequestHeaderTimeout, _tail.Bytes));
        _listener.LogRejected(this, ProxyError.RequestHeaderTimeout, CloseReason.RequestHeaderTimeout, sentBytes == 0 ? 0 : 408, sentBytes, default, _headStartedMs);
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
        _nextMustWait = false;
        FollowSuccessor();
        _idleSinceMs = Loop.Clock.NowMs;
        _headStartedMs = Loop.Clock.NowMs;
        if (!_isProcessing)
            ProcessTail();
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
        if (reason is CloseReason.ClientAskedClose or CloseReason.Http10WithoutKeepAlive && _tail.IsEmpty && !_isProcessing)
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
        _timer.Disarm(Loop);
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
