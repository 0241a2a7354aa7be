using System;
using System.Diagnostics;

namespace NativeProxy.Timers;

/// <summary>
/// The time of this turn of the loop, in milliseconds. Owner: the event loop, which calls <see cref="Refresh"/> once per turn;
/// everybody else is handed the value. Thread: loop only. <see cref="Refresh"/> is the only reader of system time in the data path.
/// </summary>
internal sealed class LoopClock
{
    /// <summary>How far the wall clock may drift from a step of system time (NTP, operator) before it is read again.</summary>
    private const long WallResyncMs = 1000;

    private static readonly long TicksPerMs = Stopwatch.Frequency / 1000;

    private long _wallReadAtMs = long.MinValue;
    private long _wallOffsetMs;

    public LoopClock() => Refresh();

    /// <summary>Monotonic milliseconds since an arbitrary start; never goes back.</summary>
    public long NowMs { get; private set; }

    /// <summary>Milliseconds since 1970-01-01 UTC for log lines; may step when the system's clock is set.</summary>
    public long WallMs => NowMs + _wallOffsetMs;

    public void Refresh()
    {
        NowMs = Math.Max(NowMs, Stopwatch.GetTimestamp() / TicksPerMs);
        if (_wallReadAtMs == long.MinValue || NowMs - _wallReadAtMs >= WallResyncMs)
        {
            _wallReadAtMs = NowMs;
            _wallOffsetMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - NowMs;
        }
    }
}
