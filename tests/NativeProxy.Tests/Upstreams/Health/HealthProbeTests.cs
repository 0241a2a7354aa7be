using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Pipes;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>When checks begin and end, on a clock that is moved by hand.</summary>
public class HealthProbeTests
{
    private const string Settings = "[upstream.health]\ntype = \"tcp\"\ninterval = \"1600ms\"\ntimeout = \"800ms\"\nrise = 2\nfall = 2\njitter = 0";
    private static readonly CheckResult Pass = new(CheckOutcome.Connected);
    private static readonly CheckResult Fail = new(CheckOutcome.ConnectionRefused);

    private readonly ManualTime _time = new();
    private readonly Lock _gate = new();
    private readonly ScriptedCheck _check = new();
    private readonly List<string> _changes = [];
    private readonly ServerSlot _slot = new ServersOnBoard("a1").Slot("a");
    private readonly HealthProbe _probe;
    private int _changedCount;

    public HealthProbeTests() => _probe = ProbeOf((probe, result) => _changes.Add((probe.Slot.IsUp ? "up: " : "down: ") + result.Text));

    [Fact]
    public async Task Checks_BeginOneIntervalApart_FromStartToStart()
    {
        Start(firstMs: 160);
        await _time.UntilNextDue(160);
        Assert.Equal(0, _check.Begun);
        await BeginAt(160, 1);
        _time.AdvanceTo(560);
        _check.End(Pass);
        await _time.UntilNextDue(1760);
        Assert.Equal(1, _check.Begun);
        await BeginAt(1760, 2);
    }

    [Fact]
    public async Task CheckWithoutResult_FailsAtItsTimeout_AndTheNextBeginsOnTime()
    {
        Start(firstMs: 0);
        await BeginAt(0, 1);
        _time.AdvanceTo(799);
        Assert.Equal(0, _slot.ChecksFailed);
        _time.AdvanceTo(800);
        await _time.UntilNextDue(1600);
        Assert.Equal((1L, 1, false), (_slot.ChecksFailed, _check.Begun, _slot.IsUp));
        await BeginAt(1600, 2);
        Assert.Equal(["down: it does not answer in time"], _changes);
    }

    [Fact]
    public async Task TimeoutAboveTheInterval_DelaysTheNextCheckUntilThisOneIsOver()
    {
        Start(firstMs: 0, Settings.Replace("800ms", "2400ms"));
        await BeginAt(0, 1);
        _time.AdvanceTo(2399);
        Assert.Equal(1, _check.Begun);
        await BeginAt(2400, 2);
        Assert.Equal(1L, _slot.ChecksFailed);
    }

    [Fact]
    public async Task ServerGoesDownAndComesBack_AsTheLedgerSays_AndTheSlotShowsIt()
    {
        Start(firstMs: 0);
        string states = "";
        foreach (CheckResult result in (CheckResult[])[Pass, Fail, Pass, Fail, Fail, Fail, Pass, Fail, Pass, Pass, Fail])
        {
            await BeginAt(1600L * states.Length, states.Length + 1);
            _check.End(result);
            await _time.UntilNextDue(1600L * (states.Length + 1));
            states += _slot.IsUp ? 'u' : 'd';
        }

        Assert.Equal("uuuudddddu" + "u", states);
        Assert.Equal((5L, 6L, 1L), (_slot.ChecksPassed, _slot.ChecksFailed, _slot.Downs));
        Assert.Equal(["down: it refuses connections", "up: it accepts connections"], _changes);
        Assert.Equal(2, _changedCount);
    }

    [Fact]
    public async Task RestOfAResponse_IsGivenUpAtTheTimeout()
    {
        Start(firstMs: 0);
        await BeginAt(0, 1);
        _check.Report(Pass);
        _time.AdvanceTo(799);
        Assert.Equal(0, _check.GivenUp);
        _time.AdvanceTo(800);
        await _time.UntilNextDue(1600);
        Assert.Equal((1, 0L), (_check.GivenUp, _slot.ChecksFailed));
    }

    [Fact]
    public async Task RestOfAResponse_IsGivenUpWhenTheNextCheckIsDue()
    {
        Start(firstMs: 0, Settings.Replace("800ms", "2400ms"));
        await BeginAt(0, 1);
        _check.Report(Pass);
        await _time.UntilNextDue(1600);
        await BeginAt(1600, 2);
        Assert.Equal((1, 0L), (_check.GivenUp, _slot.ChecksFailed));
    }

    [Fact]
    public async Task StoppedProbe_ChecksNoMore_AndLeavesNoTimer()
    {
        Start(firstMs: 0);
        await BeginAt(0, 1);
        Locked(_probe.Stop);
        await _time.UntilNextDue(null);
        _time.AdvanceTo(10_000);

        Assert.Equal((1, 0L), (_check.Begun, _slot.ChecksFailed));
    }

    [Fact]
    public async Task OtherSettings_TakeOverWhatWasCounted_AndTheRunningCheckIsMadeAgain()
    {
        Start(firstMs: 0);
        await BeginAt(0, 1);
        _check.End(Pass);
        await BeginAt(1600, 2);
        _check.End(Fail);
        await BeginAt(3200, 3);
        var other = new ScriptedCheck();
        Locked(() => _probe.Apply(HealthOf(Settings), other, latestDelayMs: 1600));
        await other.UntilBegun(1);

        Assert.Equal(3, _check.Begun);
        Assert.True(_slot.IsUp);
        other.End(Fail);
        Assert.False(_slot.IsUp);
    }

    [Fact]
    public async Task SameSettings_DisturbNothing()
    {
        Start(firstMs: 0);
        await BeginAt(0, 1);
        Locked(() => _probe.Apply(HealthOf(Settings), _check, latestDelayMs: 0));
        _check.End(Pass);
        await _time.UntilNextDue(1600);

        Assert.Equal((1, 0, 1L), (_check.Begun, _check.GivenUp, _slot.ChecksPassed));
    }

    [Fact]
    public async Task ShorterInterval_HoldsFromTheReloadOn()
    {
        Start(firstMs: 0, Settings.Replace("1600ms", "1h"));
        await BeginAt(0, 1);
        _check.End(Pass);
        await _time.UntilNextDue(3_600_000);
        Locked(() => _probe.Apply(HealthOf(Settings), _check, latestDelayMs: 1600));
        await BeginAt(1600, 2);
    }

    [Fact]
    public async Task ResultsAgainstTheState_AreFollowedByChecksAtTheFastInterval_ADownServerByThoseAtItsOwn()
    {
        Start(firstMs: 0, Settings + "\nfast_interval = \"200ms\"\ndown_interval = \"9s\"");
        await BeginAt(0, 1);
        _check.End(Pass);
        await BeginAt(1600, 2);
        _check.End(Fail);
        await BeginAt(1800, 3);
        _check.End(Fail);
        Assert.False(_slot.IsUp);
        await BeginAt(10_800, 4);
        _check.End(Pass);
        await BeginAt(11_000, 5);
        _check.End(Pass);
        Assert.True(_slot.IsUp);
        await _time.UntilNextDue(12_600);
    }

    [Fact]
    public async Task ServerThatWantsNoNewClients_IsUp_AndIsToldOfOnce()
    {
        var leaves = new CheckResult(CheckOutcome.Leaving, 404);
        Start(firstMs: 0);
        int begun = 0;
        foreach (CheckResult result in (CheckResult[])[Pass, leaves, leaves, Fail, leaves, Pass])
        {
            await BeginAt(1600L * begun, ++begun);
            _check.End(result);
            Assert.Equal((true, result != Pass), (_slot.IsUp, _slot.IsLeaving));
        }

        Assert.Equal(["up: it answers with status 404", "up: it accepts connections"], _changes);
    }

    [Fact]
    public async Task ServerThatIsDown_DoesNotComeUp_ByWantingNoNewClients()
    {
        var leaves = new CheckResult(CheckOutcome.Leaving, 404);
        Start(firstMs: 0);
        int begun = 0;
        foreach (CheckResult result in (CheckResult[])[Pass, Fail, Fail, leaves, leaves, leaves, Pass, leaves, Pass])
        {
            await BeginAt(1600L * begun, ++begun);
            _check.End(result);
            Assert.Equal((begun < 3, false), (_slot.IsUp, _slot.IsLeaving));
        }
        Assert.Equal((true, false), (_probe.Last?.Passed, _slot.IsUp));

        await BeginAt(1600L * begun, ++begun);
        _check.End(Pass);
        Assert.True(_slot.IsUp);
    }

    [Fact]
    public async Task WordOfAnAgent_DecidesAtOnce()
    {
        Start(firstMs: 0);
        await BeginAt(0, 1);
        _check.End(new CheckResult(CheckOutcome.AgentUp));
        await BeginAt(1600, 2);
        _check.End(new CheckResult(CheckOutcome.AgentDown));
        Assert.False(_slot.IsUp);
        await BeginAt(3200, 3);
        _check.End(new CheckResult(CheckOutcome.AgentUp));
        Assert.True(_slot.IsUp);
    }

    [Theory]
    [InlineData(0.0, -160)]
    [InlineData(0.5, 0)]
    [InlineData(0.75, 80)]
    public void Jitter_MakesAnIntervalShorterOrLonger(double chance, long expectedMs) => Assert.Equal(expectedMs, HealthProbe.JitterMs(160, chance));

    [Fact]
    public async Task SlotThatIsDownAlready_NeedsItsRise()
    {
        _slot.IsUp = false;
        HealthProbe probe = ProbeOf((_, _) => { });
        Locked(() => probe.Apply(HealthOf(Settings), _check, latestDelayMs: 0));
        await BeginAt(0, 1);
        _check.End(Pass);
        Assert.False(_slot.IsUp);
        await BeginAt(1600, 2);
        _check.End(Pass);
        Assert.True(_slot.IsUp);
    }

    private static UpstreamHealthSettings HealthOf(string lines) => ServerUnderTest.SettingsOf(lines).Health;

    private HealthProbe ProbeOf(Action<HealthProbe, CheckResult> changing) => 
        new(_slot, isNew: false, _gate, _time, new Random(1), changing, () => _changedCount++);

    private void Start(long firstMs, string settings = Settings) => Locked(() => _probe.Apply(HealthOf(settings), _check, firstMs));

    private void Locked(Action action)
    {
        lock (_gate)
            action();
    }

    /// <summary>Moves the clock to when a check must begin, and waits until it has.</summary>
    private async Task BeginAt(long nowMs, int count)
    {
        if (nowMs > _time.GetTimestamp())
            await Waiting.Until(() => _time.DueCount(nowMs) > 0, () => $"a timer at {nowMs} ms, not at {_time.NextDueMs}");
        _time.AdvanceTo(nowMs);
        await _check.UntilBegun(count);
    }

    /// <summary>A check that ends when the test says so.</summary>
    private sealed class ScriptedCheck : HealthCheck
    {
        private int _begun;
        private int _givenUp;
        private Action<CheckResult>? _report;
        private TaskCompletionSource? _end;

        public int Begun => Volatile.Read(ref _begun);

        public int GivenUp => Volatile.Read(ref _givenUp);

        public Task UntilBegun(int count) => Waiting.Until(() => Begun == count, () => $"check {count} begins, not {Begun}");

        public void Report(CheckResult result)
        {
            Action<CheckResult> report = _report!;
            _report = null;
            report(result);
        }

        /// <summary>Reports, and leaves nothing of the connection.</summary>
        public void End(CheckResult result)
        {
            TaskCompletionSource end = _end!;
            Report(result);
            end.TrySetResult();
        }

        public override async Task RunAsync(Action<CheckResult> report, CancellationToken over)
        {
            var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_report, _end) = (report, end);
            Interlocked.Increment(ref _begun);
            await using CancellationTokenRegistration registration = over.Register(() =>
            {
                Interlocked.Increment(ref _givenUp);
                if (_report is not null && _end == end)
                    Report(new CheckResult(CheckOutcome.ResponseTimeout));
                end.TrySetResult();
            });
            await end.Task;
        }

        public override bool IsSameAs(HealthCheck other) => other == this;
    }
}
