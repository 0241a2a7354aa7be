using System;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Caching;
using NativeProxy.Exchanges.Cached;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;
using NativeProxy.Routing;
using NativeProxy.Tunnels;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges;

/// <summary>
/// One request and its response: asks the cache, brings the request on its way to a server, passes on what either side says, and decides how it
/// ends. Owner: the <see cref="ClientStream"/> that it is the user of, from the request head to the last byte of the response; one object serves
/// many, one after another. Thread: the loop. Never sees a socket, a version of HTTP, or a position in a pipeline.
/// </summary>
internal sealed class Exchange : IClientStreamUser, IRequestPathUser, IResponsePathUser, ITunnelOwner
{
    private readonly RequestService _service;
    private readonly ClientStream _client;
    private readonly RequestPath _path;
    private readonly ResponsePath _response;
    private readonly ExchangeNotes _notes;
    private bool _expectsContinue;
    private Route? _route;
    private Tunnel? _tunnel;

    /// <summary>What limits say to the request; null until one comes that is limited.</summary>
    private RequestLimits? _limits;

    /// <summary>What pages of other sites are told; null until a request comes by a route that says something of them.</summary>
    private CrossOriginNote? _crossOrigin;

    public Exchange(ClientStream client, RequestService service)
    {
        _client = client;
        _service = service;
        _notes = new ExchangeNotes(service.Loop, service.Trace);
        _response = new ResponsePath(this, client, _notes, service.Loop);
        _path = new RequestPath(this, _response, service.Streams, service.Loop, service.Counters, service.ReplayBudget);
    }

    public bool WantsBody => _path.WantsBody;

    public bool AwaitsFirstPiece => _path.CanStart;

    public bool AwaitsContinue => _expectsContinue && !_response.HasInterim && _path.BodyBytes == 0 && !_path.IsComplete;

    public bool IsWorthFinishing => _response.Caching.IsFilling;

    public PinnedServer? Pin => (PinnedServer?)_client.Connection.Bond;

    public UpstreamServer? LastServer => (UpstreamServer?)_client.Connection.LastServer;

    public StickyResponse StickyResponse => _path.Link.StickyResponse;

    public OwnFields OwnFields => new()
    {
        LimitLines = _limits is null ? default : _limits.Lines,
        CrossOriginLines = _crossOrigin is null ? default : _crossOrigin.Lines,
        Trace = _notes.ToldTrace,
    };

    public bool BondEnds => Pin is { } pin && (pin.IsLost || _path.Link.PinEnds);

    public void Begin(ReadOnlySpan<byte> bytes, RequestHead head, object route, IClientStreamUser? ahead, bool moreFollows)
    {
        if (_route != route)
            _route = (Route)route;
        _notes.NameRequest(bytes, head);
        RequestTerms terms = TermsOf(bytes, head);
        _expectsContinue = terms.ExpectsContinue;
        Stick(bytes, head);
        _notes.Begin(_client.StartedMs, _path.Link.Sticky.RequestLetter);
        _service.AccessLog?.Take(_notes, _service.Loop.Pools, bytes, head);
        bool isPreflight = _route.CrossOrigin is not null && (_crossOrigin ??= new CrossOriginNote()).Begin(_route.CrossOrigin, bytes, head);
        if (_route.Limits is not null && !TryPassLimits(bytes, head, terms))
            return;
        CacheAnswer answer = _response.Begin(_route, bytes, head, isOwn: Pin is { IsHeld: true } || terms.Upgrade is not null);
        if (_route.Refusal != ProxyError.None)
        {
            _path.BeginUnsent(_route.Upstream, terms);
            _path.Skip();
            Fail(_route.Refusal, RejectReason.None);
        }
        else if (_route.IsAnswered || isPreflight)
        {
            AnswerItself(bytes, head, terms, isPreflight ? _route.CrossOrigin!.Preflight : _route.Answer);
        }
        else if (head.MaxForwards == 0)
        {
            _path.BeginUnsent(_route.Upstream, terms);
            if (!_client.TryAnswerAsLast(bytes, head, OwnFields))
                Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
        }
        else if (answer != CacheAnswer.Miss)
        {
            EndInCache(answer, terms, isFirst: ahead is null);
        }
        else if (TryBeginPath(bytes, head, terms))
        {
            if (_limits is { WaitMs: > 0 })
                _limits.Wait();
            else
                _path.Open((ahead as Exchange)?._path, moreFollows);
        }
    }

    public void OnClientBody(in BodyPiece piece)
    {
        if (!piece.TrailerLines.IsEmpty && _route!.DropsTrailers)
            _path.Send(piece.WithoutTrailers());
        else
            _path.Send(piece);
    }

    public void OnClientBodyRefused(ProxyError error, RejectReason detail) => Fail(error, detail);

    public void OnInputRead() => _path.Flush();

    public void OnClientBlocked()
    {
        _response.Pause();
        _path.Stream.Pause();
    }

    public void OnClientDrained()
    {
        if (_response.Caching.IsHit)
            _response.ResumeCached();
        else
            _path.Stream.Resume();
    }

    public void LeaveServer()
    {
        EndTunnel();
        _path.Stream.LeaveLine();
    }

    public void OnClientGone(ProxyError error, CloseReason reason)
    {
        _notes.Failed(error, RejectReason.None);
        EndTunnel();
        if (reason != CloseReason.ClientAborted || !TryFetchAlone())
            _path.Link.Release(ServerFailures.AbandonedReasonOf(reason), reset: true);
    }

    public void OnStreamEnded()
    {
        if (!_route!.IsProbe)
            _service.Log(_client, _path, _response.Caching.IsHit, _notes);
        _limits?.End(_client.StatusCode);
        _crossOrigin?.End();
        bool hasBeenOut = _path.Link.HasBeenOut;
        _path.Release();
        _response.Release(hasBeenOut);
        _notes.Release(_service.Loop.Pools);
    }

    /// <summary>The server connection is this client's alone from now on.</summary>
    public void OnAuthenticates()
    {
        ClientConnection connection = _client.Connection;
        connection.Bond ??= new PinnedServer(connection);
        _path.Stream.PinTo(Pin!);
    }

    public void OnTunnelReady()
    {
        _notes.ResponseHead();
        _client.OpenTunnel();
        OnProtocolSwitched(default);
    }

    public void OnWantsBody() => _client.ResumeBody();

    public bool EndsWithoutClient() => _client.EndIfClientLeft();

    public void OnFailed(ProxyError error, RejectReason detail) => Fail(error, detail);

    public void OnTunnelBytes(int fromClient, int toClient) => _client.CountTunnel(fromClient, toClient);

    public void OnTunnelEnded(TunnelEnd end)
    {
        _tunnel = null;
        _path.Stream.TakeBack();
        CloseReason reason = end == TunnelEnd.Silent ? CloseReason.TunnelTimeout : CloseReason.TunnelEnded;
        if (reason == CloseReason.TunnelEnded)
            _path.Link.Release(ServerCloseReason.UpgradeEnded, reset: false);
        _client.TakeBack(reason);
    }

    public void OnResponsePassed()
    {
        ServerCloseReason reason = _path.Stream.Judge();
        _response.Caching.End(isClean: reason is ServerCloseReason.None or ServerCloseReason.ServerSaid);
        bool loginLasts = _path.Link.End(reason, clientGoesOn: _client.CloseReason == CloseReason.None);
        if (_route!.Upstream.Rules.PrefersLastServer)
            _client.Connection.LastServer = _path.Link.Server;
        _client.End(loginLasts ? CloseReason.None : CloseReason.PinnedServerClosed);
    }

    /// <summary>
    /// The exchange cannot go on: the client is told so if the response has not begun, else its connection is cut.
    /// </summary>
    private void Fail(ProxyError error, RejectReason detail)
    {
        _notes.Failed(error, detail);

        // A client whose authenticated connection was closed under its request may repeat it, as it would without a proxy: it is shown the
        // same, an end without an answer (Squid does so, too).
        bool pinWasStale = _path.Link.IsOnPin && error == ProxyError.ServerClosedBeforeResponse;
        _path.Fail(error);

        // Known only now: the addresses of the name, or the length of the body. Counted like what the head alone had refused.
        if (error is ProxyError.DestinationRefused or ProxyError.RequestBodyTooLarge or ProxyError.AccessDenied or ProxyError.ClosedByRoute)
            ClientFailures.CountRefusal(_service.Counters, error, detail);
        _client.Withdraw();
        if (pinWasStale || _client.HasBegun || ProxyErrors.Of(error).Status == 0)
        {
            _client.Cut(pinWasStale ? CloseReason.PinnedServerClosed : ClientFailures.CutReasonOf(error));
            return;
        }
        _client.BondEnds = BondEnds;

        // What a server has done wrong is for the log: the client cannot mend it.
        RejectReason told = error is ProxyError.ServerBadResponse or ProxyError.ServerBadBody ? RejectReason.None : detail;
        _client.Answer(error, told, _route!.ErrorPages, statusCode: 0, OwnFields);
    }

    private RequestTerms TermsOf(ReadOnlySpan<byte> bytes, RequestHead head) => new()
    {
        Method = head.MethodKind,
        Upgrade = _route!.Forwarding.AcceptedUpgrade(bytes, head),
        ExpectsContinue = head.ExpectsContinue,
        AuthenticatesConnection = head.AuthenticatesConnection,
        IsPipelinable = head is { MethodKind: HttpMethod.Get, Body.HasBody: false, OffersUpgrade: false, AuthenticatesConnection: false },
        BodyBytesMax = _route.RequestBodyBytesMax,
        HashKey = _route.Upstream.Rules.HashKey is { } key ? key.Of(bytes, head, _client.Client) : RequestKey.None,
        Queue = new QueueTerms(_route.QueuePriority, _route.QueueTimeoutMs),
        ResponseTimeoutMs = _route.ResponseTimeoutMs,
    };

    /// <summary>Asks cookie and table which server is meant.</summary>
    private void Stick(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        UpstreamGroup group = _route!.Upstream;
        ref Stickiness sticky = ref _path.Link.Sticky;
        if (group.Rules.IsSticky)
            sticky = Stickiness.Of(bytes, head, group, _client.Client, _service.Loop.Clock);
        else if (sticky.IsOn)
            sticky = default;
    }

    /// <summary>Asks the limits of the route; a request that is too many is answered. False then.</summary>
    private bool TryPassLimits(ReadOnlySpan<byte> bytes, RequestHead head, in RequestTerms terms)
    {
        _limits ??= new RequestLimits(_service.Loop, _service.Counters, OnWaited);
        bool passes = _limits.TryBegin(_route!.Limits!, bytes, head, _client.Client, WaitMsMax(head));
        _notes.LimitLogId = _limits.LogId;
        if (passes)
            return true;
        _path.BeginUnsent(_route.Upstream, terms);
        _path.Skip();
        _notes.Failed(ProxyError.RateLimited, RejectReason.None);
        _client.BondEnds = BondEnds;
        _client.Answer(ProxyError.RateLimited, RejectReason.None, _route.ErrorPages, _limits.StatusCode, OwnFields);
        return false;
    }

    /// <summary>What needs no server has nothing to wait for.</summary>
    private long WaitMsMax(RequestHead head)
    {
        if (_route!.IsAnswered || head.MaxForwards == 0)
            return 0;
        long queueMs = _route.QueueTimeoutMs > 0 ? _route.QueueTimeoutMs : _route.Upstream.Rules.QueueTimeoutMs;
        return queueMs > 0 ? queueMs : int.MaxValue;
    }

    /// <summary>The request has waited because of a limit.</summary>
    private void OnWaited()
    {
        if (!_client.EndIfClientLeft())
            _path.Open(ahead: null, moreFollows: false, isLate: true);
    }

    /// <summary>The route knows the answer, or, where that is null, another address.</summary>
    private void AnswerItself(ReadOnlySpan<byte> bytes, RequestHead head, in RequestTerms terms, FixedAnswer? answer)
    {
        _path.BeginUnsent(_route!.Upstream, terms);
        _path.Skip();
        _service.Counters.Add(CounterId.ResponsesByProxy);
        if (answer is null)
            _response.Answer(_route.Redirect!, bytes, head, _client.Client);
        else
            _response.Answer(answer);
    }

    /// <summary>No server is needed: the response follows at the end of the turn, or when it is its turn.</summary>
    private void EndInCache(CacheAnswer answer, in RequestTerms terms, bool isFirst)
    {
        _path.BeginUnsent(_route!.Upstream, terms);
        _path.Skip();
        if (answer == CacheAnswer.Refused)
            Fail(ProxyError.NotCached, RejectReason.None);
        else if (isFirst)
            _response.ResumeCached();
    }

    /// <summary>
    /// Says the request without its wire, for whichever server gets it. False when it cannot be kept; then the exchange has failed.
    /// </summary>
    private bool TryBeginPath(ReadOnlySpan<byte> bytes, RequestHead head, in RequestTerms terms)
    {
        bool fits = _route!.Forwarding.TryWrite(bytes, head, _route, _client.Client, _service.Scratch, out RequestToServer request);
        fits &= request.Text.Length + (terms.Upgrade?.Length ?? 0) <= _service.Scratch.RequestBytesMax;
        bool isKept = _path.TryBegin(_route.Upstream, terms, request);
        if (!fits)
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
        else if (!isKept)
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
        return fits && isKept;
    }

    public void OnProtocolSwitched(ReadOnlySpan<byte> rest)
    {
        _tunnel = new Tunnel(_service.Loop, _service.Counters, this);
        _tunnel.TakeServer(_path.Stream.HandOver(_tunnel), new TunnelTimes(_route!.TunnelTimeoutMs, _route.TunnelTimeoutMs));
        _client.HandOver(_tunnel);
        if (!rest.IsEmpty)
            _tunnel.PassFromServer(rest);
    }

    private void EndTunnel()
    {
        if (_tunnel is null)
            return;
        _tunnel.GiveBack();
        _tunnel = null;
        _path.Stream.TakeBack();
    }

    /// <summary>What the server has kept for a client that is gone is read on without it, where half-closed clients are answered, too.</summary>
    private bool TryFetchAlone() =>
        _response.Caching.IsFilling && _service.MayFetchAlone && _service.CacheFetches.TryBegin(_path.Stream, ref _response.Caching);
}
