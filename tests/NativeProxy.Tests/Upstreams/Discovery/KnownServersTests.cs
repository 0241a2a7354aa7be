using System;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Discovery;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Discovery;

public class KnownServersTests
{
    private readonly KnownServers _known = new(serversMax: 3);

    [Theory]
    [InlineData("1 2", "1 2", true)]
    [InlineData("2 1", "1 2", false)]
    [InlineData("2 3", "2 3", true)]
    [InlineData("3 4 5 6 1", "1 3 4", true)]
    [InlineData("", "", true)]
    public void ServersThatStay_KeepTheirOrder_OthersComeBehindThem(string found, string expected, bool isOther)
    {
        Take("1 2");

        Assert.Equal((isOther || found == "1 2" ? found != "1 2" : false, expected), (Take(found), Text));
    }

    [Fact]
    public void OtherWeight_IsAChange()
    {
        Take("1");

        Assert.True(_known.Take(new SourceAnswer([new FoundServer(EndPoint("1"), 7)], 1, ""), Rules(""), out _, out _));
        Assert.Equal(7, _known.Servers[0].Weight);
    }

    [Fact]
    public void Failures_KeepTheLastGoodList_AndAreAskedForAgainLaterAndLater()
    {
        Take("1 2");
        foreach (long expectedMs in (long[])[1000, 2000, 4000, 5000, 5000])
        {
            Assert.False(_known.Take(SourceAnswer.Failed("no"), Rules(""), out long delayMs, out bool isNews));
            Assert.Equal((expectedMs, expectedMs == 1000, "1 2", true), (delayMs, isNews, Text, _known.HasFailed));
        }
        Assert.False(Take("1 2"));
        Assert.False(_known.HasFailed);
    }

    [Fact]
    public void WithoutKeepingTheLastGoodList_AFailureTakesTheServers()
    {
        Take("1 2");

        Assert.True(_known.Take(SourceAnswer.Failed("no"), Rules("keep_last_good = false"), out _, out _));
        Assert.Equal("", Text);
    }

    [Fact]
    public void PartOfAnAnswer_LeavesTheOthersWhereTheyAre()
    {
        Take("1 2");

        Assert.True(_known.Take(new SourceAnswer([new FoundServer(EndPoint("3"), 1)], 1, "") { IsPartial = true }, Rules(""), out _, out _));
        Assert.Equal("1 2 3", Text);
    }

    private string Text => string.Join(' ', _known.Servers.Select(static server => server.EndPoint.Port));

    private static IPEndPoint EndPoint(string port) => IPEndPoint.Parse("192.0.2.1:" + port);

    private static ResolverSettings Rules(string line) => SettingsTrial.Parse($"[resolver]\n{line}\n" + SettingsTrial.Minimal).Settings.Resolver;

    private bool Take(string ports)
    {
        FoundServer[] servers = Array.ConvertAll(ports.Split(' ', StringSplitOptions.RemoveEmptyEntries), port => new FoundServer(EndPoint(port), 1));
        return _known.Take(new SourceAnswer(servers, 1000, ""), Rules(""), out _, out _);
    }
}
