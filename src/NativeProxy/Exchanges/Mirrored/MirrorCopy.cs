using System;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Mirrored;

/// <summary>
/// One copy of a request: takes its body as the exchange reads it, goes out when it is whole, and throws the answer away. Owner:
/// <see cref="MirrorCopies"/>; lent to an exchange until it is whole; thread: the loop. Never tells anybody how it ends.
/// </summary>
internal sealed class MirrorCopy : Ordered<MirrorCopy>, IServerStreamUser, IServerLinkUser
{
    /// <summary>Of a longer answer the connection is worth less than the time.</summary>
    private const long AnswerBytesMax = 1024 * 1024;

    private readonly MirrorCopies _copies;
    private readonly EventLoop _loop;
    private readonly Replay _request;
    private readonly ServerStream _stream;
    private readonly ServerLink _link;
    private readonly Departure _departure;
    private long _answerBytes;
    private bool _isRunning;

    public MirrorCopy(
        MirrorCopies copies, Func<IServerStreamUser, ServerStream> streams, EventLoop loop, LoopCounters counters, ReplayBudget budget)
    {
        _copies = copies;
        _loop = loop;
        _request = new Replay(loop.Pools, budget);
        _stream = streams(this);
        _link = new ServerLink(this, _stream, loop, counters);
        _departure = new Departure(this);
    }

    /// <summary>Which server the request means.</summary>
    public ref Stickiness Sticky => ref _link.Sticky;

    PinnedServer? IServerLinkUser.Pin => null;

    UpstreamServer? IServerLinkUser.LastServer => null;

    /// <summary>Begins a copy. False when it is over already, or goes out without further pieces.</summary>
    /// <param name="rule">Where it goes.</param>
    /// <param name="terms">What is to be known of it.</param>
    /// <param name="request">What is asked.</param>
    public bool TryBegin(MirrorRule rule, in RequestTerms terms, in RequestToServer request)
    {
        _isRunning = true;
        _answerBytes = 0;
        _stream.Begin(terms.OfAnswer(rule.Route.Upstream) with { Upgrade = null, ExpectsContinue = false });
        _link.Begin(rule.Route.Upstream, terms);
        if (!_request.TryHold(request, rule.BodyBytesMax))
        {
            End(CounterId.MirrorsRefused, ServerCloseReason.Ambiguous);
            return false;
        }
        if (!request.Body.IsEmpty)
            return true;
        _loop.Soon(_departure);
        return false;
    }

    /// <summary>The next piece of the body. False when the copy takes no further ones.</summary>
    public bool TryAdd(in BodyPiece piece)
    {
        if (!_request.TryHold(piece.WithoutTrailers()))
        {
            End(CounterId.MirrorsRefused, ServerCloseReason.Ambiguous);
            return false;
        }
        if (!piece.IsLast)
            return true;
        _loop.Soon(_departure);
        return false;
    }

    /// <summary>The request will not be whole, or the process stops.</summary>
    public void Abandon() => End(CounterId.MirrorsFailed, ServerCloseReason.Purged);

    void IServerLinkUser.OnTurnInQueue() => Linked(_link.Open(except: null, isItsTurn: true));

    void IServerLinkUser.OnQueueTimeout(ProxyError error) => End(CounterId.MirrorsFailed, ServerCloseReason.Ambiguous);

    public void OnServerReady()
    {
        _link.Connected();
        Send();
    }

    public void OnServerTurn() => _link.GoesOut();

    public void OnServerPutOff() => End(CounterId.MirrorsFailed, ServerCloseReason.Ambiguous);

    public void OnServerAnswers() => _request.OnAnswer(isUnderWay: true);

    public void OnServerInterim(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
    }

    public void OnServerResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first)
    {
        _link.Answered(bytes, head);
        OnServerBody(first);
    }

    public void OnServerBody(in BodyPiece piece)
    {
        _answerBytes += piece.Data.Length;
        if (piece.IsLast)
            Answered();
        else if (_answerBytes > AnswerBytesMax)
            End(CounterId.MirrorsAnswered, ServerCloseReason.Purged);
    }

    public void OnServerSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest) =>
        End(CounterId.MirrorsFailed, ServerCloseReason.Ambiguous);

    public void OnServerDrained() => _request.Continue(_stream, isWhole: true);

    public void OnServerRefuses() => _request.Stop();

    public void OnServerFailed(in ServerFailure failure)
    {
        _link.Failed(failure.Error);
        LinkResult? again = failure.AnswerHasBegun ? null : _link.Retry(failure.Error, _request.IsHeld);
        _request.Stop();
        if (again is null)
            End(CounterId.MirrorsFailed, ServerFailures.ReasonOf(failure.Error));
        else
            Linked(again.Value);
    }

    private void Depart()
    {
        if (_isRunning)
            Linked(_link.Open(except: null));
    }

    private void Linked(LinkResult result)
    {
        if (result == LinkResult.Ready)
            Send();
        else if (result == LinkResult.Refused)
            End(CounterId.MirrorsFailed, ServerCloseReason.Ambiguous);
    }

    private void Send()
    {
        _link.GoesOut();
        _request.OnStart(mayFollow: _request.MayKeepBody && _link.MayBeSentAgain);
        _request.Begin(isWhole: true, out BodyPiece first);
        _stream.Start(_request.Request, first, moreFollows: false);
        _request.Continue(_stream, isWhole: true);
    }

    private void Answered()
    {
        _link.End(_stream.Judge(), clientGoesOn: true);
        End(CounterId.MirrorsAnswered, ServerCloseReason.Ambiguous);
    }

    /// <summary>Gives back what there is, and itself.</summary>
    private void End(CounterId result, ServerCloseReason reason)
    {
        _isRunning = false;
        _link.Release(reason, reset: true);
        _link.Leave();
        _request.Release();
        _copies.Return(this, result);
    }

    /// <summary>Lets the copy go at the end of the turn, behind what it is a copy of.</summary>
    private sealed class Departure(MirrorCopy copy) : LoopWork
    {
        public override void Run() => copy.Depart();
    }
}
