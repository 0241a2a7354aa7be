using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

[Trait("promise", "B6")]
public class WarmDemandTests
{
    private WarmDemand _demand;

    [Fact]
    public void NothingSeen_IsNoDemand()
    {
        Assert.Equal(0, _demand.Count);
        _demand.Look(1);
        Assert.Equal(0, _demand.Count);
    }

    [Theory]
    [InlineData(100, 1000, 50, 5)]
    [InlineData(100, 1000, 51, 6)]
    [InlineData(1, 1000, 1, 0)]
    [InlineData(50_000, 500, 0, 0)]
    [InlineData(int.MaxValue, 1, int.MaxValue, int.MaxValue)]
    public void RequestsInTheTimeOfAConnect_AreTheDemand(int requests, long passedMs, long connectMs, int expected)
    {
        _demand.Connected(connectMs);
        Count(requests);
        _demand.Look(passedMs);

        Assert.Equal(expected, _demand.Count);
    }

    [Fact]
    public void Demand_RisesAtOnce_AndFallsByAQuarterALook()
    {
        _demand.Connected(100);
        Count(1000);
        _demand.Look(1000);
        Assert.Equal(100, _demand.Count);
        _demand.Look(1000);
        Assert.Equal(75, _demand.Count);
        Count(2000);
        _demand.Look(1000);
        Assert.Equal(200, _demand.Count);
        for (int i = 0; i < 40; i++)
            _demand.Look(1000);
        Assert.Equal(0, _demand.Count);
    }

    [Fact]
    public void OneSlowConnect_CountsForAQuarter()
    {
        _demand.Connected(100);
        _demand.Connected(500);
        Count(1000);
        _demand.Look(1000);

        Assert.Equal(200, _demand.Count);
    }

    private void Count(int requests)
    {
        if (requests == int.MaxValue)
            requests = 1_000_000;
        for (int i = 0; i < requests; i++)
            _demand.CountRequest();
    }
}
