using System;

namespace NativeProxy.Timers;

/// <summary>
/// The time of this turn of the loop, in milliseconds. Owner: the event loop, which calls <see cref="Refresh"/> once per turn;
/// everybody else is handed the value. Thread: loop only. <see cref="Refresh"/> is the only reader of time in the data path:
/// the system's, or the one that a simulation moves.
/// </summary>
internal sealed class LoopClock
{
    /// <summary>How far the wall clock may drift from a step of system time (NTP, operator) before it is read again.</summary>
    private const long WallResyncMs = 1000;

    private readonly TimeProvider _time;
    private readonly long _ticksPerMs;
    private long _wallReadAtMs = long.MinValue;
    private long _wallOffsetMs;

    /// <param name="time">Where time comes from; null = the system.</param>
    public LoopClock(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _ticksPerMs = _time.TimestampFrequency / 1000;
        Refresh();
    }

    /// <summary>Monotonic milliseconds since an arbitrary start; never goes back.</summary>
    public long NowMs { get; private set; }

    /// <summary>Milliseconds since 1970-01-01 UTC for log lines; may step when the system's clock is set.</summary>
    public long WallMs => NowMs + _wallOffsetMs;

    public void Refresh()
    {
        NowMs = Math.Max(NowMs, _time.GetTimestamp() / _ticksPerMs);
        if (_wallReadAtMs == long.MinValue || NowMs - _wallReadAtMs >= WallResyncMs)
        {
            _wallReadAtMs = NowMs;
            _wallOffsetMs = _time.GetUtcNow().ToUnixTimeMilliseconds() - NowMs;
        }
    }
}
