using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Sending;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

public class ExchangeTimesTests
{
    [Fact]
    public void AllStations_GiveTheirDifferences()
    {
        var link = new LinkTimes();
        link.Chosen(1010);
        link.Connected(1030);
        var times = new ExchangeTimes(startedMs: 1000, headReadMs: 1003, link, responseHeadMs: 1100);

        Assert.Equal((3, 7, 20, 70), (times.RequestMs, times.QueueMs, times.ConnectMs, times.ResponseMs));
    }

    [Fact]
    public void StationsNotReached_AreMinusOne()
    {
        var link = new LinkTimes();
        Assert.Equal((3, -1, -1, -1), All(link));

        link.Chosen(1003);
        Assert.Equal((3, 0, -1, -1), All(link));

        link.Connected(1004);
        Assert.Equal((3, 0, 1, -1), All(link));
    }

    [Fact]
    public void SecondTry_CountsFromItsOwnChoice()
    {
        var link = new LinkTimes();
        link.Chosen(1003);
        link.Connected(1004);

        link.Chosen(1503);

        Assert.Equal((3, 500, -1, -1), All(link));
        link.Connected(1513);
        Assert.Equal((3, 500, 10, -1), All(link));
    }

    private static (int RequestMs, int QueueMs, int ConnectMs, int ResponseMs) All(LinkTimes link)
    {
        var times = new ExchangeTimes(startedMs: 1000, headReadMs: 1003, link, LinkTimes.NotReached);
        return (times.RequestMs, times.QueueMs, times.ConnectMs, times.ResponseMs);
    }
}
