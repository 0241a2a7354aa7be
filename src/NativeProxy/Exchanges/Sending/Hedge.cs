using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// Brings a GET or HEAD to a second server when the first one has not answered in time (<c>hedge.after</c>; Envoy's hedge_policy): the answer that
/// begins first is passed on, the other request is cut. One that fails drops out while the other one still may be answered. Costs a place of the
/// retry budget, and goes only to a server that has room at once. Not for requests that belong to one server: a cookie or the stick table names it,
/// or the client has authenticated. Owner: an exchange, made when its first request goes to an upstream that wants it, and used again. Thread: the
/// loop. Never passes anything on itself.
/// </summary>
internal sealed class Hedge : ITimerOwner
{
    private readonly EventLoop _loop;
    private readonly LoopCounters _counters;
    private readonly Action<RequestPath> _goesOn;
    private readonly TimerNode _timer;

    /// <summary>The path that the exchange goes by, and the other one, which has a request only while both race.</summary>
    private RequestPath _path;
    private RequestPath _spare;
    private RequestTerms _terms;
    private bool _isRacing;

    /// <param name="path">By which the exchange goes.</param>
    /// <param name="spare">Another one of the same exchange.</param>
    /// <param name="loop">The loop.</param>
    /// <param name="counters">Of the worker.</param>
    /// <param name="goesOn">Called when the exchange goes by the other path from now on.</param>
    public Hedge(RequestPath path, RequestPath spare, EventLoop loop, LoopCounters counters, Action<RequestPath> goesOn)
    {
        _path = path;
        _spare = spare;
        _loop = loop;
        _counters = counters;
        _goesOn = goesOn;
        _timer = new TimerNode(this);
    }

    /// <summary>A request begins on the path of the exchange.</summary>
    public void Begin(in RequestTerms terms)
    {
        bool isFit = terms.Method is HttpMethod.Get or HttpMethod.Head && _path.IsComplete
            && terms is { Upgrade: null, AuthenticatesConnection: false } && _path.Link.Sticky.First is null;
        if (!isFit)
            return;
        _terms = terms;
        _path.Hedge = this;
        Arm();
    }

    /// <summary>
    /// Nothing more is begun, and the path by which the exchange does not go is given up: an answer has begun, or the exchange has ended.
    /// </summary>
    public void End()
    {
        _loop.Wheel.Disarm(_timer);
        _path.Hedge = null;
        if (!_isRacing)
            return;
        _isRacing = false;
        GiveUp(_spare, ServerCloseReason.HedgeLost);
    }

    /// <summary>An answer has begun on this path: it is the one that is passed on.</summary>
    public void AnswersOn(RequestPath path)
    {
        if (path != _path)
        {
            Swap();
            _counters.Add(CounterId.HedgesWon);
        }
        End();
    }

    /// <summary>No answer will come on this path. True when one may still come on the other one.</summary>
    public bool TryDropOut(RequestPath path, ProxyError error)
    {
        if (!_isRacing)
            return false;
        if (path == _path)
            Swap();
        _isRacing = false;
        ServerFailures.Count(_counters, error, path.Stream);
        GiveUp(path, ServerFailures.ReasonOf(error));
        return true;
    }

    /// <summary>No more of an answer can be taken for the moment: a client that is slow itself needs no second server.</summary>
    public void Pause()
    {
        if (_isRacing)
            _spare.Stream.Pause();
        else
            _loop.Wheel.Disarm(_timer);
    }

    /// <summary>More can be taken.</summary>
    public void Resume()
    {
        if (_isRacing)
            _spare.Stream.Resume();
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        // In a line, or between two tries, there is no server that could be slow.
        if (!_path.Stream.HasConnection)
            Arm();
        else if (_path.IsHeld && !_path.Link.IsOnPin)
            Race(_path.Link.Group!);
    }

    private void Arm() => _loop.Wheel.Arm(_timer, _loop.Clock.NowMs + Math.Max(1, _path.Link.Group!.Rules.HedgeAfterMs));

    private void Race(UpstreamGroup group)
    {
        if (!group.HasOtherThan(_path.Link.Server!))
            return;
        bool isKept = _spare.TryBegin(group, _terms, _path.HeldRequest);
        group.RetryBudget.UncountRequest();
        if (!isKept)
            return;
        _spare.Stream.Client = _path.Stream.Client;
        if (!_spare.Link.TryOpenBeside(_path.Link))
        {
            _spare.Release();
            return;
        }
        _isRacing = true;
        _spare.Hedge = this;
        _counters.Add(CounterId.RetriesHedge);
        if (_spare.Stream.IsReady)
            _spare.OnServerReady();
    }

    private void Swap()
    {
        (_path, _spare) = (_spare, _path);
        _goesOn(_path);
    }

    private static void GiveUp(RequestPath path, ServerCloseReason reason)
    {
        path.Hedge = null;
        path.Link.Release(reason, reset: true);
        path.Release();
    }
}
