using System;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges;

/// <summary>
/// One request and its response: begins it, passes on what either side has, decides whether the client connection lives on, and how it
/// ends. Joins the two pumps and the server's side. Owner: one <see cref="ClientSession"/>, from the request head to the last byte of the
/// response. Thread: the loop. Never parses, never reads the client's socket, never touches the server's.
/// </summary>
internal sealed class Exchange
{
    /// <summary>So many pieces of a cached response go out before other connections have their turn.</summary>
    private const int CachedPiecesPerTurnMax = 16;

    private readonly Listener _listener;
    private readonly EventLoop _loop;
    private readonly RequestPump _request;
    private readonly ResponsePump _response;
    private readonly ExchangeLogText _logText = new();
    private readonly ServerLink _link;
    private ExchangeCaching _caching;
    private RequestFacts _facts;
    private ExchangeTimes _times;
    private CloseReason _closeReason;
    private CachedOutput? _cachedOutput;
    private ProxyError _error;
    private long _receivedBytes;

    public Exchange(Listener listener)
    {
        _listener = listener;
        _loop = listener.Loop;
        _request = new RequestPump(_loop.Pools, listener.Scratch, listener.ReplayBudget);
        _response = new ResponsePump(this, _loop.Pools, listener.Scratch);
        ServerSide = new ServerSide(this, listener, _request, _response);
        _link = ServerSide.Link;
    }

    /// <summary>Whose request it is; null while the object is unused.</summary>
    public ClientSession? Session { get; private set; }

    public TcpConnection Client => Session!.Client;

    /// <summary>Has the server connection, as its user, while no <see cref="Tunnel"/> has it.</summary>
    public ServerSide ServerSide { get; }

    /// <summary>What the request said.</summary>
    public ref readonly RequestFacts Facts => ref _facts;

    public HttpMethod Method => _facts.Method;

    public int ClientMinorVersion => _facts.MinorVersion;

    /// <summary>The protocol that the server was asked to switch to, or null.</summary>
    public byte[]? Upgrade => _facts.Upgrade;

    /// <summary>True when further requests may begin beside this one.</summary>
    public bool RunsBesideOthers => _facts.RunsBesideOthers;

    /// <summary>True when the client announced that nothing follows this request.</summary>
    public bool IsLastOfClient => _facts.IsLastOfClient;

    /// <summary>The next request waits already: the response to it will follow this one shortly.</summary>
    public bool HasReadAhead => _request.IsComplete && (Behind is not null || Session!.HasReadAhead);

    /// <summary>Number of the request on its client connection, from 1.</summary>
    public int RequestNumber { get; private set; }

    /// <summary>True when all earlier requests of the client are answered, so that what comes goes to the client.</summary>
    public bool IsFirstInLine { get; private set; }

    /// <summary>True when this exchange is over but for what waits for its turn to be sent.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The next exchange of the same client connection, or null.</summary>
    internal Exchange? Behind { get; set; }

    public LoopCounters Counters => _listener.Counters;

    public ref readonly ListenerKeepaliveSettings Keepalive => ref _listener.Keepalive;

    /// <summary>Trailer fields that end here: those that Connection names (RFC 9110 7.6.1), or all.</summary>
    public FieldNameMask DroppedTrailers(FieldNameMask named) => _listener.DropsTrailers ? FieldNameMask.All : named;

    /// <summary>Requests that the client connection may carry after this one; negative = no limit.</summary>
    public int RequestsLeft => Keepalive.MaxRequests == 0 ? -1 : Keepalive.MaxRequests - RequestNumber;

    /// <summary>True when an established server connection waits for the request.</summary>
    public bool CanStart => ServerSide.CanStart;

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool RequestIsComplete => _request.IsComplete;

    /// <summary>True once the whole request has gone out on the present server connection.</summary>
    public bool RequestIsSent => _request.IsSent;

    /// <summary>True while body bytes are wanted and can be passed on.</summary>
    public bool WantsRequestBody => !_request.IsComplete && _request.State != RequestPumpState.Holding && !_request.IsBlocked;

    /// <summary>
    /// True while the client waits for 100 Continue before it sends the body: the server must act, not the client (RFC 9110 10.1.1).
    /// </summary>
    public bool AwaitsContinue => _facts.ExpectsContinue && !_response.HasInterim && _request.BodyBytes == 0 && !_request.IsComplete;

    /// <summary>True while no more of the response can be taken: the client, or what waits for its turn, has enough.</summary>
    public bool IsOutputBlocked => IsFirstInLine ? Client.HasQueuedBytes : _response.IsWithheldFull;

    /// <summary>True when only a reset tells the client that the response is cut.</summary>
    public bool IsCloseDelimited => _response.IsCloseDelimited;

    /// <summary>What the log says about this exchange besides its times.</summary>
    public ExchangeLogText LogText => _logText;

    public ref readonly ExchangeTimes Times => ref _times;

    public UpstreamServer? Server => _link.Server;

    /// <summary>Where the request goes.</summary>
    public UpstreamGroup Group => _link.Group!;

    /// <summary>The connection on which the client has authenticated; null when it never has.</summary>
    public PinnedServer? Pin => Session!.Pin;

    /// <summary>The server of the client connection's previous request, or null.</summary>
    public UpstreamServer? LastServer => Session!.LastServer;

    /// <summary>The time, as Date says it.</summary>
    public byte[] Date => _loop.Date.Now;

    /// <summary>What this proxy serves, for Allow.</summary>
    public ReadOnlySpan<byte> AllowedMethods => _listener.Forwarding.AllowedMethods;

    /// <summary>Pseudonym for the Via field of the response, or null.</summary>
    public byte[]? ResponseVia => _listener.Forwarding.ResponseVia;

    /// <summary>What the stickiness cookie came to.</summary>
    public ref Stickiness Sticky => ref _link.Sticky;

    /// <summary>What becomes of the stickiness cookie in the response; one of the cache is no server's.</summary>
    public StickyResponse StickyResponse => _caching.IsHit ? default : _link.StickyResponse;

    /// <summary>What the cache does for this exchange.</summary>
    public ref ExchangeCaching Caching => ref _caching;

    public int StatusCode => _response.StatusCode;

    public long SentBytes => _response.SentBytes;

    /// <summary>Of these the content, without heads and framing.</summary>
    public long SentBodyBytes => _response.SentBodyBytes;

    /// <summary>Bytes of the client that belong to this request: its head, its body as it came, or what went into its tunnel.</summary>
    public long ReceivedBytes => _receivedBytes;

    /// <summary>Where the request began to wait for a server.</summary>
    public QueuePlaces QueuePlaces => _link.QueuePlaces;

    public ProxyError Error => _error;

    /// <summary>The rule of syntax or framing by which the request, or what the server sent, was refused; None when neither was.</summary>
    public RejectReason Rejection { get; private set; }

    public CloseReason CloseReason => _closeReason;

    public int Attempts => _link.Attempts;

    /// <summary>Why it was sent again the last time.</summary>
    public RetryCause RetryCause => _link.RetryCause;

    /// <summary>What the log needs to know about the server connection; valid until <see cref="Release"/>.</summary>
    public ServerConnectionFacts ConnectionFacts => _link.Facts;

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
        ListenerForwarding forwarding = _listener.Forwarding;
        Session = session;
        RequestNumber = session.RequestCount;
        IsFirstInLine = ahead is null;
        IsOver = false;
        _closeReason = CloseReason.None;
        _error = ProxyError.None;
        Rejection = RejectReason.None;
        _receivedBytes = intake.HeadBytes;
        _times.Begin(startedAtMs, _loop.Clock.NowMs);
        _facts = new RequestFacts(head, intake, forwarding.AcceptedUpgrade(bytes, head, intake));
        _link.Begin(intake.Group!, Method, StickyRequest.Read(bytes, head.Fields, intake.Group!), session.Address);
        _response.Begin(_listener.Limits.ResponseBodyBytes);
        if (_listener.AccessLog is { } log)
            _logText.Take(_loop.Pools, bytes, head, log.WantsFields);
        if (intake.MaxForwards == 0)
        {
            AnswerAsLast(bytes, head, intake.Framing);
            return 0;
        }
        if (_caching.Begin(this, bytes, head, intake, _listener.Limits.ResponseBodyBytes) is not CacheAnswer.Miss and var answer)
        {
            EndInCache(answer);
            return 0;
        }
        if (!forwarding.TryWriteHead(bytes, head, intake, Upgrade, session.Address, out int headBytes))
        {
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
            return 0;
        }
        if (!_request.TryBegin(headBytes, intake.Framing, _listener.Limits.BodyBytes, Group.ReplayBytesMax,
            DroppedTrailers(intake.Options.NamedFields)))
        {
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
            return 0;
        }
        return CountReceived(ServerSide.Begin(ahead, bytes[intake.HeadBytes..]));
    }

    /// <summary>Sends the request on the established connection, with what has arrived of the body; see <see cref="ServerSide.Start"/>.</summary>
    public int StartRequest(bool headIsInScratch, ReadOnlySpan<byte> input) => CountReceived(ServerSide.Start(headIsInScratch, input));

    /// <summary>Sends what is held of the request because more was expected to go with it.</summary>
    public void FlushRequest() => ServerSide.Flush();

    /// <summary>Bytes of the request body, or what follows it. Returns how many were used.</summary>
    public int FeedRequest(ReadOnlySpan<byte> bytes) => _request.IsComplete ? 0 : CountReceived(ServerSide.Feed(bytes));

    /// <summary>Bytes of a tunnel that went to the client.</summary>
    public void CountTunnelBytes(int bytes) => _response.CountTunnelBytes(bytes);

    /// <summary>Bytes of the client that were taken for this request, or for its tunnel. Returns them.</summary>
    public int CountReceived(int bytes)
    {
        _receivedBytes += bytes;
        return bytes;
    }

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
        if (!_caching.IsHit)
            return ClientCaughtUp();
        PassCachedSoon();
        return false;
    }

    /// <summary>The client takes bytes again. True when the exchange is over and nothing of it is left to be sent.</summary>
    public bool ClientCaughtUp()
    {
        if (_response.HasWithheld && !_response.FlushWithheld())
        {
            Session!.ClientFellBehind();
            return false;
        }
        if (IsOver)
            return true;
        if (Client.HasQueuedBytes)
            ClientFellBehind();
        else if (_caching.IsHit)
            return PassCached();
        else
            ServerSide.Resume();
        return false;
    }

    /// <summary>The client does not take what it was sent: the server must wait.</summary>
    public void ClientFellBehind()
    {
        Session!.ClientFellBehind();
        ServerMustWait();
    }

    /// <summary>No more of the response can be taken for the moment.</summary>
    public void ServerMustWait() => ServerSide.Pause();

    /// <summary>The final response head was read.</summary>
    public void ResponseHeadRead() => _times.ResponseHead(_loop.Clock.NowMs);

    /// <summary>Decides, when the response head is written, whether the client connection lives on.</summary>
    public CloseReason DecideClose(int statusCode, bool endIsVisible)
    {
        _closeReason = KeepAliveVerdict.Decide(
            new KeepAliveFacts
            {
                ClientMinorVersion = ClientMinorVersion,
                RequestSaysClose = _facts.SaysClose,
                RequestSaysKeepAlive = _facts.SaysKeepAlive,
                PinnedServerEnds = Pin is { } pin
                && (pin.IsLost || _link.PinEnds(_response.ServerKeepsAlive && !_response.IsDoubtful && Upgrade is null)),
                RequestIsComplete = _request.IsComplete && Method != HttpMethod.Connect,
                ResponseEndIsVisible = endIsVisible,
                StatusCode = statusCode,
                RequestCount = RequestNumber,
                ConnectionAgeMs = _loop.Clock.NowMs - Client.OpenedAtMs,
                ClientHasEnded = Session!.ClientHasEnded,
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
        Rejection = error is ProxyError.ServerBadResponse or ProxyError.ServerBadBody ? _response.Fault : detail;
        ServerSide.Fail(error);

        // Known only now, with the addresses of the name: counted like what the head alone had refused.
        if (error == ProxyError.DestinationRefused)
            RequestIntake.CountRefusal(Counters, error, detail);
        if (!IsFirstInLine)
            _response.Withdraw();

        // A client whose authenticated connection was closed under its request may repeat it, as it would without a proxy: it is shown the
        // same, an end without an answer (Squid does so, too).
        bool pinWasStale = _link.IsOnPin && error == ProxyError.ServerClosedBeforeResponse;
        if (pinWasStale || _response.State != ResponsePumpState.AwaitingHead || ProxyErrors.Of(error).Status == 0)
        {
            _closeReason = pinWasStale ? CloseReason.PinnedServerClosed : ExchangeFailures.CutReasonOf(error);
            Session!.CutExchange(_response.IsCloseDelimited);
            return;
        }
        int status = ErrorReplies.StatusOf(error, detail);
        _closeReason = ExchangeFailures.AnsweredReasonOf(error, detail, DecideClose(status, endIsVisible: true));
        _response.Answer(error, detail);
        EndAnswered();
    }

    /// <summary>The session gives the exchange up; nothing is sent to the client any more.</summary>
    public void Abandon(ProxyError error, CloseReason reason)
    {
        _error = error;
        _closeReason = reason;
        Counters.Add(CounterId.RequestsAborted);
        _response.DropWithheld();
        ServerSide.Abandon(reason);
    }

    /// <summary>Leaves a server connection on which earlier exchanges are being answered.</summary>
    public void LeaveServer() => ServerSide.LeaveLine();

    /// <summary>Gives everything back; called by the session once the exchange is logged.</summary>
    public void Release()
    {
        _link.Release(ServerCloseReason.Ambiguous, reset: false);
        _caching.Release();
        _request.Release();
        _response.Release();
        _logText.Release(_loop.Pools);
        Session = null;
    }

    /// <summary>Authentication goes over the server connection: it is this client's alone from now on.</summary>
    internal void PinServer() => _link.Connection!.PinTo(Session!.PinForAuthentication());

    /// <summary>The link chose a server for the next try.</summary>
    internal void ServerChosen() => _times.ServerChosen(_loop.Clock.NowMs);

    /// <summary>The request can go out on a server connection, or its turn has come on one.</summary>
    internal void ServerConnected()
    {
        _times.Connected(_loop.Clock.NowMs);
        _caching.RequestGoesOut();
    }

    /// <summary>The response has been passed on, or withheld, to its last byte.</summary>
    internal void Finish()
    {
        bool loginLasts = ServerSide.End(clientGoesOn: _closeReason == CloseReason.None);
        if (!loginLasts && _closeReason == CloseReason.None)
            _closeReason = CloseReason.PinnedServerClosed;
        Session!.LastServer = Server;
        End();
    }

    /// <summary>No server is needed: the response follows at the end of the turn, or when it is its turn.</summary>
    private void EndInCache(CacheAnswer answer)
    {
        _request.BeginUnsent();
        ServerChosen();
        ServerConnected();
        if (answer == CacheAnswer.Refused)
            Fail(ProxyError.NotCached, RejectReason.None);
        else if (IsFirstInLine)
            PassCachedSoon();
    }

    /// <summary>
    /// The request may not be forwarded any more, so that it is answered here. Behind a body, which nobody reads, no other request can be told
    /// apart: then the connection ends with the answer.
    /// </summary>
    private void AnswerAsLast(ReadOnlySpan<byte> bytes, RequestHead head, BodyFraming framing)
    {
        if (framing.Kind == BodyKind.None || (framing.Kind == BodyKind.Length && framing.LengthBytes == 0))
            _request.BeginUnsent();
        DecideClose(statusCode: 200, endIsVisible: true);
        if (_response.TryAnswerAsLast(bytes, head))
            EndAnswered();
        else
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
    }

    /// <summary>An answer of the proxy's own was given.</summary>
    private void EndAnswered()
    {
        if (_response.IsLost)
        {
            _response.Withdraw();
            _closeReason = CloseReason.Resource;
        }
        End();
    }

    private void PassCachedSoon() => _loop.Soon(_cachedOutput ??= new CachedOutput(this));

    /// <summary>
    /// Passes the next pieces of a cached response on; the rest follows in the next turn, or when the client has taken these. True when that was all.
    /// </summary>
    private bool PassCached()
    {
        for (int piece = 0; piece < CachedPiecesPerTurnMax && !Client.HasQueuedBytes; piece++)
        {
            ProxyError error = _response.Feed(_caching.NextBytes());
            if (error != ProxyError.None)
            {
                Fail(error, RejectReason.None);
                return false;
            }
            if (_response.State == ResponsePumpState.Complete)
                return IsOver = true;
        }
        PassCachedSoon();
        return false;
    }

    private void End()
    {
        IsOver = true;
        if (IsFirstInLine && !_response.HasWithheld)
            Session!.ExchangeEnded();
    }
}
