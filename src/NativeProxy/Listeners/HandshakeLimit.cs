using System;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Listeners;

/// <summary>
/// How many TLS handshakes of a listener run at once in this worker, and how many begin in a second: at a limit further connections wait with the
/// kernel (HAProxy's maxsslconn and maxsslrate). Counts what becomes of each. Owner: a <see cref="Listener"/>, whose successor goes on with it after
/// a reload; thread: the loop.
/// </summary>
internal sealed class HandshakeLimit : ITimerOwner
{
    private const int SecondMs = 1000;

    private readonly EventLoop _loop;
    private readonly LoopCounters _counters;
    private readonly TimerNode _nextSecond;
    private int _runningMax;
    private int _perSecondMax;
    private int _running;
    private long _secondBeganMs;
    private int _begunInSecond;

    public HandshakeLimit(EventLoop loop, LoopCounters counters)
    {
        _loop = loop;
        _counters = counters;
        _nextSecond = new TimerNode(this);
    }

    /// <summary>Called when there was no room, and there is again.</summary>
    public Action? RoomAgain { get; set; }

    /// <summary>Another handshake may begin; where it may not, <see cref="RoomAgain"/> follows.</summary>
    public bool HasRoom => !IsCrowded && (_perSecondMax == 0 || _begunInSecond < _perSecondMax || IsSecondOver);

    private bool IsCrowded => _runningMax > 0 && _running >= _runningMax;

    private bool IsSecondOver => _loop.Clock.NowMs - _secondBeganMs >= SecondMs;

    /// <summary>Takes over limits, at start and at reload; 0 = none.</summary>
    public void Apply(in ListenerLimitSettings settings) => (_runningMax, _perSecondMax) = (settings.Handshakes, settings.HandshakesPerSecond);

    /// <summary>Another handshake begins; false when there is no room for it.</summary>
    public bool TryBegin()
    {
        if (!HasRoom)
            return false;
        if (IsSecondOver)
            (_secondBeganMs, _begunInSecond) = (_loop.Clock.NowMs, 0);
        _running++;
        _begunInSecond++;
        if (_begunInSecond == _perSecondMax)
            _loop.Wheel.Arm(_nextSecond, _secondBeganMs + SecondMs);
        _counters.Add(CounterId.HandshakesRunning);
        return true;
    }

    /// <summary>One is done.</summary>
    public void Done(bool isResumed) => End(isResumed ? CounterId.HandshakesResumed : CounterId.HandshakesFull);

    /// <summary>One has come to nothing.</summary>
    public void Failed() => End(CounterId.HandshakesFailed);

    /// <summary>The second is over.</summary>
    public void OnTimer(TimerNode node, long nowMs) => RoomAgain?.Invoke();

    private void End(CounterId result)
    {
        bool wasFull = IsCrowded;
        _running--;
        _counters.Add(CounterId.HandshakesRunning, -1);
        _counters.Add(result);
        if (wasFull)
            RoomAgain?.Invoke();
    }
}
