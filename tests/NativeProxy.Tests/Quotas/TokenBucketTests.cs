using System;
using NativeProxy.Quotas;
using Xunit;

namespace NativeProxy.Tests.Quotas;

public sealed class TokenBucketTests
{
    [Theory]
    [InlineData(10, 1000, 10)]
    [InlineData(10, 1000, 1)]
    [InlineData(1, 3_600_000, 1_000_000)]
    [InlineData(1_000_000, 1000, 1_000_000)]
    [InlineData(7, 60_000, 3)]
    public void Burst_PassesAtOnce_AndNotOneMore(int count, int periodMs, int burst)
    {
        var clock = new RateClock(new TokenBucket(count, periodMs, burst));
        for (int i = 0; i < burst; i++)
        {
            RateVerdict verdict = clock.Ask();
            Assert.Equal((true, burst - 1 - i), (verdict.Passes, verdict.Left));
        }
        Assert.Equal((false, 0), (clock.Ask().Passes, clock.Ask().Left));
    }

    [Fact]
    public void Tokens_ComeInByTheRate_UpToTheBurst()
    {
        var clock = new RateClock(new TokenBucket(5, 1000, 5));
        Assert.Equal(5, clock.Passing(9));
        clock.NowMs += 199;
        Assert.Equal(0, clock.Passing(3));
        clock.NowMs += 1;
        Assert.Equal(1, clock.Passing(3));
        clock.NowMs += 600;
        Assert.Equal(3, clock.Passing(9));
        clock.NowMs += 3_600_000;
        Assert.Equal(5, clock.Passing(9));
    }

    [Fact]
    public void RefusedRequest_CostsNothing_AndSaysWhenTheNextPasses()
    {
        var clock = new RateClock(new TokenBucket(2, 1000, 2));
        clock.Passing(2);
        long before = clock.State;
        RateVerdict verdict = clock.Ask();
        Assert.Equal((500_000L, 1_000_000L), (verdict.WaitUs, verdict.AsNewAfterUs));
        Assert.Equal(before, clock.State);
        clock.NowMs += 500;
        Assert.True(clock.Ask().Passes);
    }

    [Fact]
    public void ReservedRequests_WaitOneAfterAnother_UpToTheLongestWait()
    {
        var clock = new RateClock(new TokenBucket(10, 1000, 1));
        for (int i = 0; i <= 3; i++)
            Assert.Equal(i * 100_000L, clock.Ask(RateUse.Reserve, waitMsMax: 300).WaitUs);
        long before = clock.State;
        Assert.Equal(400_000L, clock.Ask(RateUse.Reserve, waitMsMax: 300).WaitUs);
        Assert.Equal(before, clock.State);
    }

    [Fact]
    public void Look_CountsNothing_AndCountingDoesNotSinkBelowEmpty()
    {
        var clock = new RateClock(new TokenBucket(1, 1000, 3));
        for (int i = 0; i < 5; i++)
            Assert.True(clock.Ask(RateUse.Look).Passes);
        for (int i = 0; i < 3; i++)
            clock.Ask(RateUse.Count);
        Assert.False(clock.Ask(RateUse.Look).Passes);

        // Those that had passed before it was known.
        for (int i = 0; i < 100; i++)
            clock.Ask(RateUse.Count);
        Assert.Equal(1_000_000L, clock.Ask(RateUse.Look).WaitUs);
    }

    [Fact]
    public void LongestTimes_FitTheState()
    {
        var clock = new RateClock(new TokenBucket(1, 3_600_000, 1_000_000)) { NowMs = 10L * 365 * 24 * 3600 * 1000 };
        for (int i = 0; i < 1_000_000; i++)
            clock.Ask(RateUse.Count);
        Assert.InRange(clock.State, 1, (1L << RateRule.StateBits) - 1);
        Assert.False(clock.Ask().Passes);
    }

    [Fact]
    public void AnyHundredSeconds_HoldNoMoreThanTheRateAndOneBurst()
    {
        var random = new Random(7);
        var clock = new RateClock(new TokenBucket(30, 60_000, 4));
        int passed = 0;
        long endMs = clock.NowMs + 100_000;
        while (clock.NowMs < endMs)
        {
            passed += clock.Passing(random.Next(0, 3));
            clock.NowMs += random.Next(0, 500);
        }
        Assert.InRange(passed, 45, 50 + 4);
    }
}
