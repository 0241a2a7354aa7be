using System.Threading;
using NativeProxy.Timers;
using NativeProxy.Transport.Saea;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class LoopTickerTests
{
    [Fact]
    public void PlannedWake_ComesNotEarly()
    {
        using var woken = new SemaphoreSlim(0);
        var clock = new LoopClock();
        long wokenAtMs = 0;
        var ticker = new LoopTicker(() =>
        {
            var now = new LoopClock();
            Volatile.Write(ref wokenAtMs, now.NowMs);
            woken.Release();
        });
        clock.Refresh();
        long plannedMs = clock.NowMs + 40;

        ticker.Plan(plannedMs);

        Assert.True(woken.Wait(LoopUnderTest.Deadline));
        Assert.True(Volatile.Read(ref wokenAtMs) >= plannedMs);
        ticker.Stop();
    }

    [Fact]
    public void TimeInThePast_WakesAtOnce()
    {
        using var woken = new SemaphoreSlim(0);
        var ticker = new LoopTicker(() => woken.Release());

        ticker.Plan(new LoopClock().NowMs - 1000);

        Assert.True(woken.Wait(LoopUnderTest.Deadline));
        ticker.Stop();
    }

    [Fact]
    public void LaterPlan_DoesNotPutOffAnEarlierOne()
    {
        using var woken = new SemaphoreSlim(0);
        var ticker = new LoopTicker(() => woken.Release());
        long nowMs = new LoopClock().NowMs;

        ticker.Plan(nowMs + 50);
        ticker.Plan(nowMs + 3_600_000);

        Assert.True(woken.Wait(LoopUnderTest.Deadline));
        ticker.Stop();
    }

    [Fact]
    public void EarlierPlan_OvertakesALaterOne()
    {
        using var woken = new SemaphoreSlim(0);
        var ticker = new LoopTicker(() => woken.Release());
        long nowMs = new LoopClock().NowMs;

        ticker.Plan(nowMs + 3_600_000);
        ticker.Plan(nowMs + 50);

        Assert.True(woken.Wait(LoopUnderTest.Deadline));
        ticker.Stop();
    }

    [Fact]
    public void EachPlan_WakesOnce()
    {
        using var woken = new SemaphoreSlim(0);
        var ticker = new LoopTicker(() => woken.Release());

        for (int i = 0; i < 3; i++)
        {
            ticker.Plan(new LoopClock().NowMs + 10);
            Assert.True(woken.Wait(LoopUnderTest.Deadline));
        }

        ticker.Stop();
        Assert.Equal(0, woken.CurrentCount);
    }
}
