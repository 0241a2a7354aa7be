using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Timers;
using NativeProxy.Upstreams;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>When checks begin and end, on a clock that is moved by hand. The wheel's slots are 16 ms wide; all times fall on them.</summary>
public class HealthProbeTests
{
    private const string Settings = "[upstream.health]\ntype = \"tcp\"\ninterval = \"1600ms\"\ntimeout = \"800ms\"\nrise = 2\nfall = 2";
    private static readonly CheckResult Pass = new(CheckOutcome.Connected);
    private static readonly CheckResult Fail = new(CheckOutcome.ConnectionRefused);

    private readonly TimingWheel _wheel = new(nowMs: 0);
    private readonly ScriptedCheck _check = new();
    private readonly List<string> _changes = [];
    private readonly ServerSlot _slot = new ServersOnBoard("a1").Slot("a");
    private readonly HealthProbe _probe;

    public HealthProbeTests() => _probe = new HealthProbe(_wheel, _slot, (probe, result) => _changes.Add((probe.Slot.IsUp ? "up: " : "down: ") + result.Text));

    [Fact]
    public void Checks_BeginOneIntervalApart_FromStartToStart()
    {
        Start(firstMs: 160);
        AdvanceTo(159);
        Assert.Equal(0, _check.Begun);
        AdvanceTo(160);
        Assert.Equal(1, _check.Begun);
        AdvanceTo(560);
        _check.End(Pass);
        AdvanceTo(1759);
        Assert.Equal(1, _check.Begun);
        AdvanceTo(1760);
        Assert.Equal(2, _check.Begun);
    }

    [Fact]
    public void CheckWithoutResult_FailsAtItsTimeout_AndTheNextBeginsOnTime()
    {
        Start(firstMs: 0);
        AdvanceTo(0);
        AdvanceTo(799);
        Assert.Equal(0, _slot.ChecksFailed);
        AdvanceTo(800);
        Assert.Equal((1L, 1, false), (_slot.ChecksFailed, _check.Begun, _slot.IsUp));
        AdvanceTo(1599);
        Assert.Equal(1, _check.Begun);
        AdvanceTo(1600);
        Assert.Equal(2, _check.Begun);
        Assert.Equal(["down: it does not answer in time"], _changes);
    }

    [Fact]
    public void TimeoutAboveTheInterval_DelaysTheNextCheckUntilThisOneIsOver()
    {
        Start(firstMs: 0, Settings.Replace("800ms", "2400ms"));
        AdvanceTo(0);
        AdvanceTo(2399);
        Assert.Equal(1, _check.Begun);
        AdvanceTo(2400);
        Assert.Equal((2, 1L), (_check.Begun, _slot.ChecksFailed));
    }

    [Fact]
    public void ServerGoesDownAndComesBack_AsTheLedgerSays_AndTheSlotShowsIt()
    {
        Start(firstMs: 0);
        string states = "";
        foreach (CheckResult result in (CheckResult[])[Pass, Fail, Pass, Fail, Fail, Fail, Pass, Fail, Pass, Pass, Fail])
        {
            AdvanceTo(1600L * states.Length);
            _check.End(result);
            states += _slot.IsUp ? 'u' : 'd';
        }

        Assert.Equal("uuuudddddu" + "u", states);
        Assert.Equal((5L, 6L, 1L), (_slot.ChecksPassed, _slot.ChecksFailed, _slot.Downs));
        Assert.Equal(["down: it refuses connections", "up: it accepts connections"], _changes);
    }

    [Fact]
    public void RestOfAResponse_IsGivenUpAtTheTimeout()
    {
        Start(firstMs: 0);
        AdvanceTo(0);
        _check.End(Pass);
        int before = _check.GivenUp;
        AdvanceTo(799);
        Assert.Equal(before, _check.GivenUp);
        AdvanceTo(800);
        Assert.Equal((before + 1, 0L), (_check.GivenUp, _slot.ChecksFailed));
    }

    [Fact]
    public void StoppedProbe_ChecksNoMore()
    {
        Start(firstMs: 0);
        AdvanceTo(0);
        _probe.Stop();
        AdvanceTo(10_000);

        Assert.Equal((1, 0L, 0), (_check.Begun, _slot.ChecksFailed, _wheel.LinkedCount));
    }

    [Fact]
    public void OtherSettings_TakeOverWhatWasCounted_AndTheRunningCheckIsMadeAgain()
    {
        Start(firstMs: 0);
        AdvanceTo(0);
        _check.End(Pass);
        AdvanceTo(1600);
        _check.End(Fail);
        AdvanceTo(3200);
        var other = new ScriptedCheck();
        _probe.Apply(HealthOf(Settings), other, latestMs: 4800);
        AdvanceTo(3216);

        Assert.Equal((3, 1), (_check.Begun, other.Begun));
        Assert.True(_slot.IsUp);
        other.End(Fail);
        Assert.False(_slot.IsUp);
    }

    [Fact]
    public void ShorterInterval_HoldsFromTheReloadOn()
    {
        Start(firstMs: 0, Settings.Replace("1600ms", "1h"));
        AdvanceTo(0);
        _check.End(Pass);
        _probe.Apply(HealthOf(Settings), _check, latestMs: 1600);
        AdvanceTo(1600);

        Assert.Equal(2, _check.Begun);
    }

    [Fact]
    public void SlotThatIsDownAlready_NeedsItsRise()
    {
        _slot.IsUp = false;
        var probe = new HealthProbe(_wheel, _slot, (_, _) => { });
        probe.Apply(HealthOf(Settings), _check, latestMs: 0);
        AdvanceTo(0);
        _check.End(Pass);
        Assert.False(_slot.IsUp);
        AdvanceTo(1600);
        _check.End(Pass);
        Assert.True(_slot.IsUp);
    }

    private static UpstreamHealthSettings HealthOf(string lines) => ServerUnderTest.SettingsOf(lines).Health;

    private void Start(long firstMs, string settings = Settings) => _probe.Apply(HealthOf(settings), _check, firstMs);

    private void AdvanceTo(long nowMs) => _wheel.AdvanceTo(nowMs);

    /// <summary>A check that ends when the test says so.</summary>
    private sealed class ScriptedCheck : HealthCheck
    {
        public int Begun { get; private set; }

        public int GivenUp { get; private set; }

        public void End(CheckResult result) => Ended!(result);

        public override void Begin() => Begun++;

        public override CheckResult GiveUp()
        {
            GivenUp++;
            return new CheckResult(CheckOutcome.ResponseTimeout);
        }
    }
}
