using System;
using System.Runtime.CompilerServices;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Caching;
using NativeProxy.Exchanges.Cached;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Mirrored;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Rewriting;
using NativeProxy.Routing;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>
/// One request and its response: asks the cache, brings the request on its way to a server, passes on what either side says, and decides how it
/// ends. Owner: the <see cref="ClientStream"/> that it is the user of, from the request head to the last byte of the response; one object serves
/// many, one after another. Thread: the loop. Never sees a socket, a version of HTTP, or a position in a pipeline.
/// </summary>
internal sealed class Exchange : IClientStreamUser, IRequestPathUser, IResponsePathUser, IAdmissionUser
{
    private readonly RequestService _service;
    private readonly ClientStream _client;
    private readonly ResponsePath _response;
    private readonly ExchangeNotes _notes;
    private bool _expectsContinue;
    private Route? _route;
    private RequestPath _path;
    private Hedge? _hedge;

    /// <summary>A copy that goes to other servers, while it takes pieces of the body; else null.</summary>
    private MirrorCopy? _mirror;

    /// <summary>Null until a request comes that has to be let in.</summary>
    private RequestAdmission? _admission;

    /// <summary>Null until a request comes whose route says how long it may take.</summary>
    private TotalTimeout? _total;

    /// <summary>Null until a request comes that becomes a tunnel.</summary>
    private ExchangeTunnel? _tunnel;

    public Exchange(ClientStream client, RequestService service)
    {
        _client = client;
        _service = service;
        _notes = new ExchangeNotes(service.Loop, service.Trace);
        _response = new ResponsePath(this, client, _notes, service);
        _path = MakePath();
    }

    public bool WantsBody => _path.WantsBody;

    public bool AwaitsFirstPiece => _path.CanStart;

    public bool AwaitsContinue => _expectsContinue && !_response.HasInterim && _path.BodyBytes == 0 && !_path.IsComplete;

    public bool IsWorthFinishing => _response.Caching.IsFilling;

    public PinnedServer? Pin => (PinnedServer?)_client.Connection.Bond;

    public UpstreamServer? LastServer => (UpstreamServer?)_client.Connection.LastServer;

    public StickyResponse StickyResponse => _path.Link.StickyResponse;

    public void AddTo(OwnFields own) => _admission?.AddTo(own);

    public string ServerName => _path.Link.Server?.Name ?? "";

    public bool BondEnds => Pin is { } pin && (pin.IsLost || _path.Link.PinEnds);

    public void Begin(ReadOnlySpan<byte> bytes, RequestHead head, object route, IClientStreamUser? ahead, bool moreFollows)
    {
        if (_route != route)
            _route = (Route)route;
        if (_notes.Trace is not null)
            _notes.NameRequest(bytes, head);
        RequestTerms terms = RequestTerms.Of(bytes, head, _route, _client.Client);
        _expectsContinue = terms.ExpectsContinue;
        ref Stickiness sticky = ref _path.Link.Sticky;
        if (_route.Upstream.Rules.IsSticky || sticky.IsOn)
            Stickiness.Ask(ref sticky, bytes, head, _route.Upstream, _client.Client, _service.Loop.Clock);
        _notes.Begin(_client.StartedMs, sticky.RequestLetter);
        _service.AccessLog?.Take(_route, _notes, _service.Loop.Pools, bytes, head);
        if (_route.HasAdmission && !TryAdmit(bytes, head, terms))
            return;
        CacheAnswer answer = _response.Begin(_route, bytes, head, isOwn: Pin is { IsHeld: true } || terms.Upgrade is not null);
        if (_route.EndsHere || head.MaxForwards == 0)
            EndHere(bytes, head, terms);
        else if (answer != CacheAnswer.Miss)
            EndInCache(answer, terms, isFirst: ahead is null);
        else if (TryBeginPath(bytes, head, terms) && _admission?.TryWait() != true)
            _path.Open((ahead as Exchange)?._path, moreFollows);
    }

    public void OnClientBody(in BodyPiece piece)
    {
        if (_mirror is not null && !_mirror.TryAdd(piece))
            _mirror = null;
        if (!piece.TrailerLines.IsEmpty && _route!.Forwarding.DropsTrailers)
            _path.Send(piece.WithoutTrailers());
        else
            _path.Send(piece);
    }

    public void OnClientBodyRefused(ProxyError error, RejectReason detail) => Fail(error, detail);

    public void Describe(ref AskerFacts asker)
    {
        if (asker.ClientConnectionId == 0)
            asker = RecordedAsker.On(_client.Connection, _client.Client) with { RequestNumber = _client.RequestNumber };
        asker.Route = _route!.LogIds.Name;
        asker.Upstream = _route!.Upstream.Name;
    }

    public void OnInputRead() => _path.Flush();

    public void OnClientBlocked()
    {
        _response.Pause();
        _path.Stream.Pause();
        _hedge?.Pause();
    }

    public void OnClientDrained()
    {
        if (_response.Caching.IsHit)
            _response.ResumeCached();
        else
            _path.Stream.Resume();
        _hedge?.Resume();
    }

    public void LeaveServer()
    {
        _tunnel?.End();
        _path.Stream.LeaveLine();
    }

    public void OnClientGone(ProxyError error, CloseReason reason)
    {
        _notes.Failed(error, RejectReason.None);
        _tunnel?.End();
        _hedge?.End();

        // What the server has kept for a client that is gone is read on without it, where half-closed clients are answered, too.
        bool goesOnAlone = reason == CloseReason.ClientAborted && _response.Caching.IsFilling && _service.MayFetchAlone
            && _service.Stock.CacheFetches.TryBegin(_path.Stream, ref _response.Caching);
        if (!goesOnAlone)
            _path.Link.Release(ServerFailures.AbandonedReasonOf(reason), reset: true);
    }

    public void Describe(SessionFacts facts)
    {
        ExchangeView.Describe(facts, _route!, _client, _path, _notes);
        facts.EndsBy("timeouts.total", _total?.DueMs ?? -1);
        facts.EndsBy("timeouts.tunnel", _tunnel?.DueMs ?? -1);
    }

    public void OnStreamEnded()
    {
        if (!_route!.IsProbe)
            _service.Log(_route, _client, _path, _response.Caching.IsHit, _notes);
        _admission?.End(_client.StatusCode);
        _mirror?.Abandon();
        _mirror = null;
        _hedge?.End();
        _total?.End();
        bool hasBeenOut = _path.Link.HasBeenOut;
        _path.Release();
        _response.Release(hasBeenOut);
        _notes.Release(_service.Loop.Pools);
    }

    /// <summary>The server connection is this client's alone from now on.</summary>
    public void OnAuthenticates() => _path.Stream.PinTo(PinnedServer.Of(_client.Connection));

    public void OnTunnelReady()
    {
        _notes.ResponseHead();
        _client.OpenTunnel();
        OnProtocolSwitched(default);
    }

    public void OnWantsBody() => _client.ResumeBody();

    public bool EndsWithoutClient() => _client.EndIfClientLeft();

    public void OnFailed(ProxyError error, RejectReason detail) => Fail(error, detail);

    public void OnResponsePassed()
    {
        _total?.End();
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
    private void Fail(ProxyError error, RejectReason detail, int statusCode = 0)
    {
        _notes.Failed(error, detail);

        // A client whose authenticated connection was closed under its request may repeat it, as it would without a proxy: it is shown the
        // same, an end without an answer (Squid does so, too).
        bool pinWasStale = _path.Link.IsOnPin && error == ProxyError.ServerClosedBeforeResponse;
        _path.Fail(error);
        _total?.End();
        _hedge?.End();
        _admission?.StopWaiting();

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
        _client.Answer(error, told, _route!.ErrorPages, statusCode, _response.WithRules(OwnFields(), error, statusCode));
    }

    /// <summary>What the client is told of its request in an answer that no server gives.</summary>
    private OwnFields OwnFields() => ResponseWords.Begun(_service.OwnFields, _notes.ToldTrace, this);

    private RequestPath MakePath() => new(this, _response, _service.Streams, _service.Loop, _service.Counters, _service.Stock.ReplayBudget);

    /// <summary>Whether the request goes on at once; if not, it is answered, or waits.</summary>
    private bool TryAdmit(ReadOnlySpan<byte> bytes, RequestHead head, in RequestTerms terms)
    {
        Admission admission = (_admission ??= new RequestAdmission(_service, this)).Begin(_route!, bytes, head, _client.Client);
        _notes.LimitLogId = _admission.LimitLogId;
        if (admission == Admission.Granted)
            return true;
        _response.Begin(_route!, bytes, head, isOwn: true);
        if (admission == Admission.Pending && !_route!.EndsHere)
        {
            TryBeginPath(bytes, head, terms, mayMirror: false);
            return false;
        }
        _path.BeginUnsent(_route!.Upstream, terms);
        _path.Skip();
        if (admission == Admission.Preflight)
            _response.Answer(_route.CrossOrigin!.Preflight);
        else if (admission == Admission.Limited)
            Fail(_admission.LimitError, RejectReason.None, _admission.LimitStatusCode);
        else if (admission != Admission.Pending)
            Fail(admission == Admission.TooManyLogins ? ProxyError.TooManyLogins : ProxyError.LoginRequired, RejectReason.None);
        else if (_route.Redirect is not null)
            _admission.Hold(_route.Redirect.WriteHead(bytes, head, _client.Client, out _));
        return false;
    }

    void IAdmissionUser.OnWaited()
    {
        if (!_client.EndIfClientLeft())
            _path.Open(ahead: null, moreFollows: false, isLate: true);
    }

    void IAdmissionUser.OnLogin(bool isRight)
    {
        if (_client.EndIfClientLeft())
            return;
        if (!isRight)
            Fail(ProxyError.LoginRequired, RejectReason.None);
        else if (_route!.Refusal != ProxyError.None)
            Fail(_route.Refusal, RejectReason.None);
        else if (_route.Answer is { } answer)
            _response.Answer(answer);
        else if (_route.Redirect is not null)
            _response.Answer(_route.Redirect, _admission!.HeldRedirect);
        else if (!_admission!.TryWait())
            _path.Open(ahead: null, moreFollows: false, isLate: true);
    }

    /// <summary>The route refuses, or answers by itself, or the client wants the proxy's own answer.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndHere(ReadOnlySpan<byte> bytes, RequestHead head, in RequestTerms terms)
    {
        _path.BeginUnsent(_route!.Upstream, terms);
        if (_route.EndsHere)
            _path.Skip();
        if (_route.Refusal != ProxyError.None)
            Fail(_route.Refusal, RejectReason.None);
        else if (_route.Answer is { } known)
            _response.Answer(known);
        else if (_route.Redirect is { } redirect)
            _response.Answer(redirect, bytes, head, _client.Client);
        else if (!_client.TryAnswerAsLast(bytes, head, OwnFields()))
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
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

    /// <summary>Says the request without its wire. False when it cannot be kept; then the exchange has failed.</summary>
    private bool TryBeginPath(ReadOnlySpan<byte> bytes, RequestHead head, in RequestTerms terms, bool mayMirror = true)
    {
        bool fits = _route!.Forwarding.TryWrite(bytes, head, _route, _client.Client, _service.Scratch, out RequestToServer request);
        fits &= request.BytesMax + (terms.Upgrade?.Length ?? 0) <= _service.Scratch.RequestBytesMax;
        bool isKept = _path.TryBegin(_route.Upstream, terms, request);
        if (_route.Timeouts.TotalMs > 0)
            (_total ??= new TotalTimeout(this, _service)).Begin(_route.Timeouts.TotalMs);
        if (_route.Upstream.Rules.AnnouncesClients)
            _path.Stream.Client = PinnedServer.Of(_client.Connection).Announce(_client.Client);
        else if (_path.Stream.Client is not null)
            _path.Stream.Client = null;
        if (!fits)
            Fail(ProxyError.RequestHeadTooLarge, RejectReason.None);
        else if (!isKept)
            Fail(ProxyError.BuffersExhausted, RejectReason.None);
        if (!fits || !isKept)
            return false;
        if (_route.Upstream.Rules.HedgeAfterMs > 0)
            (_hedge ??= new Hedge(_path, MakePath(), _service.Loop, _service.Counters, path => _path = path)).Begin(terms);
        if (_route.Mirror is not null && mayMirror)
            _mirror = _service.Stock.Mirrors.TryBegin(_route.Mirror, bytes, head, _client.Client, _service.Scratch);
        return true;
    }

    public void OnProtocolSwitched(ReadOnlySpan<byte> rest)
    {
        _total?.End();
        (_tunnel ??= new ExchangeTunnel(_client, _service)).Begin(_path, _route!, rest);
    }
}
