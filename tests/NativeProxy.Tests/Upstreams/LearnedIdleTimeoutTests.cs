using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class LearnedIdleTimeoutTests
{
    [Fact]
    public void NothingHeard_IsNothingKnown() => Assert.Equal(0, default(LearnedIdleTimeout).RetireAfterMs(1));

    [Theory]
    [InlineData(5, 4000)]
    [InlineData(2, 1000)]
    [InlineData(1, 500)]
    [InlineData(0, 0)]
    public void AnnouncedTimeout_IsUndercutByASecondOrHalf(int seconds, long retireAfterMs)
    {
        LearnedIdleTimeout learned = default;
        learned.Announced(seconds, nowMs: 10);
        Assert.Equal(retireAfterMs, learned.RetireAfterMs(10));
    }

    [Fact]
    public void ClosesAtTheSameAge_AreATimeout_FromTheThirdOn()
    {
        LearnedIdleTimeout learned = default;
        learned.ServerClosed(5100, 1);
        learned.ServerClosed(5000, 2);
        Assert.Equal(0, learned.RetireAfterMs(3));
        learned.ServerClosed(5900, 3);
        Assert.Equal(4000, learned.RetireAfterMs(3));
    }

    [Fact]
    public void ClosesAtAllAges_AreARestart()
    {
        LearnedIdleTimeout learned = default;
        foreach (long age in new long[] { 100, 9000, 400, 30000, 2000 })
            learned.ServerClosed(age, 5);
        Assert.Equal(0, learned.RetireAfterMs(5));
    }

    [Fact]
    public void TheShorterOfAnnouncedAndObserved_Counts()
    {
        LearnedIdleTimeout learned = default;
        learned.Announced(60, 1);
        for (int i = 0; i < LearnedIdleTimeout.ObservationsMin; i++)
            learned.ServerClosed(10_000, 1);
        Assert.Equal(9000, learned.RetireAfterMs(1));
    }

    [Fact]
    public void WhatWasLearned_IsForgottenInTheEnd()
    {
        LearnedIdleTimeout learned = default;
        learned.Announced(60, 1);
        Assert.Equal(59_000, learned.RetireAfterMs(LearnedIdleTimeout.ForgetMs));
        Assert.Equal(0, learned.RetireAfterMs(LearnedIdleTimeout.ForgetMs + 1));
    }
}
