using System;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Mirrored;

/// <summary>
/// The copies of requests that one worker has on their way, and the objects for further ones. Bounded: where there are too many, a request is not
/// copied. Thread: the loop. Never holds a request up.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
/// <param name="budget">Memory for their bodies; shared with what may have to be sent again.</param>
internal sealed class MirrorCopies(EventLoop loop, LoopCounters counters, ReplayBudget budget)
{
    /// <summary>Copies under way at once.</summary>
    public const int RunningMax = 256;

    private NewestFirst<MirrorCopy> _running;
    private MirrorCopy? _firstFree;

    /// <summary>Makes the stream of a copy.</summary>
    public Func<IServerStreamUser, ServerStream>? Streams { get; set; }

    /// <summary>
    /// Begins a copy of a request; null when none is made. One without a body goes out at the end of the turn, behind the request itself.
    /// </summary>
    /// <param name="rule">Of the request's route.</param>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="scratch">Where it is written.</param>
    public MirrorCopy? TryBegin(MirrorRule rule, ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, WireScratch scratch)
    {
        // What switches or authenticates a connection means nothing on another one.
        if (head.OffersUpgrade || head.AuthenticatesConnection || !rule.TakesNext())
            return null;
        bool isTooMuch = _running.Count >= RunningMax || head.Body.Bytes > rule.BodyBytesMax;
        if (isTooMuch || !rule.Route.Forwarding.TryWrite(bytes, head, rule.Route, client, scratch, out RequestToServer request)
            || request.BytesMax > scratch.RequestBytesMax)
        {
            counters.Add(CounterId.MirrorsRefused);
            return null;
        }
        MirrorCopy copy = _firstFree ??= new MirrorCopy(this, Streams!, loop, counters, budget);
        _firstFree = copy.Older;
        copy.Older = null;
        _running.Add(copy);
        Stickiness.Ask(ref copy.Sticky, bytes, head, rule.Route.Upstream, client, loop.Clock);
        RequestTerms terms = RequestTerms.Of(bytes, head, rule.Route, client) with { ExpectsContinue = false, IsPipelinable = false };
        return copy.TryBegin(rule, terms, request) ? copy : null;
    }

    /// <summary>Ends all of them.</summary>
    public void CutAll()
    {
        while (_running.Newest is { } copy)
            copy.Abandon();
    }

    /// <summary>A copy is over.</summary>
    internal void Return(MirrorCopy copy, CounterId result)
    {
        counters.Add(result);
        _running.Remove(copy);
        copy.Older = _firstFree;
        _firstFree = copy;
    }
}
