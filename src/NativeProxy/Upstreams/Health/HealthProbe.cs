using System;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// The checks of one server: when one begins, when its time is over, and what its result means. Writes the server's
/// <see cref="ServerSlot"/> and tells its owner of each change. Owner: the <see cref="HealthChecker"/>, whose lock guards all that is written
/// here. One task on the thread pool while it watches. Opens no connection itself; its clock is a TimeProvider.
/// </summary>
internal sealed class HealthProbe
{
    private readonly Lock _gate;
    private readonly TimeProvider _time;
    private readonly Action<HealthProbe, CheckResult> _changing;
    private readonly Action _changed;
    private readonly HealthLedger _ledger;
    private readonly Random _random;
    private readonly long _origin;
    private Watch? _watch;

    /// <summary>When the last check began, in ms since this object was made.</summary>
    private long _beganMs;

    /// <summary>When the next check begins, in ms since this object was made.</summary>
    private long _nextMs = long.MaxValue;
    private bool _isRunning;

    /// <param name="slot">Where the server's health is published; it begins as it stands there.</param>
    /// <param name="isNew">It stands so without a reason.</param>
    /// <param name="gate">Guards slot and probe.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">For the jitter; used with the lock held.</param>
    /// <param name="changing">Called with the lock held when the server went up or down, or wants new clients no more or again; takes no lock and
    /// does not block.</param>
    /// <param name="changed">Called after that, without the lock.</param>
    public HealthProbe(
        ServerSlot slot, bool isNew, Lock gate, TimeProvider time, Random random, Action<HealthProbe, CheckResult> changing, Action changed)
    {
        Slot = slot;
        _gate = gate;
        _time = time;
        _changing = changing;
        _changed = changed;
        _random = random;
        _ledger = new HealthLedger(slot.IsUp, isNew);
        _origin = time.GetTimestamp();
    }

    public ServerSlot Slot { get; }

    /// <summary>The result that came last; null before the first one. With the lock held.</summary>
    public LastCheck? Last { get; private set; }

    private long NowMs => (long)_time.GetElapsedTime(_origin).TotalMilliseconds;

    /// <summary>
    /// Takes over how to check, at start, at reload, and when the server's address has changed. What was counted stays; a check that runs is
    /// made again. Nothing happens when it is the same as before. With the lock held.
    /// </summary>
    /// <param name="settings">Settings of the upstream.</param>
    /// <param name="check">How to ask the server.</param>
    /// <param name="latestDelayMs">When to begin the next check at the latest, from now.</param>
    public void Apply(in UpstreamHealthSettings settings, HealthCheck check, long latestDelayMs)
    {
        if (_watch is { } present && present.IsFor(settings, check))
            return;
        bool wasRunning = _isRunning;
        Stop();
        long nowMs = NowMs;
        _nextMs = wasRunning ? nowMs : Math.Min(_nextMs, nowMs + latestDelayMs);
        _watch = new Watch(settings, check);
        _ = Task.Run(() => WatchAsync(_watch));
    }

    /// <summary>No further check, and no further result of one that runs. With the lock held.</summary>
    public void Stop()
    {
        _isRunning = false;
        _watch?.Stop();
        _watch = null;
    }

    private async Task WatchAsync(Watch watch)
    {
        try
        {
            while (TryBegin(watch, out TimeSpan delay))
            {
                if (delay > TimeSpan.Zero)
                    await Task.Delay(delay, _time, watch.Stopped);
                else
                    await CheckAsync(watch);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    /// <summary>Begins the check that is due, or says how long it is until then. False when somebody else watches, or nobody.</summary>
    private bool TryBegin(Watch watch, out TimeSpan delay)
    {
        lock (_gate)
        {
            long nowMs = NowMs;
            delay = TimeSpan.FromMilliseconds(Math.Max(0, _nextMs - nowMs));
            if (watch != _watch)
                return false;
            if (delay > TimeSpan.Zero)
                return true;
            _beganMs = nowMs;
            _nextMs = nowMs + IntervalMs(watch.Settings);
            _isRunning = true;
            return true;
        }
    }

    private async Task CheckAsync(Watch watch)
    {
        long deadlineMs = NowMs + watch.Settings.TimeoutMs;
        using var over = new CancellationTokenSource(TimeSpan.FromMilliseconds(watch.Settings.TimeoutMs), _time);
        await using (watch.Stopped.UnsafeRegister(static over => ((CancellationTokenSource)over!).Cancel(), over))
        {
            await watch.Check.RunAsync(
                result =>
                {
                    Ended(watch, result);

                    // What is left of the connection must not hold the next check up.
                    if (Volatile.Read(ref _nextMs) < deadlineMs)
                        over.CancelAfter(TimeSpan.FromMilliseconds(Math.Max(0, Volatile.Read(ref _nextMs) - NowMs)));
                },
                over.Token);
        }
    }

    private void Ended(Watch watch, CheckResult result)
    {
        lock (_gate)
        {
            if (watch != _watch)
                return;
            _isRunning = false;

            bool passed = result.Passed && (_ledger.IsUp || !result.IsForUpAlone);
            Slot.CountCheck(passed);
            Last = new LastCheck(_time.GetUtcNow(), passed, result.Text);
            HealthChange change = _ledger.Record(passed, watch.Settings.Rise, watch.Settings.Fall, result.IsDecisive);
            _nextMs = _beganMs + IntervalMs(watch.Settings);
            bool isOtherWeight = result.WeightPercent > 0 && Slot.WeightPercent != result.WeightPercent;
            bool isOtherWish = passed && (Slot.IsLeaving != result.IsLeaving || isOtherWeight);
            if (change == HealthChange.None && !isOtherWish)
                return;
            Slot.IsUp = _ledger.IsUp;
            if (passed)
                Slot.IsLeaving = result.IsLeaving;
            if (isOtherWeight)
                Slot.WeightPercent = result.WeightPercent;
            if (change == HealthChange.WentDown)
                Slot.CountDown();
            if (change != HealthChange.None)
                Slot.ChangedAtMs = Last.At.ToUnixTimeMilliseconds();

            // Of a server that is down nobody asks what it wants.
            if (change == HealthChange.None && !_ledger.IsUp)
                return;
            _changing(this, result);
        }
        _changed();
    }

    /// <summary>From the start of a check to the start of the next, as the server stands now.</summary>
    private long IntervalMs(in UpstreamHealthSettings settings)
    {
        long intervalMs = settings switch
        {
            { FastIntervalMs: > 0 } when _ledger.AgainstCount > 0 => settings.FastIntervalMs,
            { DownIntervalMs: > 0 } when !_ledger.IsUp => settings.DownIntervalMs,
            _ => settings.IntervalMs,
        };
        return settings.JitterPercent == 0 ? intervalMs : intervalMs + JitterMs(intervalMs * settings.JitterPercent / 100, _random.NextDouble());
    }

    /// <param name="rangeMs">Longest deviation.</param>
    /// <param name="chance">From 0 to below 1.</param>
    internal static long JitterMs(long rangeMs, double chance) => (long)(rangeMs * ((2 * chance) - 1));

    /// <summary>How the server is checked until that changes.</summary>
    private sealed class Watch(UpstreamHealthSettings settings, HealthCheck check)
    {
        private readonly CancellationTokenSource _stopped = new();

        public UpstreamHealthSettings Settings { get; } = settings;

        public HealthCheck Check { get; } = check;

        public CancellationToken Stopped => _stopped.Token;

        /// <summary>Does not run anybody's code here: the lock is held.</summary>
        public void Stop() => _ = _stopped.CancelAsync();

        public bool IsFor(in UpstreamHealthSettings settings, HealthCheck check) =>
            Check.IsSameAs(check) && PaceOf(Settings) == PaceOf(settings);

        private static (long, long, long, int, long, int, int) PaceOf(in UpstreamHealthSettings settings) => (
            settings.IntervalMs, settings.FastIntervalMs, settings.DownIntervalMs, settings.JitterPercent, settings.TimeoutMs, settings.Rise,
            settings.Fall);
    }
}
