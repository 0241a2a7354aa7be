using System;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class RoundRobinBalancerTests
{
    [Theory]
    [InlineData("a1 b1", "a b a b")]
    [InlineData("a3 b1", "a a b a")]
    [InlineData("a1 b1 c1", "a b c a b c")]
    [InlineData("a5 b1 c1", "a a b a c a a")]
    [InlineData("a2 b3", "b a b a b")]
    public void Order_IsSmoothAndRepeats(string servers, string expected)
    {
        UpstreamServer[] all = Servers(servers);
        RoundRobinBalancer balancer = Balancer(all);
        int roundLength = expected.Split(' ').Length;

        for (int round = 0; round < 3; round++)
            Assert.Equal(expected, Picks(balancer, all, roundLength));
    }

    [Theory]
    [InlineData("a1 b1 c1", 1, "b c a b c a")]
    [InlineData("a5 b1 c1", 3, "a c a a a a b a c a")]
    public void First_IsWhereTheCountStands(string servers, long start, string expected)
    {
        UpstreamServer[] all = Servers(servers);

        Assert.Equal(expected, Picks(Balancer(all, start), all, expected.Split(' ').Length));
    }

    [Fact]
    [Trait("promise", "B14")]
    public void WorkersThatShareTheCount_TakeTurnsInOneSequence()
    {
        ServerBoard board = ServersOnBoard.NewBoard(workers: 3);
        board.Publish(ServersOnBoard.SettingsOf("a5 b1 c1"));
        UpstreamServer[] all = Servers("a5 b1 c1");
        RoundRobinBalancer[] workers = [.. Enumerable.Range(0, 3).Select(i => Balancer(all, board.FindGroup("app", i)!.Turns))];

        string[] picks = [.. Enumerable.Range(0, 70).Select(i => workers[i * i % 3].Pick(all, except: null)!.Name)];

        for (int i = 0; i + 7 <= picks.Length; i++)
            Assert.Equal((5, 1, 1), (Count(picks, i, "a"), Count(picks, i, "b"), Count(picks, i, "c")));
    }

    [Fact]
    public void StartsOfTheProcess_BeginAtDifferentServers()
    {
        UpstreamServer[] all = Servers("a1 b1 c1");
        var seen = Enumerable.Range(0, 60).Select(_ =>
        {
            ServerBoard board = ServersOnBoard.NewBoard();
            board.Publish(ServersOnBoard.SettingsOf("a1 b1 c1"));
            return Balancer(all, board.FindGroup("app")!.Turns).Pick(all, except: null)!.Name;
        }).ToHashSet();

        // Missing one of three in 60 throws is less likely than 1 in 10 billion.
        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public void ServersThatAreDown_LeaveTheirTurnsToAllOthersAlike()
    {
        var test = new ServersOnBoard("a1 b1 c1 d1");
        RoundRobinBalancer balancer = Balancer(test.All);
        test.Slot("b").IsUp = false;

        Assert.Equal("a c d a c d a c d", Picks(balancer, test.All, 9));
        test.Slot("b").IsUp = true;
        Assert.Equal("a b c d a b c d", Picks(balancer, test.All, 8));
    }

    [Fact]
    public void WeightZero_GetsNothing()
    {
        UpstreamServer[] all = Servers("a1 b0 c1");

        Assert.Equal("a c a c", Picks(Balancer(all), all, 4));
    }

    [Fact]
    public void AllWeightsZero_PickNone()
    {
        UpstreamServer[] all = Servers("a0 b0");

        Assert.Null(Balancer(all).Pick(all, except: null));
        Assert.Null(Balancer(all).Pick(all, except: all[0]));
    }

    [Fact]
    public void NoServers_PickNone() => Assert.Null(Balancer([]).Pick([], except: null));

    [Fact]
    public void ExceptedServer_IsNotPickedWhileThereIsAnother()
    {
        UpstreamServer[] all = Servers("a10 b1");
        RoundRobinBalancer balancer = Balancer(all);

        for (int i = 0; i < 20; i++)
            Assert.Same(all[1], balancer.Pick(all, except: all[0]));
    }

    [Fact]
    public void ExceptedServer_IsPickedWhenItIsTheOnlyOne()
    {
        UpstreamServer[] all = Servers("a1 b0");

        Assert.Same(all[0], Balancer(all).Pick(all, except: all[0]));
    }

    [Fact]
    public void AnException_DoesNotUpsetTheProportionAfterwards()
    {
        UpstreamServer[] all = Servers("a1 b1 c1");
        RoundRobinBalancer balancer = Balancer(all);
        balancer.Pick(all, except: all[0]);
        balancer.Pick(all, except: all[0]);

        string[] picks = Picks(balancer, all, 30).Split(' ');

        Assert.All("abc", name => Assert.Equal(10, picks.Count(pick => pick == name.ToString())));
    }

    [Theory]
    [InlineData("a7 b2 c1")]
    [InlineData("a256 b1")]
    [InlineData("a3 b3 c3 d1")]
    public void OverARound_EachServerGetsItsShare(string servers)
    {
        UpstreamServer[] all = Servers(servers);
        int sum = all.Sum(static server => server.Standing.Weight);

        string[] picks = Picks(Balancer(all), all, sum).Split(' ');

        Assert.All(all, server => Assert.Equal(server.Standing.Weight, picks.Count(pick => pick == server.Name)));
    }

    private static int Count(string[] picks, int from, string name) => picks.AsSpan(from, 7).Count(name);

    private static string Picks(RoundRobinBalancer balancer, UpstreamServer[] servers, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => balancer.Pick(servers, except: null)!.Name));

    private static RoundRobinBalancer Balancer(UpstreamServer[] servers, long start = 0) => Balancer(servers, new TurnCounter(start));

    private static RoundRobinBalancer Balancer(UpstreamServer[] servers, TurnCounter counter) =>
        new(counter, TurnTable.Of([.. servers.Select(static server => server.Standing.Weight)]));

    /// <summary>"a3 b1": server a with weight 3 and b with weight 1.</summary>
    private static UpstreamServer[] Servers(string text)
    {
        LoopCounters counters = LastingCounters.Create();
        UpstreamSettings group = ServerUnderTest.SettingsOf("");
        return [.. text.Split(' ').Select(entry =>
        {
            var server = new UpstreamServer(null!, counters, entry[..1], new IPEndPoint(IPAddress.Loopback, 1));
            server.Apply(group, group.Servers[0] with { Weight = int.Parse(entry.AsSpan(1)) }, connectionsMax: 0);
            return server;
        })];
    }
}
