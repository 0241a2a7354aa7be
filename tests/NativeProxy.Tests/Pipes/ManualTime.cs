using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Tests.Pipes;

/// <summary>A clock that the test moves. Timers fire on the thread that moves it, each at its own time.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<ManualTimer> _timers = [];
    private long _nowMs;

    public override long TimestampFrequency => 1000;

    /// <summary>When the next timer is due; null when none is set.</summary>
    public long? NextDueMs
    {
        get
        {
            lock (_timers)
                return _timers.Min(static timer => timer.DueMs);
        }
    }

    /// <summary>How many timers are due at exactly this time.</summary>
    public int DueCount(long dueMs)
    {
        lock (_timers)
            return _timers.Count(timer => timer.DueMs == dueMs);
    }

    public override long GetTimestamp() => Interlocked.Read(ref _nowMs);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddMilliseconds(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        lock (_timers)
            _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    public void AdvanceTo(long nowMs)
    {
        while (true)
        {
            ManualTimer? due;
            lock (_timers)
            {
                due = _timers.Where(timer => timer.DueMs <= nowMs).MinBy(static timer => timer.DueMs);
                Interlocked.Exchange(ref _nowMs, due is null ? nowMs : Math.Max(_nowMs, due.DueMs!.Value));
                if (due is null)
                    return;
                due.DueMs = null;
            }
            due.Fire();
        }
    }

    /// <summary>Waits until the task under test waits for this time and no earlier one.</summary>
    public Task UntilNextDue(long? dueMs) => Waiting.Until(() => NextDueMs == dueMs, () => $"a timer at {dueMs} ms, not at {NextDueMs}");

    /// <summary>One timer without a period: nothing here uses one.</summary>
    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public long? DueMs { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._timers)
                DueMs = dueTime == Timeout.InfiniteTimeSpan ? null : time._nowMs + (long)Math.Ceiling(dueTime.TotalMilliseconds);
            return true;
        }

        public void Dispose()
        {
            lock (time._timers)
                time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
