using System;
using NativeProxy.Config;
using NativeProxy.Timers;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// The checks of one server: when one begins, when its time is over, and what its result means. Writes the server's
/// <see cref="ServerSlot"/> and tells its owner of each change. Owner: the <see cref="HealthChecker"/>; thread: the loop. Opens no
/// connection itself and reads no clock: time comes with the timer.
/// </summary>
internal sealed class HealthProbe : ITimerOwner
{
    private readonly TimingWheel _wheel;
    private readonly Action<HealthProbe, CheckResult> _changed;
    private readonly TimerNode _timer;
    private readonly HealthLedger _ledger;
    private HealthCheck? _check;
    private UpstreamHealthSettings _settings;
    private long _nextMs = long.MaxValue;
    private long _deadlineMs;
    private bool _isRunning;

    /// <param name="wheel">The loop's timers.</param>
    /// <param name="slot">Where the server's health is published; it begins as it stands there.</param>
    /// <param name="changed">Called when the server went up or down.</param>
    public HealthProbe(TimingWheel wheel, ServerSlot slot, Action<HealthProbe, CheckResult> changed)
    {
        _wheel = wheel;
        Slot = slot;
        _changed = changed;
        _timer = new TimerNode(this);
        _ledger = new HealthLedger(slot.IsUp);
    }

    public ServerSlot Slot { get; }

    /// <summary>Takes over how to check, at start and at reload. What was counted stays; a check that runs is made again.</summary>
    /// <param name="settings">Settings of the upstream.</param>
    /// <param name="check">How to ask the server.</param>
    /// <param name="latestMs">When to begin the next check at the latest.</param>
    public void Apply(in UpstreamHealthSettings settings, HealthCheck check, long latestMs)
    {
        bool wasRunning = _isRunning;
        Stop();
        _settings = settings;
        _check = check;
        _check.Ended = OnEnded;
        _nextMs = wasRunning ? 0 : Math.Min(_nextMs, latestMs);
        _wheel.Arm(_timer, _nextMs);
    }

    /// <summary>No further check; one that runs is given up without a result.</summary>
    public void Stop()
    {
        _wheel.Remove(_timer);
        _check?.GiveUp();
        _isRunning = false;
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_isRunning)
            OnEnded(_check!.GiveUp());
        if (nowMs >= _nextMs)
        {
            _nextMs = nowMs + _settings.IntervalMs;
            _deadlineMs = nowMs + _settings.TimeoutMs;
            _isRunning = true;
            _wheel.Arm(_timer, _deadlineMs);
            _check!.Begin();
        }
        else
        {
            // The time for the rest of a response is over, and the next check is not due.
            _check!.GiveUp();
            _wheel.Arm(_timer, _nextMs);
        }
    }

    private void OnEnded(CheckResult result)
    {
        _isRunning = false;
        _wheel.Arm(_timer, Math.Min(_nextMs, _deadlineMs));
        Slot.CountCheck(result.Passed);
        HealthChange change = _ledger.Record(result.Passed, _settings.Rise, _settings.Fall);
        if (change == HealthChange.None)
            return;
        Slot.IsUp = _ledger.IsUp;
        if (change == HealthChange.WentDown)
            Slot.CountDown();
        _changed(this, result);
    }
}
