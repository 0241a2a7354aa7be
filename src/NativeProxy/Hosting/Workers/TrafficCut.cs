using NativeProxy.Logging;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The end of what a drain has left: cuts the connections of a worker, a slice per turn of the loop, and lets the log take the lines of one
/// slice before the next, since its ring is smaller than the lines of all. Posted once, after the drain has begun. Thread: the loop.
/// </summary>
internal sealed class TrafficCut : LoopWork, ITimerOwner
{
    /// <summary>So few that the records of their exchanges and of both sides fit into half of the ring, even with long targets.</summary>
    private const int SliceCount = 32;

    private const int LogWaitMs = 1;

    /// <summary>Longest wait for the log in all: one whose target is stuck loses lines, but no connection its place in the counters.</summary>
    private const int LogWaitMsMax = 500;

    private readonly EventLoop _loop;
    private readonly TrafficPlan _traffic;
    private readonly LogRing? _log;
    private readonly TimerNode _logWait;
    private long _logWaitedMs;

    public TrafficCut(EventLoop loop, TrafficPlan traffic, LogRing? log)
    {
        _loop = loop;
        _traffic = traffic;
        _log = log;
        _logWait = new TimerNode(this);
    }

    public override void Run()
    {
        if (_log is { IsHalfFull: true } && _logWaitedMs < LogWaitMsMax)
        {
            _logWaitedMs += LogWaitMs;
            _loop.Wheel.Arm(_logWait, _loop.Clock.NowMs + LogWaitMs);
        }
        else if (_traffic.Cut(SliceCount) == SliceCount)
        {
            _loop.Soon(this);
        }
    }

    public void OnTimer(TimerNode node, long nowMs) => Run();
}
