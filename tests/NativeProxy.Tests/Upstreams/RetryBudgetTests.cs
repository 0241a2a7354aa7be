using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class RetryBudgetTests
{
    private readonly RetryBudget _budget = new();

    [Theory]
    [InlineData(200, 20, 3, 40)]
    [InlineData(4, 20, 3, 3)]
    [InlineData(1, 0, 0, 0)]
    [InlineData(10, 100, 0, 10)]
    public void AShareOfTheRequests_ButNotLessThanTheMinimum_IsGivenOut(int requests, int percent, int countMin, int expected)
    {
        for (int i = 0; i < requests; i++)
            _budget.CountRequest(nowMs: 1000);

        Assert.Equal(expected, TakeAll(1000, percent, countMin));
    }

    [Fact]
    public void WhatWasTaken_IsThereAgainWhenItsPeriodsHavePassed()
    {
        Assert.Equal(2, TakeAll(1000, 0, 2));
        Assert.Equal(0, TakeAll(1000 + RetryBudget.PeriodMs - 1, 0, 2));
        Assert.Equal(0, TakeAll(1000 + RetryBudget.PeriodMs, 0, 2));
        Assert.Equal(2, TakeAll(1000 + (2 * RetryBudget.PeriodMs), 0, 2));
    }

    [Fact]
    public void OldRequests_GiveNothing()
    {
        for (int i = 0; i < 100; i++)
            _budget.CountRequest(nowMs: 1000);

        Assert.Equal(0, TakeAll(1000 + (3 * RetryBudget.PeriodMs), 20, 0));
    }

    private int TakeAll(long nowMs, int percent, int countMin)
    {
        int count = 0;
        while (count < 1000 && _budget.TryTake(nowMs, percent, countMin))
            count++;
        return count;
    }
}
