using NativeProxy.Upstreams;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class RetryBudgetTests
{
    [Theory]
    [InlineData(64, 20, 3, 12)]
    [InlineData(4, 20, 3, 3)]
    [InlineData(1, 0, 0, 0)]
    [InlineData(10, 100, 0, 10)]
    [InlineData(int.MaxValue, 100, 0, 1000)]
    public void AShareOfTheRunningRequests_ButNotLessThanTheMinimum_IsGivenOut(int running, int percent, int countMin, int expected)
    {
        var budget = new RetryBudget();
        int count = 0;
        while (count < 1000 && budget.TryTake(running, percent, countMin))
            count++;

        Assert.Equal((expected, expected), (count, budget.TakenCount));
    }

    [Fact]
    public void WhatIsGivenBack_CanBeTakenAgain()
    {
        var budget = new RetryBudget();
        Assert.True(budget.TryTake(1, 20, 1));
        Assert.False(budget.TryTake(1, 20, 1));

        budget.GiveBack();

        Assert.True(budget.TryTake(1, 20, 1));
    }
}
