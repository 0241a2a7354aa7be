using System;
using System.Threading;
using NativeProxy.Timers;

namespace NativeProxy.Transport.Saea;

/// <summary>
/// Wakes the loop when its next timer is due, because the runtime's socket engine waits without a time limit. Owns one thread that
/// sleeps until the planned time; it ticks only while something is planned. Never touches the wheel or a connection.
/// </summary>
internal sealed class LoopTicker
{
    private readonly object _gate = new();
    private readonly Action _wake;
    private readonly LoopClock _clock = new();
    private long _plannedMs = long.MaxValue;
    private bool _stopped;

    public LoopTicker(Action wake)
    {
        _wake = wake;
        new Thread(Sleep) { IsBackground = true, Name = "ticker" }.Start();
    }

    /// <summary>
    /// Loop thread: wake the loop at this time at the latest. A later time than the one planned changes nothing (the early wake-up
    /// plans anew), so that a busy loop hardly ever enters the lock.
    /// </summary>
    public void Plan(long wakeAtMs)
    {
        if (wakeAtMs >= Volatile.Read(ref _plannedMs))
            return;
        lock (_gate)
        {
            _plannedMs = wakeAtMs;
            Monitor.Pulse(_gate);
        }
    }

    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Sleep()
    {
        lock (_gate)
        {
            while (!_stopped)
            {
                if (_plannedMs == long.MaxValue)
                {
                    Monitor.Wait(_gate);
                    continue;
                }
                _clock.Refresh();
                long leftMs = _plannedMs - _clock.NowMs;
                if (leftMs > 0)
                {
                    Monitor.Wait(_gate, (int)Math.Min(leftMs, int.MaxValue));
                    continue;
                }
                _plannedMs = long.MaxValue;
                _wake();
            }
        }
    }
}
