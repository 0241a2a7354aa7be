using System;
using System.Diagnostics;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Timers;

/// <summary>Time stands still within a turn and never goes back between turns.</summary>
public sealed class LoopClockTests
{
    [Fact]
    public void TimeWithinATurn_StandsStill()
    {
        LoopClock clock = new();
        long nowMs = clock.NowMs;
        long wallMs = clock.WallMs;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < 2)
        {
        }

        Assert.Equal((nowMs, wallMs), (clock.NowMs, clock.WallMs));
        clock.Refresh();
        Assert.True(clock.NowMs > nowMs);
    }

    [Fact]
    public void ManyRefreshes_NeverGoBack()
    {
        LoopClock clock = new();
        for (int i = 0; i < 10_000; i++)
        {
            long beforeMs = clock.NowMs;
            clock.Refresh();
            Assert.True(clock.NowMs >= beforeMs);
        }
    }

    [Fact]
    public void WallTime_IsTheSystemsTimeInUnixMilliseconds()
    {
        long beforeMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        LoopClock clock = new();
        Assert.InRange(clock.WallMs, beforeMs, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }
}
