using System;
using System.Runtime.CompilerServices;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The way of one exchange to a server: which server, pooled or fresh connection or a place in the queue, which try, and what may be
/// tried again. Owner: one <see cref="RequestPath"/>; thread: the loop. Never sends.
/// </summary>
/// <param name="user">For whom.</param>
/// <param name="stream">Gets the connections, and hears their events.</param>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
internal sealed class ServerLink(IServerLinkUser user, ServerStream stream, EventLoop loop, LoopCounters counters) : IServerWaiter
{
    private PlaceInLine? _line;
    private HttpMethod _method;
    private Stickiness _sticky;
    private ulong _hashKey;
    private QueueTerms _queue;
    private bool _mayReuse;

    /// <summary>The exchange is one of the requests in flight that its group counts.</summary>
    private bool _isCounted;
    private Tries _tries;
    private FailedServer _failed;
    private RetryPause? _pause;
    private LinkTimes _times;

    /// <summary>What cookie and stick table say of the request; said before <see cref="Begin"/>.</summary>
    public ref Stickiness Sticky => ref _sticky;

    public UpstreamGroup? Group { get; private set; }

    /// <summary>The server of the present or last try.</summary>
    public UpstreamServer? Server { get; private set; }

    /// <summary>True when the exchange has to go over the connection on which its client has authenticated.</summary>
    public bool IsOnPin { get; private set; }

    /// <summary>How often it was tried, why, and when it is tried again.</summary>
    public ref readonly Tries Tries => ref _tries;

    /// <summary>Its place in a line; null when it has never waited.</summary>
    public PlaceInLine? Line => _line;

    /// <summary>Why there is no connection, after <see cref="LinkResult.Refused"/>.</summary>
    public ProxyError Refusal { get; private set; }

    /// <summary>When the present or last try came how far.</summary>
    public LinkTimes Times => _times;

    /// <summary>True once a try has had a connection: the request may have changed something.</summary>
    public bool HasBeenOut { get; private set; }

    /// <summary>What becomes of the stickiness cookie in a response of the present server.</summary>
    public StickyResponse StickyResponse => _sticky.IsOn
        ? new StickyResponse(Group!.Rules.Cookie, Server!.Cookie, _sticky.Wanted?.Cookie, _sticky.Dates, loop.Clock.WallMs / 1000)
        : default;

    /// <summary>True when the exchange may have to be sent again after bytes of it went out on the present connection.</summary>
    public bool MayBeSentAgain => RetryPolicy.MayFollowSend(
        FactsOf(Server!, _tries.Rules.Settings.Unacknowledged ? SendProof.Unacknowledged : SendProof.Unknown, isHeld: true));

    /// <summary>True when authentication went over the exchange's connection, and that is gone already or does not outlive the response.</summary>
    public bool PinEnds => stream.HasConnection ? stream.PinEnds : IsOnPin;

    /// <summary>Begins the way for another exchange.</summary>
    public void Begin(UpstreamGroup group, in RequestTerms terms)
    {
        _hashKey = terms.HashKey;
        _method = terms.Method;
        if (Group != group)
            Group = group;
        Server = null;
        _queue = terms.Queue;
        _line?.Begin();
        _times = new LinkTimes();
        _failed = default;
        HasBeenOut = false;
        IsOnPin = false;
        _tries.Begin(terms.Retry ?? group.Rules.Retry);
        group.RetryBudget.CountRequest(loop.Clock.NowMs);
        _mayReuse = group.Rules.MayReuse(terms.Method);
    }

    /// <summary>
    /// Goes over the connection of the exchange before, whose request is out already. False when that connection is not to the right server,
    /// or takes no more.
    /// </summary>
    public bool TryFollow(ServerStream ahead)
    {
        if (Group!.Rules.Pipelining <= 1 || (Group.Rules.CountsRequests && !Group.Load.TryEnter(ref _isCounted, loop.Clock.NowMs))
            || !stream.TryFollow(ahead, _sticky.First, Group.Rules.Pipelining, out UpstreamServer? server))
        {
            return false;
        }
        Server = server;
        _times.Chosen(loop.Clock.NowMs);
        _tries.Count++;
        return true;
    }

    /// <summary>
    /// Asks for the connection on which the client has authenticated, or for one to the server that its cookie names, else to the preferred one of
    /// its last request, else to whichever is next; after a failure not to the one that has just failed if there is another.
    /// </summary>
    /// <param name="except">The server that has just failed, or null.</param>
    /// <param name="isItsTurn">The exchange has waited and was first in line.</param>
    public LinkResult Open(UpstreamServer? except, bool isItsTurn = false)
    {
        if (Group!.Rules.CountsRequests && !Group.Load.TryEnter(ref _isCounted, loop.Clock.NowMs, counters))
            return Refuse(ProxyError.TooManyRequests);
        if (isItsTurn && _pause is { IsOn: true })
            return Reopen();
        if (user.Pin is { } pin && pin.IsFor(Group!) && _method != HttpMethod.Connect)
            return OpenPinned(pin);
        except ??= isItsTurn ? _failed.At(loop.Clock.NowMs) : null;
        while (true)
        {
            UpstreamServer? wanted = except is not null ? null
                : _sticky.First ?? (Group!.Rules.PrefersLastServer ? Group.Preferred(user.LastServer) : null);
            Server = wanted is null
                ? Group!.Choose(except, _hashKey, out WaitQueue queue, isItsTurn)
                : Group!.ChooseWanted(wanted, _hashKey, out queue, isItsTurn);
            if (Server is null)
                return Wait(queue);
            if (Server == except && !queue.IsFull && Group.HasOtherThan(except))
            {
                queue.LookAgainSoon();
                return Wait(queue);
            }
            if (TryOpen(Server, _mayReuse))
                return stream.IsReady ? LinkResult.Ready : LinkResult.Pending;
            if (!Server.HasRoom)
            {
                // It would have room were it not for idle connections of other workers.
                Server = Group.InsteadOf(Server, except, queue, isItsTurn);
                return Server is null || !TryOpen(Server, _mayReuse) ? Wait(queue) : stream.IsReady ? LinkResult.Ready : LinkResult.Pending;
            }

            // What seemed idle in the full pool was closed already, and that has made room; or another worker was faster and has made some since.
        }
    }

    /// <summary>
    /// After a failure before any byte of an answer: asks for another connection if the exchange may be sent again, on a fresh connection to the
    /// same server after a stale one, else to another server. Null when it may not.
    /// </summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="isHeld">The whole request can be sent again.</param>
    public LinkResult? Retry(ProxyError error, bool isHeld)
    {
        SendProof proof = stream.Prove(asksKernel: _tries.Rules.Settings.Unacknowledged && !_method.IsIdempotent());
        RetryCause cause = Server is null ? RetryCause.None : RetryPolicy.Judge(error, FactsOf(Server, proof, isHeld));
        if (cause == RetryCause.None || (RetryPolicy.IsOfBudget(cause) && !_tries.TryTakeBudget(Group!, loop.Clock.NowMs, counters)))
            return null;
        Release(ServerFailures.ReasonOf(error), reset: cause is RetryCause.ResponseTimeout or RetryCause.JunkResponse);
        _tries.Again(cause, counters, Server!);
        if (cause is not (RetryCause.StaleReuse or RetryCause.Unacknowledged))
            return OpenAgain();
        return Server!.IsUp && TryOpen(Server, mayReuse: false) ? LinkResult.Pending : Open(except: null);
    }

    /// <summary>The head of the final answer has come: asks for another connection where its status wants that. Null when it is passed on.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="isHeld">The whole request can be sent again.</param>
    /// <param name="isWhole">The whole answer has come.</param>
    public LinkResult? RetryStatus(int status, bool isHeld, bool isWhole)
    {
        RetryCause cause = !_tries.Rules.IsOnStatus(status) ? RetryCause.None
            : RetryPolicy.JudgeStatus(status, FactsOf(Server!, SendProof.Unknown, isHeld));
        if (cause == RetryCause.None || !_tries.TryTakeBudget(Group!, loop.Clock.NowMs, counters))
            return null;
        Group!.Passive?.Answered(Server!, status, loop.Clock.NowMs);
        if (isWhole && !stream.IsPinned)
            stream.End(stream.Judge(), clientGoesOn: true, out _);
        Release(ServerCloseReason.Ambiguous, reset: true);
        _tries.Again(cause, counters, Server!);
        return OpenAgain();
    }

    /// <summary>Asks a server beside that of another link, for the same request, if one has room now. False when nothing has come of it.</summary>
    public bool TryOpenBeside(ServerLink first)
    {
        _sticky = first._sticky;
        Server = Group!.Choose(first.Server, _hashKey, out _);
        if (Server is null || Server == first.Server || !Group.Load.TryEnter(ref _isCounted, loop.Clock.NowMs)
            || !first._tries.TryTakeBudget(Group, loop.Clock.NowMs, counters))
        {
            return false;
        }
        _tries.BeginBeside(first._tries);
        return TryOpen(Server, _mayReuse);
    }

    /// <summary>The connection is there: if the exchange has to wait again, it does so anew.</summary>
    public void Connected() => _line?.Settle();

    /// <summary>The request goes out now, or its turn has come behind others.</summary>
    public void GoesOut()
    {
        _times.Connected(loop.Clock.NowMs);
        HasBeenOut = true;
    }

    /// <summary>No server is needed; the log shows the stations as passed.</summary>
    public void Skip() => _times.Passed(loop.Clock.NowMs);

    /// <summary>The process is out of descriptors, no fault of the server, although pairs are reserved: waits in line and asks again.</summary>
    public LinkResult WaitForDescriptor()
    {
        _tries.Count--;
        LinkResult result = Wait(Group!.Queue);
        Group.Queue.LookAgainSoon();
        return result;
    }

    /// <summary>The present try failed; the connection may be gone by itself.</summary>
    public void Failed(ProxyError error)
    {
        if (error is ProxyError.ServerConnectFailed or ProxyError.ServerConnectTimeout or ProxyError.ServerNotSecure)
            Group!.ConnectFailed(Server!);
        if (Group!.Passive is { } passive && PassiveHealth.IsFailure(error, stream.IsReused))
            passive.Failed(Server!, loop.Clock.NowMs);
    }

    /// <summary>The head of the final answer has come: requests like this one stick to its server from now on, where a table keeps them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Answered(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        Group!.Passive?.Answered(Server!, head.StatusCode, loop.Clock.NowMs);
        if (_sticky.IsOn)
            Group.Rules.Stick?.Answered(_sticky.Mark, bytes, head.Fields, Server!, loop.Clock.NowMs);
    }

    /// <summary>Gives the connection back, if there is one, and leaves the queue; see <see cref="ServerStream.Release"/>.</summary>
    public void Release(ServerCloseReason reason, bool reset)
    {
        _line?.Leave();
        _pause?.End();
        stream.Release(reason, reset);
    }

    /// <summary>The exchange is over: as <see cref="Release"/>, and it is no request of its group any more.</summary>
    public void Leave()
    {
        Release(ServerCloseReason.Ambiguous, reset: false);
        Group!.Load.Leave(ref _isCounted);
    }

    /// <summary>The answer is complete; see <see cref="ServerStream.End"/>. A pinned connection waits with its client from now on.</summary>
    /// <returns>False when the client's authentication is lost, so that its connection must end too.</returns>
    public bool End(ServerCloseReason reason, bool clientGoesOn)
    {
        _line?.Leave();
        bool wasPinned = stream.IsPinned;
        bool loginLasts = stream.End(reason, clientGoesOn, out UpstreamConnection? pinned);
        if (pinned is not null)
            user.Pin!.Keep(pinned, Group!);
        return wasPinned ? loginLasts : user.Pin is not { IsLost: true };
    }

    public void OnServerHasRoom()
    {
        _line!.WasLetGo();
        user.OnTurnInQueue();
    }

    public void OnQueueTimeout()
    {
        if (_line!.TimedOut(Group!, out ProxyError error))
            user.OnQueueTimeout(error);
        else
            user.OnTurnInQueue();
    }

    /// <summary>For another try: at once to another server; to the same one, where there is no other or the settings say so, after a pause.</summary>
    private LinkResult OpenAgain()
    {
        _failed = _tries.Cause == RetryCause.ConnectFailure ? new FailedServer(Server!, loop.Clock.NowMs) : default;
        ref readonly UpstreamRetrySettings retry = ref _tries.Rules.Settings;
        if (retry.BackoffMs == 0 || (retry.Redispatch && Group!.HasOtherThan(Server!, orLeftOut: true)))
            return Reopen();
        (_pause ??= new RetryPause(user.OnTurnInQueue, loop)).Begin(retry.BackoffMs, _tries.Count);
        return LinkResult.Pending;
    }

    private LinkResult Reopen()
    {
        _pause?.End();
        bool staysThere = !_tries.Rules.Settings.Redispatch && Server is { CanTakeNow: true, HasRoom: true } && TryOpen(Server, _mayReuse);
        return !staysThere ? Open(except: Server) : stream.IsReady ? LinkResult.Ready : LinkResult.Pending;
    }

    private LinkResult OpenPinned(PinnedServer pin)
    {
        IsOnPin = true;
        _times.Chosen(loop.Clock.NowMs);
        _tries.Count++;
        if (!pin.TryTake(stream, out UpstreamServer? server))
            return Refuse(ProxyError.ServerClosedBeforeResponse);
        Server = server;
        return LinkResult.Ready;
    }

    private RetryFacts FactsOf(UpstreamServer server, SendProof proof, bool isHeld) =>
        _tries.FactsOf(_method, stream, IsOnPin, Group!.HasOtherThan(server, orLeftOut: true), proof, isHeld);

    private bool TryOpen(UpstreamServer server, bool mayReuse)
    {
        _times.Chosen(loop.Clock.NowMs);
        if (_tries.Rules.PerTryTimeoutMs > 0)
            stream.TryTimeoutMs = _tries.TimeoutMsOf(_method, stream, IsOnPin, Group!.HasOtherThan(server, orLeftOut: true));
        if (!stream.TryOpen(server, mayReuse))
            return false;
        if (stream.IsReady)
            Connected();
        _tries.Count++;
        return true;
    }

    private LinkResult Wait(WaitQueue queue)
    {
        if (queue == Group!.Queue && !Group.HasServer && !Group.IsPending)
        {
            if (Group.NoServerError == ProxyError.NoServerAvailable)
                counters.Add(CounterId.NoServerAvailable);
            return Refuse(Group.NoServerError);
        }
        _line ??= new PlaceInLine(this, loop, counters);
        return _line.TryWait(queue, Group, _queue) ? LinkResult.Pending : Refuse(ProxyError.QueueFull);
    }

    private LinkResult Refuse(ProxyError error)
    {
        Refusal = error;
        return LinkResult.Refused;
    }
}
