using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class UpstreamGroupTests
{
    [Fact]
    public void Choose_GoesRoundAndSkipsTheOneThatFailed()
    {
        UpstreamGroup group = Group("");
        UpstreamServer first = group.Choose(except: null, hashKey: 0, out _)!;

        UpstreamServer second = group.Choose(except: first, hashKey: 0, out _)!;

        Assert.NotSame(first, second);
        Assert.Contains(first, group.Servers);
        Assert.Contains(second, group.Servers);
    }

    [Fact]
    public void WantedServer_IsChosenOverItsTurn_AndBalanceGoesOnWithoutIt()
    {
        UpstreamGroup group = Group("");

        Assert.Same(group.Servers[1], group.ChooseWanted(group.Servers[1], hashKey: 0, out _));
        Assert.Same(group.Servers[1], group.ChooseWanted(group.Servers[1], hashKey: 0, out WaitQueue ofServer));
        Assert.Same(group.Servers[0], group.ChooseWanted(null, hashKey: 0, out WaitQueue ofGroup));
        Assert.Same(group.Servers[1].Limit.Queue, ofServer);
        Assert.Same(group.Queue, ofGroup);
    }

    [Fact]
    public void WantedServerThatIsRetired_GivesWayToBalance()
    {
        UpstreamGroup group = Group("");
        group.Servers[1].Retire();

        Assert.Same(group.Servers[0], group.ChooseWanted(group.Servers[1], hashKey: 0, out WaitQueue queue));
        Assert.Same(group.Queue, queue);
    }

    [Fact]
    [Trait("promise", "S0.14")]
    public void LastServer_IsPreferredByOptionOnly()
    {
        UpstreamGroup on = Group("prefer_last_server = true");
        UpstreamGroup off = Group("");

        Assert.Same(on.Servers[1], on.Preferred(on.Servers[1]));
        Assert.Null(on.Preferred(null));
        Assert.Null(off.Preferred(off.Servers[1]));
    }

    [Fact]
    public void LastServerThatIsRetiredOrOfAnotherGroup_IsNotPreferred()
    {
        UpstreamGroup group = Group("prefer_last_server = true");
        UpstreamGroup other = Group("prefer_last_server = true");
        group.Servers[1].Retire(leavesGroup: true);

        Assert.Null(group.Preferred(group.Servers[1]));
        Assert.Null(group.Preferred(other.Servers[0]));
    }

    [Theory]
    [InlineData("[upstream.keepalive]\nreuse = \"safe\"", ReusePolicy.Safe)]
    [InlineData("[upstream.keepalive]\nreuse = \"safe\"\nenabled = false", ReusePolicy.Never)]
    [InlineData("", ReusePolicy.Always)]
    public void Reuse_IsThePolicyUnlessKeepAliveIsOff(string settings, object expected) =>
        Assert.Equal((ReusePolicy)expected, Group(settings).Rules.Reuse);

    [Fact]
    public void Limits_AreThoseOfTheSettings()
    {
        UpstreamGroup group = Group("[upstream.retry]\nattempts = 2\non = [\"connect_failure\"]\n[upstream.timeouts]\nresponse = \"7s\"");
        UpstreamRetrySettings retry = group.Rules.Retry.Settings;

        Assert.Equal(
            ("app", 2, false, true, 7000L),
            (group.Name, retry.Attempts, retry.IsOn(RetryCondition.Stale), retry.IsOn(RetryCondition.ConnectFailure),
                group.Rules.ResponseTimeoutMs));
        Assert.Equal("app"u8.ToArray(), group.NameBytes.ToArray());
    }

    private static UpstreamGroup Group(string lines)
    {
        LoopCounters counters = LastingCounters.Create();
        UpstreamSettings settings = ServerUnderTest.SettingsOf(lines);
        var group = new UpstreamGroup(null!, settings.Name, logId: 4);
        group.Apply(settings, [.. Enumerable.Range(0, 2).Select(i =>
        {
            var server = new UpstreamServer(null!, counters, "s" + i, new IPEndPoint(IPAddress.Loopback, 1));
            server.Apply(settings, settings.Servers[0], connectionsMax: 0);
            return server;
        })]);
        return group;
    }
}
