using System.Linq;
using NativeProxy.Config;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class SlowStartTests
{
    [Fact]
    public void ShareGrows_FromATenthToAllOfIt_AfterAServerCameUp()
    {
        var slow = new SlowStart();

        Assert.Equal(100, slow.Look(isUp: true, nowMs: 0, lengthMs: 1000));
        Assert.Equal(100, slow.Look(isUp: false, nowMs: 100, lengthMs: 1000));
        Assert.Equal(10, slow.Look(isUp: true, nowMs: 5000, lengthMs: 1000));
        Assert.Equal(10, slow.Look(isUp: true, nowMs: 5099, lengthMs: 1000));
        Assert.Equal(50, slow.Look(isUp: true, nowMs: 5500, lengthMs: 1000));
        Assert.Equal(99, slow.Look(isUp: true, nowMs: 5999, lengthMs: 1000));
        Assert.Equal(100, slow.Look(isUp: true, nowMs: 6000, lengthMs: 1000));
        Assert.Equal(100, slow.Look(isUp: true, nowMs: 6001, lengthMs: 1000));
    }

    [Fact]
    public void ServerThatWasAdded_BeginsSlowly_OneOfTheFirstDoesNot()
    {
        (ServersOnBoard test, GroupServers servers) = Group("slow_start = \"1s\"");
        servers.Look(nowMs: 0, load: 0);
        Assert.Equal([100, 100], test.All.Select(static server => server.Standing.SharePercent));

        var other = new ServersOnBoard("c1");
        servers.Set([.. test.All, other["c"]], Settings("slow_start = \"1s\""));
        servers.Look(nowMs: 100, load: 0);

        Assert.Equal((100, 10), (test["a"].Standing.SharePercent, other["c"].Standing.SharePercent));
        servers.Look(nowMs: 600, load: 0);
        Assert.Equal(50, other["c"].Standing.SharePercent);
    }

    [Theory]
    [InlineData(0, 10, 26)]
    [InlineData(500, 50, 80)]
    [InlineData(1000, 100, 100)]
    public void TurnsOfAServerThatStartsSlowly_GoToTheOthers(long passedMs, int min, int max)
    {
        (ServersOnBoard test, GroupServers servers) = Group("slow_start = \"1s\"");
        ComesBack(test, servers);
        servers.Look(passedMs, load: 0);
        var balancer = new RoundRobinBalancer(new TurnCounter(), TurnTable.Of([1, 1]));

        int count = Enumerable.Range(0, 200).Count(_ => balancer.Pick(test.All, except: null) == test["b"]);

        // A tenth beside one is 18 of 200, a half beside one 67. Which turns are given up is fixed, so this holds always or never.
        Assert.InRange(count, min, max);
    }

    [Fact]
    public void OnlyServer_IsTakenHoweverSlowlyItStarts()
    {
        (ServersOnBoard test, GroupServers servers) = Group("slow_start = \"1s\"");
        ComesBack(test, servers);
        test.Slot("a").IsUp = false;
        var balancer = new RoundRobinBalancer(new TurnCounter(), TurnTable.Of([1, 1]));

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Same(test["b"], balancer.Pick(test.All, except: null)));
    }

    [Fact]
    public void LoadIsWeighedByTheShare()
    {
        (ServersOnBoard test, GroupServers servers) = Group("slow_start = \"1s\"");
        ComesBack(test, servers);
        test.SetRunning("a5 b1");
        var balancer = new RoundRobinBalancer(new TurnCounter(), TurnTable.Of([1, 1]));

        Assert.Same(test["a"], LeastConnectionsBalancer.Pick(test.All, except: null, balancer));
        servers.Look(nowMs: 1000, load: 0);
        Assert.Same(test["b"], LeastConnectionsBalancer.Pick(test.All, except: null, balancer));
    }

    [Fact]
    public void LimitStartsLow_WithTheShare()
    {
        (ServersOnBoard test, GroupServers servers) = Group("slow_start = \"1s\"", "max_connections = 20");
        ComesBack(test, servers);

        Assert.Equal((20, 2), (test["a"].Limit.RequestsNow, test["b"].Limit.RequestsNow));
        test.SetRunning("b2");
        Assert.Equal((false, false), (test["b"].HasRoom, test["b"].CanTakeNow));
        Assert.True(servers.Look(nowMs: 500, load: 0));
        Assert.Equal((10, true), (test["b"].Limit.RequestsNow, test["b"].CanTakeNow));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(20, 2)]
    [InlineData(50, 5)]
    [InlineData(99, 9)]
    [InlineData(100, 10)]
    [InlineData(1_000_000, 10)]
    public void LimitGrowsWithTheLoad_FromTheLeastToTheLimit(int load, int expected)
    {
        (ServersOnBoard test, GroupServers servers) = Group("full_load = 100", "min_connections = 2\nmax_connections = 10");

        servers.Look(nowMs: 0, load);

        Assert.All(test.All, server => Assert.Equal(expected, server.Limit.RequestsNow));
    }

    /// <summary>Server b goes down and comes up again at 0 ms.</summary>
    private static void ComesBack(ServersOnBoard test, GroupServers servers)
    {
        test.Slot("b").IsUp = false;
        servers.Look(nowMs: 0, load: 0);
        test.Slot("b").IsUp = true;
        servers.Look(nowMs: 0, load: 0);
    }

    private static UpstreamSettings Settings(string line, string serverLines = "") =>
        ServersOnBoard.SettingsOf("a1 b1", serverLines, line).Upstreams[0];

    private static (ServersOnBoard Test, GroupServers Servers) Group(string line, string serverLines = "")
    {
        var test = new ServersOnBoard("a1 b1", serverLines, loop: null);
        var servers = new GroupServers();
        servers.Set(test.All, Settings(line, serverLines));
        return (test, servers);
    }
}
