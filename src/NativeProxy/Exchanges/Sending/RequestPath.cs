using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// Client to server: brings one request over the <see cref="ServerStream"/> that its <see cref="ServerLink"/> gets, keeps a copy for as long as it
/// may have to be sent again, and sends it again. Owner: its user, to whom the answer and every end go; thread: the loop. Never answers the client
/// and never decides whether something may be sent again (<see cref="RetryPolicy"/> does).
/// </summary>
internal sealed class RequestPath : IServerStreamUser, IServerLinkUser
{
    private readonly IRequestPathUser _user;
    private readonly IAnswerTaker _answers;
    private readonly LoopCounters _counters;
    private readonly Replay _replay;
    private HttpMethod _method;
    private BodyProgress _body;
    private bool _isPipelinable;
    private bool _looksAtHeads;
    private bool _authenticates;
    private RequestPathState _state;

    /// <summary>True while another request will shortly follow on the same connection.</summary>
    private bool _moreFollows;

    /// <param name="user">Whose requests.</param>
    /// <param name="answers">Who takes the answers.</param>
    /// <param name="streams">Makes the stream that this path uses, again and again.</param>
    /// <param name="loop">The loop.</param>
    /// <param name="counters">Of the worker.</param>
    /// <param name="budget">Memory for what may have to be sent again.</param>
    public RequestPath(IRequestPathUser user, IAnswerTaker answers, Func<IServerStreamUser, ServerStream> streams, EventLoop loop,
        LoopCounters counters, ReplayBudget budget)
    {
        _user = user;
        _answers = answers;
        _counters = counters;
        _replay = new Replay(loop.Pools, budget);
        Stream = streams(this);
        Link = new ServerLink(this, Stream, loop, counters);
    }

    /// <summary>The server's face.</summary>
    public ServerStream Stream { get; }

    /// <summary>Which server, at which try.</summary>
    public ServerLink Link { get; }

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool IsComplete => _body.IsComplete;

    /// <summary>Body bytes read.</summary>
    public long BodyBytes => _body.Bytes;

    /// <summary>Asks a second server as well; null where none is to be asked.</summary>
    public Hedge? Hedge { get; set; }

    /// <summary>True while nothing of an answer has come, and the whole request can be sent again.</summary>
    public bool IsHeld => _replay.IsHeld;

    /// <summary>What is asked, while it is held.</summary>
    public RequestToServer HeldRequest => _replay.Request;

    /// <summary>True while body pieces are wanted and can be passed on.</summary>
    public bool WantsBody => !IsComplete && (_state != RequestPathState.Holding || CanStart) && !_replay.IsRunning && !Stream.IsBlocked;

    /// <summary>True when an established server connection waits for the request.</summary>
    public bool CanStart => _state == RequestPathState.Holding && Stream.IsReady;

    /// <summary>True when other requests may go out behind this one on its connection.</summary>
    private bool MayBeFollowed => _isPipelinable && _state == RequestPathState.Sending;

    /// <summary>Begins the way of another request. False when there is no buffer to keep it in.</summary>
    /// <param name="group">Where it goes.</param>
    /// <param name="terms">What is to be known of it.</param>
    /// <param name="request">What is asked.</param>
    public bool TryBegin(UpstreamGroup group, in RequestTerms terms, in RequestToServer request)
    {
        BeginUnsent(group, terms);
        Stream.Host = request.LacksHost ? null : group.Rules.Hosts?.In(request.Lines);
        _body.IsComplete = request.Body.IsEmpty;
        return _replay.TryHold(request, Link.Tries.Rules.ReplayBytesMax);
    }

    /// <summary>Begins with a request that goes to no server.</summary>
    public void BeginUnsent(UpstreamGroup group, in RequestTerms terms)
    {
        _method = terms.Method;
        _authenticates = terms.AuthenticatesConnection;
        _state = RequestPathState.Holding;
        _body.Begin(terms.BodyBytesMax);
        _moreFollows = false;
        Stream.Begin(terms.OfAnswer(group));
        Link.Begin(group, terms);
        _looksAtHeads = Link.Tries.Rules.LooksAtHeads;
        _isPipelinable = terms.IsPipelinable && Link.Tries.Rules.AllowsPipelining;
    }

    /// <summary>No server is needed, and nothing of the request's body is to be read.</summary>
    public void Skip()
    {
        _body.IsComplete = true;
        Link.Skip();
    }

    /// <summary>
    /// Sends the request behind that of the path ahead or on a connection of its own, or waits for one. A first piece of a body must follow at once.
    /// </summary>
    /// <param name="ahead">The path of the client's previous request, if that is in flight.</param>
    /// <param name="moreFollows">Another request of the client is there already.</param>
    /// <param name="isLate">It has waited: a piece of its body has to be asked for.</param>
    public void Open(RequestPath? ahead, bool moreFollows, bool isLate = false)
    {
        _moreFollows = moreFollows && _isPipelinable && Link.Group!.Rules.Pipelining > 1;
        if (ahead is not null && TryFollow(ahead))
            Start(BodyPiece.End);
        else
            Linked(Link.Open(except: null), isFirst: !isLate);
    }

    /// <summary>A piece of the request's body, while <see cref="WantsBody"/>; perhaps nothing.</summary>
    public void Send(in BodyPiece piece)
    {
        if (!_body.TryCount(piece))
            _user.OnFailed(ProxyError.RequestBodyTooLarge, RejectReason.None);
        else if (_state == RequestPathState.Holding)
            Start(piece);
        else
            Pass(piece);
    }

    /// <summary>Sends what is held of the request because more was expected to go with it.</summary>
    public void Flush() => Stream.Flush();

    /// <summary>The exchange cannot go on: counts what the server did wrong and gives its connection up.</summary>
    public void Fail(ProxyError error)
    {
        ServerFailures.Count(_counters, error, Stream);
        Link.Release(ServerFailures.ReasonOf(error), reset: true);
    }

    /// <summary>Returns everything; another request can begin.</summary>
    public void Release()
    {
        Link.Leave();
        _replay.Release();
        Detach();
    }

    PinnedServer? IServerLinkUser.Pin => _user.Pin;

    UpstreamServer? IServerLinkUser.LastServer => _user.LastServer;

    /// <summary>The exchange was first in line and a server has room.</summary>
    void IServerLinkUser.OnTurnInQueue()
    {
        // The client may have left unheard since the loop last looked: nobody would take the answer.
        if (!_user.EndsWithoutClient())
            Linked(Link.Open(except: null, isItsTurn: true), isFirst: false);
    }

    void IServerLinkUser.OnQueueTimeout(ProxyError error) => End(error, RejectReason.None);

    public void OnServerReady()
    {
        Link.Connected();
        Linked(LinkResult.Ready, isFirst: false);
    }

    public void OnServerTurn() => Link.GoesOut();

    public void OnServerPutOff() => LinkedAgain(Link.WaitForDescriptor());

    public void OnServerAnswers()
    {
        if (!_looksAtHeads)
            _replay.OnAnswer(isUnderWay: _state != RequestPathState.Holding);
    }

    public void OnServerInterim(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        Hedge?.AnswersOn(this);
        _answers.OnInterim(bytes, head);
    }

    public void OnServerResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first)
    {
        if (_looksAtHeads && Link.RetryStatus(head.StatusCode, _replay.IsHeld, first.IsLast) is { } again)
        {
            LinkedAgain(again);
            return;
        }
        if (_looksAtHeads)
            _replay.OnAnswer(isUnderWay: true);
        Hedge?.AnswersOn(this);
        Link.Answered(bytes, head);
        _answers.OnResponse(bytes, head, first);
    }

    public void OnServerBody(in BodyPiece piece) => _answers.OnResponseBody(piece);

    public void OnServerSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest)
    {
        Link.Answered(bytes, head);
        _replay.OnAnswer(isUnderWay: true);
        _answers.OnSwitched(bytes, head, rest);
    }

    public void OnServerDrained()
    {
        _replay.Continue(Stream, IsComplete);
        AfterSend();
        _user.OnWantsBody();
    }

    public void OnServerRefuses()
    {
        Refused();
        _user.OnWantsBody();
    }

    public void Describe(ref AskerFacts asker) => _user.Describe(ref asker);

    public void OnServerFailed(in ServerFailure failure)
    {
        Link.Failed(failure.Error);
        if ((!failure.AnswerHasBegun || failure.HeadIsBad) && Link.Retry(failure.Error, _replay.IsHeld) is { } again)
            LinkedAgain(again);
        else
            End(failure.Error, failure.Detail);
    }

    /// <summary>Goes over the server connection of the path ahead, if it may; else what is held there for this request goes out.</summary>
    private bool TryFollow(RequestPath ahead)
    {
        bool isAlike = _isPipelinable && ahead.MayBeFollowed && ahead.Link.Group == Link.Group;
        if (isAlike && Link.TryFollow(ahead.Stream))
            return true;
        ahead.Flush();
        return false;
    }

    /// <summary>Goes on after the link was asked for a connection.</summary>
    /// <param name="result">What that came to.</param>
    /// <param name="isFirst">The request has just been read: what is there of its body follows without being asked for.</param>
    private void Linked(LinkResult result, bool isFirst)
    {
        if (result == LinkResult.Ready)
            Connected(isFirst);
        else if (result == LinkResult.Refused)
            End(Link.Refusal, RejectReason.None);
    }

    /// <summary>A connection is there for this request.</summary>
    private void Connected(bool isFirst)
    {
        Link.GoesOut();
        if (_method == HttpMethod.Connect)
        {
            _user.OnTunnelReady();
            return;
        }
        if (_replay.HasBody)
            StartAgain();
        else if (IsComplete)
            Start(BodyPiece.End);
        if (!isFirst)
            _user.OnWantsBody();
    }

    /// <summary>Sends head and the first piece.</summary>
    private void Start(in BodyPiece first)
    {
        BeginOn();
        Stream.Start(_replay.Request, first, _moreFollows);
        _moreFollows = false;
        AfterSend();
        if (!first.Data.IsEmpty || !first.TrailerLines.IsEmpty)
            _replay.Keep(first, Stream);
    }

    /// <summary>Sends what went out before; what the client sends next follows when the connection has got all of it.</summary>
    private void StartAgain()
    {
        BeginOn();
        _replay.Begin(IsComplete, out BodyPiece first);
        Stream.Start(_replay.Request, first, moreFollows: false);
        _replay.Continue(Stream, IsComplete);
        AfterSend();
    }

    private void BeginOn()
    {
        if (_authenticates)
            _user.OnAuthenticates();
        _replay.OnStart(mayFollow: _replay.MayKeepBody && Link.MayBeSentAgain);
        _state = RequestPathState.Sending;
    }

    private void Pass(in BodyPiece piece)
    {
        if (piece.IsNothing)
            return;

        // Also what a server takes no more: its successor may get it.
        _replay.Keep(piece, Stream);
        if (_state == RequestPathState.Sending)
            Stream.Send(piece);
        AfterSend();
    }

    private void AfterSend()
    {
        if (Stream.IsRefused)
            Refused();
    }

    private void Refused()
    {
        _state = RequestPathState.Refused;
        _replay.Stop();
    }

    /// <summary>There will be no answer here; another path may still bring one.</summary>
    private void End(ProxyError error, RejectReason detail)
    {
        if (Hedge is null || !Hedge.TryDropOut(this, error))
            _user.OnFailed(error, detail);
    }

    /// <summary>The connection is gone; the request is held for another one.</summary>
    private void Detach()
    {
        _replay.Stop();
        _state = RequestPathState.Holding;
    }

    private void LinkedAgain(LinkResult result)
    {
        Detach();
        Linked(result, isFirst: false);
    }
}
