using System;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Logging;
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
    private bool _runsBesideOthers;
    private bool _authenticatesConnection;
    private ExchangeTimes _times;
    private CloseReason _closeReason;
    private ProxyError _error;

    public Exchange(HttpListener listener)
    {
        _listener = listener;
        _loop = listener.Loop;
        _request = new RequestPump(_loop.Pools, listener.Scratch, listener.ReplayBudget);
        _link = new ServerLink(this, _loop, listener.Counters);
        _response = new ResponsePump(this, _loop.Pools, listener.Scratch);
    }

    public HttpMethod Method { get; private set; }

    public int ClientMinorVersion { get; private set; }

    /// <summary>The protocol that the server was asked to switch to, or null.</summary>
    public byte[]? Upgrade { get; private set; }

    public TcpConnection Client => _session!.Client;

    /// <summary>The next request waits already: the response to it will follow this one shortly.</summary>
    public bool HasReadAhead => _request.IsComplete && (Behind is not null || _session!.HasReadAhead);

    /// <summary>Number of the request on its client connection, from 1.</summary>
    public int RequestNumber { get; private set; }

    /// <summary>True when all earlier requests of the client are answered, so that what comes goes to the client.</summary>
    public bool IsFirstInLine { get; private set; }

    /// <summary>True when further requests may begin beside this one.</summary>
    public bool RunsBesideOthers => _runsBesideOthers && !IsLastOfClient;

    /// <summary>True when this exchange is over but for what waits for its turn to be sent.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The next exchange of the same client connection, or null.</summary>
    internal Exchange? Behind { get; set; }

    public LoopCounters Counters => _listener.Counters;

    public ref readonly ListenerKeepaliveSettings Keepalive => ref _listener.Keepalive;

    /// <summary>Trailer fields that end here: those that Connection names (RFC 9110 7.6.1), or all.</summary>
    public FieldNameMask DroppedTrailers(FieldNameMask named) => _listener.DropsTrailers ? FieldNameMask.All : named;

    /// <summary>True when FIN of this client probably means that it waits for the response, not that it has left (policy <c>auto</c>).</summary>
    public bool IsByHalfCloser => IsLastOfClient || ClientMinorVersion == 0 || !_hasUserAgent;

    /// <summary>True when the client announced that nothing follows this request.</summary>
    public bool IsLastOfClient => _options.Close || (ClientMinorVersion == 0 && !_options.KeepAlive);

    /// <summary>Requests that the client connection may carry after this one; negative = no limit.</summary>
    public int RequestsLeft => Keepalive.MaxRequests == 0 ? -1 : Keepalive.MaxRequests - RequestNumber;

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool RequestIsComplete => _request.IsComplete;

    /// <summary>True while body bytes are wanted and can be passed on.</summary>
    public bool WantsRequestBody => !_request.IsComplete && _request.State != RequestPumpState.Holding && !_request.IsBlocked;

    /// <summary>True while the client waits for 100 Continue before it sends the body: the server must act, not the client (RFC 9110 10.1.1).</summary>
    public bool AwaitsContinue => _expectsContinue && !_response.HasInterim && _request.BodyBytes == 0 && !_request.IsComplete;

    /// <summary>True when only a reset tells the client that the response is cut.</summary>
    public bool IsCloseDelimited => _response.IsCloseDelimited;

    /// <summary>What the log says about this exchange besides its times.</summary>
    public ExchangeLogText LogText => _logText;

    public ref readonly ExchangeTimes Times => ref _times;

    public UpstreamServer? Server => _link.Server;

    /// <summary>Where the request goes.</summary>
    public UpstreamGroup Group => _link.Group!;

    /// <summary>The connection on which the client has authenticated; null when it never has.</summary>
    public PinnedServer? Pin => _session!.Pin;

    /// <summary>The server of the client connection's previous request, or null.</summary>
    public UpstreamServer? LastServer => _session!.LastServer;

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

    /// <summary>Why it was sent again the last time.</summary>
    public RetryCause RetryCause => _link.RetryCause;

    /// <summary>Next unused object of the listener.</summary>
    internal Exchange? NextFree { get; set; }

    /// <summary>
    /// Begins with the request head in the listener's scratch table. Returns how many bytes behind the head were used.
    /// </summary>
    /// <param name="session">Whose request it is.</param>
    /// <param name="bytes">From the first byte of the head on.</param>
    /// <param name="intake">What was read.</param>
    /// <param name="startedAtMs">When the first byte came.</param>
    /// <param name="ahead">The exchange before it that is still in flight, or null.</param>
    public int Begin(ClientSession session, ReadOnlySpan<byte> bytes, in RequestIntake intake, long startedAtMs, Exchange? ahead)
    {
        RequestHead head = _listener.Scratch.Request;
        _session = session;
        RequestNumber = session.RequestCount;
        IsFirstInLine = ahead is null;
        IsOver = false;
        _runsBesideOthers = intake.RunsBesideOthers(head);
        _options = intake.Options;
        _closeReason = CloseReason.None;
        _error = ProxyError.None;
        _times.Begin(startedAtMs, _loop.Clock.NowMs);
        Method = head.MethodKind;
        ClientMinorVersion = head.MinorVersion;
        _hasUserAgent = head.Fields.Contains(KnownHeader.UserAgent);
        _expectsContinue = head.MinorVersion == 1 && head.Fields.Contains(KnownHeader.Expect);
        _authenticatesConnection = intake.AuthenticatesConnection;
        _link.Begin(intake.Group!, Method, StickyRequest.Read(bytes, head.Fields, intake.Group!), session.Address);
        _response.Begin(_listener.Limits.ResponseBodyBytes);
        if (_listener.AccessLog is { } log)
            _logText.Take(_loop.Pools, bytes, head, log.WantsFields);
        if (!TryWriteHead(bytes, head, intake, out int headBytes))
        {
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
            return 0;
        }
        if (!_request.TryBegin(headBytes, intake.Framing, _listener.Limits.BodyBytes, Group.ReplayBytesMax, DroppedTrailers(intake.Options.NamedFields)))
        {
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
            return 0;
        }
        ReadOnlySpan<byte> rest = bytes[intake.HeadBytes..];
        if (ahead is not null && TryFollow(ahead))
            return StartRequest(headIsInScratch: true, rest);
        return Linked(_link.Open(except: null), headIsInScratch: true, rest);
    }

    /// <summary>Sends what is held of the request because more was expected to go with it.</summary>
    public void FlushRequest() => _link.Connection?.FlushHeld();

    /// <summary>Bytes of the request body, or what follows it. Returns how many were used.</summary>
    public int FeedRequest(ReadOnlySpan<byte> bytes)
    {
        if (_request.IsComplete)
            return 0;
        int used = _request.Feed(bytes);
        AfterRequestBytes();
        return used;
    }

    /// <summary>Bytes of a tunnel that went to the client.</summary>
    public void CountTunnelBytes(int bytes) => _response.CountTunnelBytes(bytes);

    /// <summary>Both sides of the tunnel have ended.</summary>
    public void TunnelIsOver()
    {
        _closeReason = CloseReason.TunnelEnded;
        _link.Release(ServerCloseReason.UpgradeEnded, reset: false);
    }

    /// <summary>All earlier requests of the client are answered: what was withheld goes to it. True when the exchange is over by that.</summary>
    public bool MoveUp()
    {
        IsFirstInLine = true;
        return ClientCaughtUp();
    }

    /// <summary>The client takes bytes again. True when the exchange is over and nothing of it is left to be sent.</summary>
    public bool ClientCaughtUp()
    {
        if (_response.HasWithheld && !_response.FlushWithheld())
        {
            _session!.ClientFellBehind();
            return false;
        }
        if (IsOver)
            return true;
        if (Client.HasQueuedBytes)
        {
            ClientFellBehind();
        }
        else if (_link.IsEstablished)
        {
            _link.Connection!.Tcp!.StartReceive();
            ArmResponseTimeout();
        }
        return false;
    }

    /// <summary>The client does not take what it was sent: the server must wait.</summary>
    public void ClientFellBehind()
    {
        _session!.ClientFellBehind();
        ServerMustWait();
    }

    /// <summary>No more of the response can be taken for the moment.</summary>
    public void ServerMustWait()
    {
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
                PinnedServerEnds = Pin is { } pin && (pin.IsLost || _link.PinEnds(_response.ServerKeepsAlive && !_response.MayBodyFollow && Upgrade is null)),
                RequestIsComplete = _request.IsComplete && Method != HttpMethod.Connect,
                ResponseEndIsVisible = endIsVisible,
                StatusCode = statusCode,
                RequestCount = RequestNumber,
                ConnectionAgeMs = _loop.Clock.NowMs - Client.OpenedAtMs,
                ClientHasEnded = Client.EndOfStreamSeen,
                ListenerEnding = _listener.Ending,
                IsFollowed = Behind is not null,
                Pressure = _listener.Pressure,
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
        if (!IsFirstInLine)
            _response.Withdraw();

        // A client whose authenticated connection was closed under its request may repeat it, as it would without a proxy: it is shown the
        // same, an end without an answer (Squid does so, too).
        bool pinWasStale = _link.IsOnPin && error == ProxyError.ServerClosedBeforeResponse;
        if (pinWasStale || _response.State != ResponsePumpState.AwaitingHead || ProxyErrors.Of(error).Status == 0)
        {
            _closeReason = pinWasStale ? CloseReason.PinnedServerClosed : ExchangeFailures.CutReasonOf(error);
            _session!.CutExchange(_response.IsCloseDelimited);
            return;
        }
        int status = ErrorReplies.StatusOf(error, detail);
        _closeReason = ExchangeFailures.AnsweredReasonOf(error, detail, DecideClose(status, endIsVisible: true));
        _response.Answer(error, detail);
        if (_response.IsLost)
        {
            _response.Withdraw();
            _closeReason = CloseReason.ResourceExhausted;
        }
        End();
    }

    /// <summary>The session gives the exchange up; nothing is sent to the client any more.</summary>
    public void Abandon(ProxyError error, CloseReason reason)
    {
        _error = error;
        _closeReason = reason;
        Counters.Add(CounterId.RequestsAborted);
        _response.DropWithheld();
        _link.Release(ExchangeFailures.AbandonedReasonOf(reason), reset: true);
    }

    /// <summary>Leaves a server connection on which earlier exchanges are being answered.</summary>
    public void LeaveServer()
    {
        if (_link.Connection is { State: UpstreamConnectionState.Busy or UpstreamConnectionState.Closing } && !_link.IsEstablished)
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

    /// <summary>Authentication goes over the server connection: it is this client's alone from now on.</summary>
    internal void PinServer() => _link.Connection!.PinTo(_session!.PinForAuthentication());

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
        _session!.ServerIsReady(this);
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
            _session!.EnterTunnel(_link.Connection!);
            return 0;
        }
        if (_authenticatesConnection)
            PinServer();
        bool mayBeFollowed = IsPipelinable && !input.IsEmpty && _listener.PipeliningMax > 1 && Group.Pipelining > 1;
        int used = _request.Start(_link.Connection!, headIsInScratch, _request.HasBodyToKeep && _link.MayBeSentAgain, input, mayBeFollowed);
        AfterRequestBytes();
        return used;
    }

    /// <summary>True when an established connection waits for the request.</summary>
    public bool CanStart => _request.State == RequestPumpState.Holding && _link.IsEstablished;

    public void OnServerTurn(UpstreamConnection connection)
    {
        _times.Connected(_loop.Clock.NowMs);
        ArmResponseTimeout();
    }

    public void OnServerTurnLost(UpstreamConnection connection)
    {
        _link.TurnLost();
        RetryOrFail(ProxyError.ServerClosedBeforeResponse, connection);
    }

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error)
    {
        _link.ConnectFailed();
        RetryOrFail(error == SocketError.TimedOut ? ProxyError.ServerConnectTimeout : ProxyError.ServerConnectFailed, connection);
    }

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        _request.AnswerHasBegun();
        ProxyError error = _response.Feed(bytes);
        if (error != ProxyError.None)
            Fail(error, RejectReason.None);
        else if (_response.IsLost)
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
        else if (_response.State == ResponsePumpState.Complete)
            Finish();
        else if (_response.State == ResponsePumpState.Switched)
            _session!.EnterTunnel(connection);
        else
            ArmResponseTimeout();
    }

    public void OnServerEndOfStream(UpstreamConnection connection)
    {
        ProxyError error = _response.End();
        if (error != ProxyError.None)
            ServerGone(error);
        else if (_response.IsLost)
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
        else
            Finish();
    }

    public void OnServerSendDrained(UpstreamConnection connection)
    {
        _request.ServerCaughtUp();
        _session!.ServerCaughtUp();
    }

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
        if (_request.NothingWasSent && !_response.HasBytes)
        {
            ServerGone(ProxyError.ServerClosedBeforeResponse);
        }
        else if (connection.Tcp!.RanOutOfBuffers)
        {
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
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
        if (_response.State != ResponsePumpState.AwaitingHead)
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

    /// <summary>
    /// GET alone: every answer to it is delimited by what it says itself, while a server that answers HEAD with a body would put that before the
    /// next answer.
    /// </summary>
    private bool IsPipelinable => _runsBesideOthers && Method == HttpMethod.Get;

    /// <summary>Goes over the server connection of the exchange ahead, if it may; else what is held there for this request goes out.</summary>
    private bool TryFollow(Exchange ahead)
    {
        bool isAlike = IsPipelinable && ahead.IsPipelinable && ahead.Group == Group && ahead._request.State == RequestPumpState.Sending;
        if (isAlike && Group.Pipelining > 1 && _link.TryFollow(ahead._link.Connection))
            return true;
        ahead.FlushRequest();
        return false;
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
            case LinkResult.PinIsLost:
                Fail(ProxyError.ServerClosedBeforeResponse, RejectReason.None);
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
        _link.Connection!.ArmResponseTimeout(serverMustAct && !IsOutputBlocked ? Group.ResponseTimeoutMs : 0);
    }

    private bool IsOutputBlocked => IsFirstInLine ? Client.HasQueuedBytes : _response.IsWithheldFull;

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
        ServerCloseReason reason = JudgeConnection();

        // A server that has answered and takes no more would have the rest of the request queued for it for ever.
        bool isReset = reason == ServerCloseReason.SurplusBytes || _request.IsBlocked;
        bool loginLasts = _link.End(reason, isReset, clientGoesOn: _closeReason == CloseReason.None, _response.SurplusBytes);
        if (!loginLasts && _closeReason == CloseReason.None)
            _closeReason = CloseReason.PinnedServerClosed;
        _session!.LastServer = Server;
        End();
    }

    private void End()
    {
        IsOver = true;
        if (IsFirstInLine && !_response.HasWithheld)
            _session!.ExchangeEnded();
    }

    /// <summary>
    /// The guard before a connection is pooled: request fully sent, response fully read by a visible end, no surplus bytes, both sides
    /// agree that the connection goes on, nothing ambiguous. It also stands before the next exchange on a connection that is pipelined on.
    /// </summary>
    private ServerCloseReason JudgeConnection()
    {
        if (_response.HasSurplus && !_link.Connection!.MayAnswerNext)
            return ServerCloseReason.SurplusBytes;
        if (!_request.IsSent || _request.IsBlocked)
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
