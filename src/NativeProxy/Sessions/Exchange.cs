using System;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams;

namespace NativeProxy.Sessions;

/// <summary>
/// One request and its response: which server it goes to, on which connection, at which try, and how it ends. Joins the two pumps.
/// Owner: one <see cref="ClientSession"/>, from the request head to the last byte of the response. Thread: the loop.
/// Never parses and never reads the client's socket.
/// </summary>
internal sealed class Exchange : IServerConnectionUser
{
    private readonly HttpListener _listener;
    private readonly EventLoop _loop;
    private readonly RequestPump _request;
    private readonly ResponsePump _response;
    private readonly ExchangeLogText _logText = new();
    private readonly ServerLink _link;
    private ClientSession? _session;
    private ConnectionOptions _options;
    private bool _expectsContinue;
    private bool _hasUserAgent;
    private ExchangeTimes _times;
    private CloseReason _closeReason;
    private ProxyError _error;

    public Exchange(HttpListener listener)
    {
        _listener = listener;
        _loop = listener.Loop;
        _request = new RequestPump(_loop.Pools, listener.Scratch);
        _link = new ServerLink(this, _loop, listener.Counters);
        _response = new ResponsePump(this, _loop.Pools, listener.Scratch);
    }

    public HttpMethod Method { get; private set; }

    public int ClientMinorVersion { get; private set; }

    /// <summary>The protocol that the server was asked to switch to, or null.</summary>
    public byte[]? Upgrade { get; private set; }

    public TcpConnection Client => _session!.Client;

    /// <summary>The next request waits already: the response to it will follow this one shortly.</summary>
    public bool HasReadAhead => _request.IsComplete && _session!.HasReadAhead;

    public LoopCounters Counters => _listener.Counters;

    public ref readonly ListenerKeepaliveSettings Keepalive => ref _listener.Keepalive;

    /// <summary>True when FIN of this client probably means that it waits for the response, not that it has left (policy <c>auto</c>).</summary>
    public bool IsByHalfCloser => IsLastOfClient || ClientMinorVersion == 0 || !_hasUserAgent;

    /// <summary>True when the client announced that nothing follows this request.</summary>
    public bool IsLastOfClient => _options.Close || (ClientMinorVersion == 0 && !_options.KeepAlive);

    /// <summary>Requests that the client connection may carry after this one; negative = no limit.</summary>
    public int RequestsLeft => Keepalive.MaxRequests == 0 ? -1 : Keepalive.MaxRequests - _session!.RequestCount;

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool RequestIsComplete => _request.IsComplete;

    /// <summary>True while body bytes are wanted and can be passed on.</summary>
    public bool WantsRequestBody => !_request.IsComplete && _request.State != RequestPumpState.Holding && !_request.IsBlocked;

    /// <summary>True while the client waits for 100 Continue before it sends the body: the server must act, not the client (RFC 9110 10.1.1).</summary>
    public bool AwaitsContinue => _expectsContinue && !_response.HasInterim && _request.BodyBytes == 0 && !_request.IsComplete;

    /// <summary>True once the bytes are no longer HTTP.</summary>
    public bool IsTunnel => _response.State == ResponsePumpState.Switched;

    /// <summary>True when only a reset tells the client that the response is cut.</summary>
    public bool IsCloseDelimited => _response.IsCloseDelimited;

    /// <summary>What the log says about this exchange besides its times.</summary>
    public ExchangeLogText LogText => _logText;

    public ref readonly ExchangeTimes Times => ref _times;

    public UpstreamServer? Server => _link.Server;

    /// <summary>Where the request goes.</summary>
    public UpstreamGroup Group => _link.Group!;

    /// <summary>Pseudonym for the Via field of the response, or null.</summary>
    public byte[]? ResponseVia => _listener.ResponseVia;

    /// <summary>What the stickiness cookie came to.</summary>
    public ref Stickiness Sticky => ref _link.Sticky;

    /// <summary>What becomes of the stickiness cookie in the response.</summary>
    public StickyResponse StickyResponse => _link.StickyResponse;

    public int StatusCode => _response.StatusCode;

    public long SentBytes => _response.SentBytes;

    public long RequestBodyBytes => _request.BodyBytes;

    public ProxyError Error => _error;

    public CloseReason CloseReason => _closeReason;

    public int Attempts => _link.Attempts;

    /// <summary>Next unused object of the listener.</summary>
    internal Exchange? NextFree { get; set; }

    /// <summary>
    /// Begins with the request head in the listener's scratch table. Returns how many bytes behind the head were used.
    /// </summary>
    public int Begin(ClientSession session, ReadOnlySpan<byte> bytes, in RequestIntake intake, long startedAtMs)
    {
        RequestHead head = _listener.Scratch.Request;
        _session = session;
        _options = intake.Options;
        _closeReason = CloseReason.None;
        _error = ProxyError.None;
        _times.Begin(startedAtMs, _loop.Clock.NowMs);
        Method = head.MethodKind;
        ClientMinorVersion = head.MinorVersion;
        _hasUserAgent = head.Fields.Contains(KnownHeader.UserAgent);
        _expectsContinue = head.MinorVersion == 1 && head.Fields.Contains(KnownHeader.Expect);
        _link.Begin(intake.Group!, Method, StickyRequest.Read(bytes, head.Fields, intake.Group!), session.Address);
        _response.Begin(_listener.Limits.ResponseBodyBytes);
        if (_listener.AccessLog is { } log)
            _logText.Take(_loop.Pools, bytes, head, log.WantsFields);
        if (!TryWriteHead(bytes, head, intake, out int headBytes))
        {
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
            return 0;
        }
        if (!_request.TryBegin(headBytes, intake.Framing, _listener.Limits.BodyBytes, intake.Options.NamedFields))
        {
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
            return 0;
        }
        return Linked(_link.Open(except: null), headIsInScratch: true, bytes[intake.HeadBytes..]);
    }

    /// <summary>Bytes of the request body, or what follows it. Returns how many were used.</summary>
    public int FeedRequest(ReadOnlySpan<byte> bytes)
    {
        if (_request.IsComplete)
            return 0;
        int used = _request.Feed(bytes);
        AfterRequestBytes();
        return used;
    }

    /// <summary>Bytes of the client in a tunnel.</summary>
    public void FeedTunnel(ReadOnlySpan<byte> bytes) => _link.Connection!.Send(bytes);

    /// <summary>True while the server does not take what it was sent.</summary>
    public bool ServerIsBehind => _link.Connection is { Tcp.HasQueuedBytes: true };

    /// <summary>The client of a tunnel sent FIN: the server hears of it.</summary>
    public void EndTunnelToServer() => _link.Connection!.Tcp!.ShutdownSend();

    /// <summary>True when the server of a tunnel has sent FIN.</summary>
    public bool ServerHasEnded => _link.Connection is { Tcp.EndOfStreamSeen: true };

    /// <summary>Both sides of the tunnel have ended.</summary>
    public void TunnelIsOver()
    {
        _closeReason = CloseReason.TunnelEnded;
        _link.Release(ServerCloseReason.UpgradeEnded, reset: false);
    }

    /// <summary>The client takes bytes again.</summary>
    public void ClientCaughtUp()
    {
        if (!_link.IsEstablished)
            return;
        _link.Connection!.Tcp!.StartReceive();
        ArmResponseTimeout();
    }

    /// <summary>The client does not take what it was sent: the server must wait.</summary>
    public void ClientFellBehind()
    {
        _session!.ClientFellBehind();
        if (!_link.IsEstablished)
            return;
        _link.Connection!.Tcp!.PauseReceive();
        _link.Connection.ArmResponseTimeout(0);
    }

    /// <summary>The final response head was read.</summary>
    public void ResponseHeadRead() => _times.ResponseHead(_loop.Clock.NowMs);

    /// <summary>Decides, when the response head is written, whether the client connection lives on.</summary>
    public CloseReason DecideClose(int statusCode, bool endIsVisible)
    {
        _closeReason = KeepAliveVerdict.Decide(
            new KeepAliveFacts
            {
                ClientMinorVersion = ClientMinorVersion,
                RequestSaysClose = _options.Close,
                RequestSaysKeepAlive = _options.KeepAlive,
                RequestIsComplete = _request.IsComplete && Method != HttpMethod.Connect,
                ResponseEndIsVisible = endIsVisible,
                StatusCode = statusCode,
                RequestCount = _session!.RequestCount,
                ConnectionAgeMs = _loop.Clock.NowMs - Client.OpenedAtMs,
                ClientHasEnded = Client.EndOfStreamSeen,
                IsDraining = _listener.IsDraining,
            },
            Keepalive);
        return _closeReason;
    }

    /// <summary>
    /// The exchange cannot go on: the client is told so if the response has not begun, else its connection is cut.
    /// </summary>
    public void Fail(ProxyError error, RejectReason detail)
    {
        _error = error;
        CountFault(error);
        _link.Release(ExchangeFailures.ServerReasonOf(error), reset: true);
        if (_response.State != ResponsePumpState.AwaitingHead || ProxyErrors.Of(error).Status == 0)
        {
            _closeReason = ExchangeFailures.CutReasonOf(error);
            _session!.CutExchange(_response.IsCloseDelimited);
            return;
        }
        int status = ErrorReplies.StatusOf(error, detail);
        DecideClose(status, endIsVisible: true);
        if (error == ProxyError.BadRequest)
            _closeReason = CloseReason.BadRequest;
        int sentBytes = _session!.SendErrorReply(error, detail, _closeReason, hasBody: Method != HttpMethod.Head);
        _response.AnsweredByProxy(status, sentBytes);
        _session.ExchangeEnded(_closeReason);
    }

    /// <summary>The session gives the exchange up; nothing is sent to the client any more.</summary>
    public void Abandon(ProxyError error, CloseReason reason)
    {
        _error = error;
        _closeReason = reason;
        Counters.Add(CounterId.RequestsAborted);
        _link.Release(ServerCloseReason.ClientAborted, reset: true);
    }

    /// <summary>Gives everything back; called by the session once the exchange is logged.</summary>
    public void Release()
    {
        _link.Release(ServerCloseReason.Ambiguous, reset: false);
        _request.Release();
        _response.Release();
        _logText.Release(_loop.Pools);
        _session = null;
    }

    /// <summary>The link chose a server for the next try.</summary>
    internal void ServerChosen() => _times.ServerChosen(_loop.Clock.NowMs);

    /// <summary>The exchange was first in line and a server has room.</summary>
    internal void OnTurnInQueue()
    {
        Linked(_link.Open(except: null), headIsInScratch: false, default);
        _session?.ServerCaughtUp();
    }

    public void OnServerConnected(UpstreamConnection connection)
    {
        _times.Connected(_loop.Clock.NowMs);
        _session!.ServerIsReady();
    }

    /// <summary>
    /// Sends the head on the established connection, with what has arrived of the body; CONNECT becomes a tunnel instead. Returns the
    /// body bytes used.
    /// </summary>
    public int StartRequest(bool headIsInScratch, ReadOnlySpan<byte> input)
    {
        if (Method == HttpMethod.Connect)
        {
            _response.OpenTunnel();
            _session!.EnterTunnel();
            return 0;
        }
        int used = _request.Start(_link.Connection!, headIsInScratch, input);
        AfterRequestBytes();
        return used;
    }

    /// <summary>True when an established connection waits for the request.</summary>
    public bool CanStart => _request.State == RequestPumpState.Holding && _link.IsEstablished;

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error)
    {
        _link.ConnectFailed();
        RetryOrFail(error == SocketError.TimedOut ? ProxyError.ServerConnectTimeout : ProxyError.ServerConnectFailed, connection);
    }

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (IsTunnel)
            _session!.TouchTunnel();
        ProxyError error = _response.Feed(bytes);
        if (error != ProxyError.None)
            Fail(error, RejectReason.None);
        else if (_response.State == ResponsePumpState.Complete)
            Finish();
        else if (_response.State == ResponsePumpState.Switched)
            _session!.EnterTunnel();
        else
            ArmResponseTimeout();
    }

    public void OnServerEndOfStream(UpstreamConnection connection)
    {
        if (IsTunnel)
        {
            _session!.TunnelServerEnded();
            return;
        }
        ProxyError error = _response.End();
        if (error == ProxyError.None)
            Finish();
        else
            ServerGone(error);
    }

    public void OnServerSendDrained(UpstreamConnection connection) => _session!.ServerCaughtUp();

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
        if (IsTunnel)
        {
            _session!.TunnelBroke();
        }
        else if (error == SocketError.NoBufferSpaceAvailable)
        {
            Counters.Add(CounterId.BufferRefusals);
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
        }
        else if (_request.NothingWasSent && !_response.HasBytes)
        {
            ServerGone(ProxyError.ServerClosedBeforeResponse);
        }
        else
        {
            // An answer may have come before the server closed; it is still readable.
            _request.Refuse();
            ArmResponseTimeout();
            _session!.ServerCaughtUp();
        }
    }

    public void OnServerFailed(UpstreamConnection connection, SocketError error)
    {
        if (IsTunnel)
            _session!.TunnelBroke();
        else if (_response.State != ResponsePumpState.AwaitingHead)
            ServerGone(ProxyError.ServerTruncatedResponse);
        else
            ServerGone(_response.HasBytes ? ProxyError.ServerBadResponse : ProxyError.ServerClosedBeforeResponse);
    }

    public void OnServerTimeout(UpstreamConnection connection)
    {
        Counters.Add(CounterId.TimeoutsResponse);
        Fail(ProxyError.ServerResponseTimeout, RejectReason.None);
    }

    /// <summary>What the log needs to know about the server connection; valid until <see cref="Release"/>.</summary>
    internal ServerConnectionFacts ConnectionFacts => _link.Facts;

    /// <summary>
    /// Writes the outgoing head to the start of the scratch; of CONNECT the server gets none. False when it does not fit: a cut head would
    /// let the body be read as fields.
    /// </summary>
    private bool TryWriteHead(ReadOnlySpan<byte> bytes, RequestHead head, in RequestIntake intake, out int headBytes)
    {
        Upgrade = null;
        headBytes = 0;
        if (Method == HttpMethod.Connect)
            return true;
        if (intake.Options.Upgrade && head.MinorVersion == 1 && intake.Framing.Kind == BodyKind.None)
            Upgrade = _listener.AcceptedUpgrade(bytes, head);
        byte[] address = _listener.Scratch.AddressText;
        var writer = new HeadWriter(_listener.Scratch.Head);
        RequestHeadWriter.Write(ref writer, bytes, head, intake.HeadBytes, _listener.Forwarded, new OutgoingRequest
        {
            Framing = intake.Framing,
            Via = _listener.Via,
            Cookie = Group.Cookie,
            FallbackHost = Group.NameBytes,
            ClientAddress = address.AsSpan(0, _session!.Address.WriteText(address)),
            Upgrade = Upgrade,
            IsProxyRequest = _listener.Origins is not null,
            ClosesServerConnection = Group.Reuse == ReusePolicy.Never,
        });
        headBytes = writer.WrittenBytes;
        return !writer.Overflowed;
    }

    /// <summary>Goes on after the link was asked for a connection. Returns how many input bytes were used.</summary>
    private int Linked(LinkResult result, bool headIsInScratch, ReadOnlySpan<byte> input)
    {
        switch (result)
        {
            case LinkResult.Ready:
                _times.Connected(_loop.Clock.NowMs);
                return StartRequest(headIsInScratch, input);
            case LinkResult.NoServer:
                Fail(Group.NoServerError, RejectReason.None);
                return 0;
            default:
                return 0;
        }
    }

    /// <summary>After body bytes went through the pump: a broken body ends the exchange, a complete one starts the wait for the answer.</summary>
    private void AfterRequestBytes()
    {
        if (_request.Fault != RejectReason.None)
        {
            Counters.Add(CounterId.BadRequestsFraming);
            Fail(ProxyError.BadRequest, _request.Fault);
            return;
        }
        if (_request.IsTooLarge)
            Fail(ProxyError.RequestBodyTooLarge, RejectReason.None);
        else
            ArmResponseTimeout();
    }

    /// <summary>The server must act when it has the whole request or does not take more of it; else the client must.</summary>
    private void ArmResponseTimeout()
    {
        if (!_link.IsEstablished)
            return;
        bool serverMustAct = _request.IsComplete || AwaitsContinue || _request.IsBlocked || _request.State == RequestPumpState.Refused;
        _link.Connection!.ArmResponseTimeout(serverMustAct && !IsTunnel && !Client.HasQueuedBytes ? Group.ResponseTimeoutMs : 0);
    }

    private void ServerGone(ProxyError error) =>
        RetryOrFail(_response.HasBytes ? NotBeforeResponse(error) : error, _link.Connection!);

    private static ProxyError NotBeforeResponse(ProxyError error) =>
        error == ProxyError.ServerClosedBeforeResponse ? ProxyError.ServerBadResponse : error;

    private void RetryOrFail(ProxyError error, UpstreamConnection connection)
    {
        if (_link.Retry(error, connection, _request) is not { } result)
        {
            Fail(error, RejectReason.None);
            return;
        }
        Linked(result, headIsInScratch: false, default);

        // A pooled connection takes the request at once; what has arrived of the body follows.
        _session?.ServerCaughtUp();
    }

    private void Finish()
    {
        _link.Release(JudgeConnection(), reset: _response.HasSurplus);
        _session!.ExchangeEnded(_closeReason);
    }

    /// <summary>
    /// The guard before a connection is pooled: request fully sent, response fully read by a visible end, no surplus bytes, both sides
    /// agree that the connection goes on, nothing ambiguous.
    /// </summary>
    private ServerCloseReason JudgeConnection()
    {
        if (_response.HasSurplus)
            return ServerCloseReason.SurplusBytes;
        if (!_request.IsComplete || _request.State != RequestPumpState.Sending)
            return ServerCloseReason.RequestUnsent;
        if (!_response.ServerKeepsAlive)
            return ServerCloseReason.ServerSaid;
        return Upgrade is not null || _response.MayBodyFollow ? ServerCloseReason.Ambiguous : ServerCloseReason.None;
    }

    private void CountFault(ProxyError error)
    {
        if (error is ProxyError.ServerBadResponse or ProxyError.ServerBadBody)
            Counters.Add(CounterId.BadResponses);
        else if (error == ProxyError.ServerTruncatedResponse)
            Counters.Add(CounterId.ShortBodies);
        else if (error == ProxyError.ServerClosedBeforeResponse && _link.Connection is { IsReused: true })
            Counters.Add(CounterId.StaleReusesFailed);
    }
}
