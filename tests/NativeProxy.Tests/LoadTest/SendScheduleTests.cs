using NativeProxy.LoadTest.Generator;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>The moments of an open loop do not depend on when requests were really sent.</summary>
public sealed class SendScheduleTests
{
    private const long StartNs = 5_000_000_000;

    [Fact]
    public void MomentsTakenLate_AreStillTheIntendedOnes()
    {
        var schedule = new SendSchedule(ratePerSecond: 1000, StartNs, phase: 0);
        long stallEndNs = StartNs + 10_500_000;
        long count = 0;
        while (schedule.IsDue(stallEndNs))
            Assert.Equal(StartNs + (count++ * 1_000_000), schedule.Take());
        Assert.Equal(11, count);
    }

    [Fact]
    public void NextMoment_IsNotDueBeforeItsTime()
    {
        var schedule = new SendSchedule(ratePerSecond: 100, StartNs, phase: 0);
        schedule.Take();
        Assert.False(schedule.IsDue(StartNs + 9_999_999));
        Assert.True(schedule.IsDue(StartNs + 10_000_000));
    }

    [Fact]
    public void Phase_ShiftsTheMomentsByItsShareOfTheInterval()
    {
        var schedule = new SendSchedule(ratePerSecond: 1000, StartNs, phase: 0.25);
        Assert.Equal(StartNs + 250_000, schedule.NextNs);
    }

    [Fact]
    public void RateThatDoesNotDivideASecond_DoesNotDrift()
    {
        var schedule = new SendSchedule(ratePerSecond: 3, StartNs, phase: 0);
        for (int i = 0; i < 3_000; i++)
            schedule.Take();
        Assert.InRange(schedule.NextNs, StartNs + 999_999_999_990, StartNs + 1_000_000_000_010);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 1)]
    [InlineData(999_999, 1)]
    [InlineData(1_000_000, 2)]
    [InlineData(50_000_000, 51)]
    public void Backlog_CountsTheMomentsThatHavePassed(long afterNs, long expected)
    {
        var schedule = new SendSchedule(ratePerSecond: 1000, StartNs, phase: 0);
        Assert.Equal(expected, schedule.Backlog(StartNs + afterNs));
    }
}
