using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Quotas;
using Xunit;

namespace NativeProxy.Tests.Quotas;

public sealed class SlidingWindowTests
{
    [Fact]
    public void Count_PassesAtOnce_AndNotOneMore()
    {
        var clock = new RateClock(new SlidingWindow(100, 3_600_000));
        for (int i = 0; i < 100; i++)
        {
            RateVerdict verdict = clock.Ask();
            Assert.Equal((true, 99 - i), (verdict.Passes, verdict.Left));
        }
        Assert.False(clock.Ask().Passes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(999)]
    public void WhatItSaysOfTheNextOne_IsTrue(int intoMs)
    {
        var random = new Random(intoMs);
        var clock = new RateClock(new SlidingWindow(10, 1000)) { NowMs = 5_000_000 + intoMs };
        for (int i = 0; i < 500; i++)
        {
            clock.Passing(random.Next(0, 15));
            RateVerdict verdict = clock.Ask(RateUse.Look);
            if (!verdict.Passes)
            {
                long waitMs = (verdict.WaitUs + 999) / 1000;
                clock.NowMs += waitMs - 1;
                Assert.False(waitMs > 1 && clock.Ask(RateUse.Look).Passes, $"passes before {waitMs} ms");
                clock.NowMs += 1;
                Assert.True(clock.Ask(RateUse.Look).Passes, $"does not pass after {waitMs} ms");
            }
            clock.NowMs += random.Next(0, 700);
        }
    }

    /// <summary>A counter of fixed windows would let twice as many pass around its border.</summary>
    [Fact]
    public void BorderOfAPeriod_DoesNotLetTwiceAsManyPass()
    {
        var clock = new RateClock(new SlidingWindow(100, 1000)) { NowMs = 5_000_990 };
        Assert.Equal(100, clock.Passing(200));
        clock.NowMs += 20;
        Assert.InRange(clock.Passing(200), 0, 2);
        clock.NowMs += 500;
        Assert.InRange(clock.Passing(200), 45, 52);
    }

    [Fact]
    public void EvenStream_HasNoPeriodWithMoreThanAllowed()
    {
        var clock = new RateClock(new SlidingWindow(20, 1000));
        var passed = new List<long>();
        for (int i = 0; i < 20_000; i++)
        {
            if (clock.Ask().Passes)
                passed.Add(clock.NowMs);
            clock.NowMs += 7;
        }
        int most = passed.Select(fromMs => passed.Count(ms => ms >= fromMs && ms < fromMs + 1000)).Max();
        Assert.InRange(most, 18, 22);
        Assert.InRange(passed.Count, 2600, 2850);
    }

    [Fact]
    public void ClockOfAnotherWorkerThatIsBehind_CountsIntoTheSamePeriod()
    {
        var clock = new RateClock(new SlidingWindow(10, 1000)) { NowMs = 5_001_000 };
        clock.Passing(6);
        clock.NowMs -= 1;
        Assert.Equal(4, clock.Passing(10));
    }

    [Fact]
    public void KeyIsAsNew_AfterTwoPeriods_AndHasNoStateThen()
    {
        var rule = new SlidingWindow(3, 1000);
        var clock = new RateClock(rule) { NowMs = 5_000_000 };
        clock.Passing(3);
        Assert.Equal(2_000_000, rule.AsNewAfterUs(clock.State, clock.NowMs * 1000));
        clock.NowMs += 2000;
        Assert.Equal(0, rule.AsNewAfterUs(clock.State, clock.NowMs * 1000));
        Assert.Equal(3, clock.Passing(9));
    }

    [Fact]
    public void Counting_StopsAtWhatTheStateHolds()
    {
        var clock = new RateClock(new SlidingWindow(SlidingWindow.CountLimit, 1000));
        for (int i = 0; i < SlidingWindow.CountLimit + 10; i++)
            clock.Ask(RateUse.Count);
        Assert.False(clock.Ask().Passes);
        Assert.InRange(clock.State, 1, (1L << RateRule.StateBits) - 1);
    }
}
