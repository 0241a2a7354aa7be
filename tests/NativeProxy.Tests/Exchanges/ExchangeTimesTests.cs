using NativeProxy.Exchanges.Logged;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

public class ExchangeTimesTests
{
    [Fact]
    public void AllStations_GiveTheirDifferences()
    {
        var times = new ExchangeTimes();
        times.Begin(startedMs: 1000, headReadMs: 1003);
        times.ServerChosen(1010);
        times.Connected(1030);
        times.ResponseHead(1100);

        Assert.Equal((1000L, 3, 7, 20, 70), (times.StartedMs, times.RequestMs, times.QueueMs, times.ConnectMs, times.ResponseMs));
    }

    [Fact]
    public void StationsNotReached_AreMinusOne()
    {
        var times = new ExchangeTimes();
        times.Begin(1000, 1003);
        Assert.Equal((3, -1, -1, -1), (times.RequestMs, times.QueueMs, times.ConnectMs, times.ResponseMs));

        times.ServerChosen(1003);
        Assert.Equal((0, -1, -1), (times.QueueMs, times.ConnectMs, times.ResponseMs));

        times.Connected(1004);
        Assert.Equal((1, -1), (times.ConnectMs, times.ResponseMs));
    }

    [Fact]
    public void SecondTry_CountsFromItsOwnChoice()
    {
        var times = new ExchangeTimes();
        times.Begin(1000, 1000);
        times.ServerChosen(1000);
        times.Connected(1001);

        times.ServerChosen(1500);

        Assert.Equal((500, -1), (times.QueueMs, times.ConnectMs));
        times.Connected(1510);
        Assert.Equal(10, times.ConnectMs);
    }

    [Fact]
    public void NextExchange_BeginsClean()
    {
        var times = new ExchangeTimes();
        times.Begin(1, 2);
        times.ServerChosen(3);
        times.Connected(4);
        times.ResponseHead(5);

        times.Begin(100, 101);

        Assert.Equal((1, -1, -1, -1), (times.RequestMs, times.QueueMs, times.ConnectMs, times.ResponseMs));
    }
}
