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

namespace NativeProxy.Sessions;

/// <summary>Life of a client connection above the socket.</summary>
internal enum ClientSessionState : byte
{
    /// <summary>Object unused.</summary>
    Free,

    /// <summary>Before the first request and between two: nothing, or the beginning of a head (or of a PROXY header), has come.</summary>
    Waiting,

    /// <summary>One request is being served; what follows it waits.</summary>
    Exchanging,

    /// <summary>Bytes flow both ways, no longer HTTP.</summary>
    Tunnelling,

    /// <summary>The last response is on its way or FIN is sent; whatever still comes is thrown away.</summary>
    Lingering,

    /// <summary>Waits for the socket to be gone.</summary>
    Closing,
}

/// <summary>
/// The life of one client connection: reads requests from its bytes, one after another, hands each to an <see cref="Exchange"/>, and
/// ends with a reason. Owner: its <see cref="HttpListener"/>; thread: the loop. Never touches a server connection.
/// </summary>
internal sealed class ClientSession : IConnectionOwner, ITimerOwner
{
    /// <summary>Bytes of later requests that are read ahead while one is being served.</summary>
    private const int AheadBytesMax = 16 * 1024;

    private static readonly byte[] Moves =
    [
        /* Free         */ Bit(ClientSessionState.Waiting),
        /* Waiting      */ (byte)(Bit(ClientSessionState.Exchanging) | Bit(ClientSessionState.Lingering) | Bit(ClientSessionState.Closing)),
        /* Exchanging   */ (byte)(Bit(ClientSessionState.Waiting) | Bit(ClientSessionState.Tunnelling) | Bit(ClientSessionState.Lingering) | Bit(ClientSessionState.Closing)),
        /* Tunnelling   */ (byte)(Bit(ClientSessionState.Lingering) | Bit(ClientSessionState.Closing)),
        /* Lingering    */ Bit(ClientSessionState.Closing),
        /* Closing      */ Bit(ClientSessionState.Free),
    ];

    private HttpListener _listener;
    private readonly EventLoop _loop;
    private readonly SessionTimer _timer;
    private TcpConnection? _client;
    private ByteTail _tail;
    private Exchange? _exchange;
    private ClientSessionState _state;
    private bool _isProcessing;
    private bool _awaitsProxyHeader;
    private bool _isHalfClosed;
    private long _headStartedMs;

    /// <summary>Bytes of empty lines before the next request that are used up already.</summary>
    private int _emptyLineBytes;
    private long _idleSinceMs;
    private long _sendMark;

    public ClientSession(HttpListener listener)
    {
        _listener = listener;
        _loop = listener.Loop;
        _timer = new SessionTimer(this);
    }

    public TcpConnection Client => _client!;

    /// <summary>True when bytes of a further request are there already, so that more will soon be sent to the client.</summary>
    public bool HasReadAhead => !_tail.IsEmpty;

    /// <summary>Requests whose head was read on this connection.</summary>
    public int RequestCount { get; private set; }

    /// <summary>The peer of the socket, or whom a trusted balancer before us announced instead. It stands in X-Forwarded-For and in the log.</summary>
    public PeerAddress Address { get; private set; }

    /// <summary>Neighbours in the listener's list of live sessions.</summary>
    internal ClientSession? PreviousLive { get; set; }

    internal ClientSession? NextLive { get; set; }

    /// <summary>Takes over an accepted connection.</summary>
    public void Begin(TcpConnection client)
    {
        MoveTo(ClientSessionState.Waiting);
        _client = client;
        _headStartedMs = _loop.Clock.NowMs;
        RequestCount = 0;
        Address = client.Peer;
        _awaitsProxyHeader = _listener.Settings.ProxyProtocol;
        _emptyLineBytes = 0;
        client.SetOwner(this);
        client.StartReceive();
        _timer.Arm(_loop, SessionTimeout.RequestHeader, _listener.Timeouts.RequestHeaderMs);
    }

    /// <summary>The process is going to stop: an idle connection closes now, a busy one after its response.</summary>
    public void Drain()
    {
        if (_state == ClientSessionState.Waiting && _tail.IsEmpty)
            Linger(CloseReason.Draining);
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
        switch (_state)
        {
            case ClientSessionState.Waiting or ClientSessionState.Exchanging:
                TakeBytes(bytes);
                break;
            case ClientSessionState.Tunnelling:
                TouchTunnel();
                _exchange!.FeedTunnel(bytes);
                if (_exchange.ServerIsBehind)
                    _client!.PauseReceive();
                break;
        }
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        switch (_state)
        {
            case ClientSessionState.Waiting:
                Close(CloseReason.ClientClosed);
                break;
            case ClientSessionState.Exchanging:
                _isHalfClosed = _listener.TryAnswerHalfClosed(_exchange!);
                if (!_isHalfClosed)
                    AbortExchange(ProxyError.ClientAborted, CloseReason.ClientAborted);
                break;
            case ClientSessionState.Tunnelling:
                if (_exchange!.ServerHasEnded)
                    EndTunnel();
                else
                    _exchange.EndTunnelToServer();
                break;
            case ClientSessionState.Lingering:
                BeginClose();
                break;
        }
    }

    public void OnSendBlocked(TcpConnection connection)
    {
        if (_state == ClientSessionState.Exchanging)
            _exchange!.ClientFellBehind();
        AfterInput();
    }

    public void OnSendDrained(TcpConnection connection)
    {
        switch (_state)
        {
            case ClientSessionState.Waiting:
                _idleSinceMs = _loop.Clock.NowMs;
                ProcessTail();
                break;
            case ClientSessionState.Exchanging or ClientSessionState.Tunnelling:
                _exchange!.ClientCaughtUp();
                AfterInput();
                break;
            case ClientSessionState.Lingering:
                SendFin();
                break;
        }
    }

    public void OnSendFailed(TcpConnection connection, SocketError error)
    {
        bool isShortage = error == SocketError.NoBufferSpaceAvailable;
        if (isShortage)
            _listener.Counters.Add(CounterId.BufferRefusals);
        if (isShortage && _state == ClientSessionState.Exchanging)
            AbortExchange(ProxyError.BuffersExhausted, CloseReason.ResourceExhausted);
        else
            ClientGone();
    }

    public void OnFailed(TcpConnection connection, SocketError error) => ClientGone();

    public void OnClosed(TcpConnection connection)
    {
        MoveTo(ClientSessionState.Free);
        _timer.Remove(_loop);
        _tail.Release(_loop.Pools);
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
                _exchange!.Fail(ProxyError.RequestBodyTimeout, RejectReason.None);
                break;
            case SessionTimeout.Send:
                SendTimeout();
                break;
            case SessionTimeout.Tunnel:
                _listener.Counters.Add(CounterId.TimeoutsTunnel);
                AbortExchange(ProxyError.None, CloseReason.TunnelTimeout);
                break;
            case SessionTimeout.Linger:
                _listener.Counters.Add(CounterId.TimeoutsLinger);
                BeginClose();
                break;
            case SessionTimeout.Flush:
                _client!.Abort();
                break;
        }
    }

    public void OnTimer(TimerNode node, long nowMs) => OnTimeout(_timer.Pending);

    /// <summary>The server connection that the exchange waited for is there.</summary>
    public void ServerIsReady()
    {
        if (_tail.IsEmpty)
            _exchange!.StartRequest(headIsInScratch: false, default);
        ProcessTail();
    }

    /// <summary>The server takes bytes again, or will never: what waits of the request goes on.</summary>
    public void ServerCaughtUp()
    {
        if (_state == ClientSessionState.Exchanging)
        {
            ProcessTail();
        }
        else if (_state == ClientSessionState.Tunnelling)
        {
            _client!.StartReceive();
            TouchTunnel();
        }
    }

    /// <summary>The client does not take a response as fast as it comes: from now on its send timeout runs.</summary>
    public void ClientFellBehind()
    {
        if (_state == ClientSessionState.Exchanging)
            ArmSendTimeout();
    }

    /// <summary>Sends an answer of the proxy's own. Returns its size in bytes.</summary>
    public int SendErrorReply(ProxyError error, RejectReason detail, CloseReason closeReason, bool hasBody)
    {
        var writer = new HeadWriter(_listener.Scratch.Output);
        ErrorReplies.Write(ref writer, error, detail, hasBody, _listener.Keepalive, new OutgoingResponse
        {
            EmitsChunks = false,
            KeepsLength = false,
            CloseReason = closeReason,
            ClientMinorVersion = _exchange?.ClientMinorVersion ?? 1,
            RequestsLeft = _exchange?.RequestsLeft ?? -1,
        });
        _listener.Counters.Add(CounterId.ResponsesByProxy);
        _client!.Send(writer.Written);
        return writer.WrittenBytes;
    }

    /// <summary>The response is complete; the connection goes on or ends as was decided with its head.</summary>
    public void ExchangeEnded(CloseReason closeReason)
    {
        EndExchange();
        if (closeReason != CloseReason.None)
        {
            Linger(closeReason);
            return;
        }
        if (_client!.EndOfStreamSeen)
        {
            Close(CloseReason.ClientClosed);
            return;
        }
        MoveTo(ClientSessionState.Waiting);
        FollowSuccessor();
        _idleSinceMs = _loop.Clock.NowMs;
        _headStartedMs = _loop.Clock.NowMs;
        if (!_isProcessing)
            ProcessTail();
    }

    /// <summary>The response cannot be completed: the client must see that.</summary>
    /// <param name="withReset">Only a reset tells this client that the body is cut.</param>
    public void CutExchange(bool withReset)
    {
        CloseReason reason = _exchange!.CloseReason;
        EndExchange();
        if (withReset)
            Abort(reason);
        else
            Linger(reason);
    }

    /// <summary>The server switched protocols; the rest of the connection is a tunnel.</summary>
    public void EnterTunnel()
    {
        if (_state == ClientSessionState.Tunnelling)
            return;
        MoveTo(ClientSessionState.Tunnelling);
        _listener.Counters.Add(CounterId.TunnelsStarted);
        _listener.Counters.Add(CounterId.TunnelsOpen);
        TouchTunnel();
        if (!_tail.IsEmpty)
        {
            _exchange!.FeedTunnel(_tail.Bytes);
            _tail.Release(_loop.Pools);
        }
        if (_exchange!.ServerIsBehind)
            _client!.PauseReceive();
        else
            _client!.StartReceive();
    }

    /// <summary>Bytes passed through the tunnel: its idle time begins anew.</summary>
    public void TouchTunnel()
    {
        if (_state == ClientSessionState.Tunnelling)
            _timer.Arm(_loop, SessionTimeout.Tunnel, _listener.Timeouts.TunnelMs);
    }

    /// <summary>The server of the tunnel sent FIN.</summary>
    public void TunnelServerEnded()
    {
        if (_client!.EndOfStreamSeen)
            EndTunnel();
        else
            _client.ShutdownSend();
    }

    /// <summary>The server connection of the tunnel broke.</summary>
    public void TunnelBroke() => EndTunnel();

    private static byte Bit(ClientSessionState state) => (byte)(1 << (int)state);

    private void TakeBytes(ReadOnlySpan<byte> bytes)
    {
        if (_tail.IsEmpty)
        {
            if (_state == ClientSessionState.Waiting)
                _headStartedMs = _loop.Clock.NowMs;
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
        if (_tail.TryAppend(_loop.Pools, bytes, bytesMax))
            return true;
        _listener.Counters.Add(CounterId.BufferRefusals);
        if (_state == ClientSessionState.Exchanging)
            AbortExchange(ProxyError.BuffersExhausted, CloseReason.ResourceExhausted);
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
                _tail.Consume(_loop.Pools, used);
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
                : _exchange!.CanStart ? _exchange.StartRequest(headIsInScratch: false, rest)
                : _exchange.FeedRequest(rest);
            used += step;
            if (step == 0)
                break;
        }
        _isProcessing = false;
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
            _listener.LogRejected(this, ProxyError.BadProxyHeader, 0, 0, default, _headStartedMs);
            Close(CloseReason.BadProxyHeader);
        }
        if (header.Status != ProxyHeaderStatus.Done)
            return 0;
        _awaitsProxyHeader = false;
        if (header.Source.IsGiven)
            Address = header.Source;
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
        _listener.Counters.Add(CounterId.Requests);
        if (++RequestCount > 1)
            _listener.Counters.Add(CounterId.RequestsOnKeptConnection);
        if (intake.Refusal != ProxyError.None)
            return Reject(intake.Refusal, intake.Detail, bytes);
        MoveTo(ClientSessionState.Exchanging);
        _timer.Disarm(_loop);
        _exchange = _listener.LendExchange();
        int used = intake.HeadBytes + _exchange.Begin(this, bytes, intake, _headStartedMs);
        if (_state == ClientSessionState.Exchanging && _exchange.IsLastOfClient && _exchange.RequestIsComplete)
            _client!.BePatient();
        return used;
    }

    /// <summary>Answers a request that must not be forwarded, and closes: what follows it cannot be told apart safely. Returns 0.</summary>
    private int Reject(ProxyError error, RejectReason detail, ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(RequestIntake.CounterOf(error, detail));
        int sentBytes = SendErrorReply(error, detail, CloseReason.BadRequest, hasBody: !IsHead(bytes));
        _listener.LogRejected(this, error, ErrorReplies.StatusOf(error, detail), sentBytes, bytes, _headStartedMs);
        Linger(error == ProxyError.RequestBodyTooLarge ? CloseReason.LimitExceeded : CloseReason.BadRequest);
        return 0;
    }

    /// <summary>Whether an answer must have no body (RFC 9110 9.3.2), however little of the request could be read.</summary>
    private static bool IsHead(ReadOnlySpan<byte> bytes) => bytes[RequestHeadParser.EmptyLineBytes(bytes)..].StartsWith("HEAD "u8);

    /// <summary>After each event: which deadline holds now, and whether more bytes are wanted.</summary>
    private void AfterInput()
    {
        if (!IsReading)
            return;
        if (_client!.HasQueuedBytes)
            ArmSendTimeout();
        else if (_state == ClientSessionState.Waiting)
            ArmWaitingTimeout();
        else
            _timer.Arm(_loop, SessionTimeout.RequestBody, _exchange!.WantsRequestBody && !_exchange.AwaitsContinue ? _listener.Timeouts.RequestBodyMs : 0);
        if (WantsBytes)
            _client.StartReceive();
        else
            _client.PauseReceive();
    }

    private bool WantsBytes => _state == ClientSessionState.Waiting ? !_client!.HasQueuedBytes || _tail.Length < AheadBytesMax
        : _exchange!.RequestIsComplete ? _tail.Length < AheadBytesMax
        : _tail.IsEmpty || _exchange.WantsRequestBody;

    private void ArmWaitingTimeout()
    {
        if (_tail.IsEmpty && RequestCount > 0)
            ArmKeepAlive();
        else if (_timer.Pending != SessionTimeout.RequestHeader)
            _timer.Arm(_loop, SessionTimeout.RequestHeader, _listener.Timeouts.RequestHeaderMs);
    }

    /// <summary>The idle time runs from the end of the response; empty lines that come meanwhile do not prolong it.</summary>
    private void ArmKeepAlive()
    {
        if (_timer.Pending != SessionTimeout.KeepAlive)
            _timer.Arm(_loop, SessionTimeout.KeepAlive, Math.Max(1, _idleSinceMs + _listener.Keepalive.TimeoutMs - _loop.Clock.NowMs));
    }

    private void ArmSendTimeout()
    {
        if (_timer.Pending == SessionTimeout.Send)
            return;
        _sendMark = _client!.SentFromQueueBytes;
        _timer.Arm(_loop, SessionTimeout.Send, _listener.Timeouts.SendMs);
    }

    private void SendTimeout()
    {
        if (_client!.SentFromQueueBytes != _sendMark)
        {
            _timer.Disarm(_loop);
            ArmSendTimeout();
            return;
        }
        _listener.Counters.Add(CounterId.TimeoutsClientSend);
        if (_exchange is not null)
            _exchange.Abandon(ProxyError.ClientSendTimeout, CloseReason.SendTimeout);
        EndExchange();
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
            : SendErrorReply(ProxyError.RequestHeaderTimeout, RejectReason.None, CloseReason.RequestHeaderTimeout, hasBody: !IsHead(_tail.Bytes));
        _listener.LogRejected(this, ProxyError.RequestHeaderTimeout, sentBytes == 0 ? 0 : 408, sentBytes, default, _headStartedMs);
        Linger(CloseReason.RequestHeaderTimeout);
    }

    /// <summary>The client reset its connection or cannot be sent to.</summary>
    private void ClientGone()
    {
        switch (_state)
        {
            case ClientSessionState.Waiting:
                Close(CloseReason.ClientClosed);
                break;
            case ClientSessionState.Exchanging:
                AbortExchange(ProxyError.ClientAborted, CloseReason.ClientAborted);
                break;
            case ClientSessionState.Tunnelling:
                EndTunnel();
                break;
            case ClientSessionState.Lingering:
                BeginClose();
                break;
        }
    }

    private void AbortExchange(ProxyError error, CloseReason reason)
    {
        // A client that only half-closed reads on: FIN would complete a body that has no other end.
        bool withReset = _exchange!.IsCloseDelimited;
        _exchange.Abandon(error, reason);
        EndExchange();
        if (withReset)
            Abort(reason);
        else
            Close(reason);
    }

    private void EndTunnel()
    {
        _exchange!.TunnelIsOver();
        EndExchange();
        Close(CloseReason.TunnelEnded);
    }

    /// <summary>Logs the exchange and gives it back.</summary>
    private void EndExchange()
    {
        if (_exchange is null)
            return;
        if (_isHalfClosed)
        {
            _isHalfClosed = false;
            _listener.HalfClosedEnded();
        }
        if (_state == ClientSessionState.Tunnelling)
            _listener.Counters.Add(CounterId.TunnelsOpen, -1);
        _listener.LogExchange(this, _exchange);
        _listener.ReturnExchange(_exchange);
        _exchange = null;
    }

    /// <summary>
    /// Sends what is queued, then FIN, and reads until the client has closed too: an RST would destroy the response. A client that itself
    /// announced its last request, and has sent nothing behind it, is closed at once (nginx's lingering_close does the same).
    /// </summary>
    private void Linger(CloseReason reason)
    {
        if (reason is CloseReason.ClientAskedClose or CloseReason.Http10WithoutKeepAlive && _tail.IsEmpty && !_isProcessing)
        {
            Close(reason);
            return;
        }
        _listener.CountClose(this, reason);
        MoveTo(ClientSessionState.Lingering);
        _client!.FlushHeld();
        if (_client.HasQueuedBytes)
            ArmSendTimeout();
        else
            SendFin();
    }

    private void SendFin()
    {
        if (_client!.EndOfStreamSeen || _listener.Timeouts.LingerMs == 0)
        {
            BeginClose();
            return;
        }
        _client.ShutdownSend();
        _client.StartReceive();
        _timer.Arm(_loop, SessionTimeout.Linger, _listener.Timeouts.LingerMs);
    }

    private void Close(CloseReason reason)
    {
        _listener.CountClose(this, reason);
        BeginClose();
    }

    /// <summary>Closes once the queued bytes are sent, within a limit.</summary>
    private void BeginClose()
    {
        MoveTo(ClientSessionState.Closing);
        _client!.Close();
        if (_client.HasQueuedBytes)
            _timer.Arm(_loop, SessionTimeout.Flush, Math.Max(_listener.Timeouts.SendMs, 1));
        else
            _timer.Disarm(_loop);
    }

    private void Abort(CloseReason reason)
    {
        // A lingering connection has its reason already.
        if (_state != ClientSessionState.Lingering)
            _listener.CountClose(this, reason);
        MoveTo(ClientSessionState.Closing);
        _client!.Abort();
    }

    private void MoveTo(ClientSessionState next)
    {
        Check.Lawful((Moves[(int)_state] & Bit(next)) != 0, _state, next);
        _state = next;
        if (next != ClientSessionState.Exchanging)
            _client?.EndPatience();
    }
}
