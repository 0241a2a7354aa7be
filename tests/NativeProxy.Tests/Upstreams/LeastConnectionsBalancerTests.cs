using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class LeastConnectionsBalancerTests
{
    [Theory]
    [InlineData("a1 b1 c1", "a2 b1 c3", "b")]
    [InlineData("a1 b1", "a0 b1", "a")]
    [InlineData("a3 b1", "a2 b1", "a")]
    [InlineData("a3 b1", "a4 b1", "b")]
    [InlineData("a256 b255", "a256 b254", "b")]
    [InlineData("a1 b0", "a9 b0", "a")]
    public void FewestRequestsPerWeight_Wins(string servers, string running, string expected)
    {
        var test = new ServersOnBoard(servers);
        test.SetRunning(running);

        for (int i = 0; i < 5; i++)
            Assert.Equal(expected, Pick(test)!.Name);
    }

    [Theory]
    [InlineData("a1 b1 c1", "a0 b0 c0", "a b c a b c")]
    [InlineData("a3 b1", "a0 b0", "a a b a")]
    [InlineData("a1 b1 c1", "a2 b5 c2", "a c a c")]
    [InlineData("a2 b1 c1", "a2 b1 c1", "a b c a")]
    public void Equals_TakeTurnsByWeight(string servers, string running, string expected)
    {
        var test = new ServersOnBoard(servers);
        test.SetRunning(running);
        RoundRobinBalancer turns = TurnsOf(test);

        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(expected,
                string.Join(' ', expected.Split(' ').Select(_ => LeastConnectionsBalancer.Pick(test.All, except: null, turns)!.Name)));
        }
    }

    [Theory]
    [InlineData("a1 b1")]
    [InlineData("a3 b1")]
    [InlineData("a7 b2 c1")]
    public void RequestsThatNeverEnd_StandInProportionToTheWeights(string servers)
    {
        var test = new ServersOnBoard(servers);
        Dictionary<string, int> running = test.All.ToDictionary(static server => server.Name, static _ => 0);

        for (int i = 0; i < 10 * test.All.Sum(static server => server.Standing.Weight); i++)
        {
            string name = Pick(test)!.Name;
            test.Slot(name).SetRunning(++running[name]);
        }

        Assert.All(test.All, server => Assert.Equal(10 * server.Standing.Weight, running[server.Name]));
    }

    [Fact]
    public void RequestsOfOtherWorkers_Count()
    {
        var test = new ServersOnBoard("a1 b1", workers: 3);
        test.SetRunning("a1 b2");
        test.Slot("a", worker: 2).SetRunning(5);

        Assert.Equal("b", Pick(test)!.Name);
        Assert.Equal(6, test["a"].Load.RunningCount);
    }

    [Fact]
    public void ExceptedServer_IsTakenOnlyWhenThereIsNoOther()
    {
        var test = new ServersOnBoard("a1 b1 c0");
        test.SetRunning("a0 b9");

        Assert.Equal("b", Pick(test, except: test["a"])!.Name);
        test.Slot("b").IsUp = false;
        Assert.Equal("a", Pick(test, except: test["a"])!.Name);
    }

    [Fact]
    public void NoServerThatTakesRequests_PicksNone()
    {
        var test = new ServersOnBoard("a1 b0");
        test.Slot("a").IsUp = false;

        Assert.Null(Pick(test));
        Assert.Null(Pick(test, except: test["a"]));
        Assert.Null(LeastConnectionsBalancer.Pick([], except: null, new RoundRobinBalancer(new TurnCounter(), [])));
    }

    [Fact]
    public void Equals_BeginWhereTheCountStands()
    {
        var test = new ServersOnBoard("a1 b1 c1");

        Assert.Equal("c", LeastConnectionsBalancer.Pick(test.All, except: null, TurnsOf(test, start: 2))!.Name);
    }

    [Fact]
    [Trait("promise", "B9")]
    public async Task OfEquals_OneWithAReadyConnectionTakesTheTurn_UntilItIsAhead_AndGivesItBack()
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        var test = new ServersOnBoard("a1 b1 c1", loop: loop.Loop, endPoint: (IPEndPoint)listener.LocalEndPoint!);
        RoundRobinBalancer turns = TurnsOf(test);
        await MakeReady(loop, test["c"]);

        string picks = await Picks(24);

        // Each of the two that are not ready lends as many turns as may be lent.
        Assert.StartsWith("ccccb", picks, StringComparison.Ordinal);
        Assert.All("abc", name => Assert.Equal(4, picks[^12..].Count(pick => pick == name)));
        Assert.All("abc", name => Assert.InRange(picks.Count(pick => pick == name), 5, 8 + LeastConnectionsBalancer.LeadMax));

        // All are ready: who has had more waits until it has had its share.
        await MakeReady(loop, test["a"]);
        await MakeReady(loop, test["b"]);
        picks += await Picks(24);
        Assert.All("abc", name => Assert.Equal(16, picks.Count(pick => pick == name)));
        Assert.All(test.All, static server => Assert.Equal(0, server.Load.Lead));
        await loop.Run(() => Array.ForEach(test.All, static server => server.Connections.Purge(ServerCloseReason.Purged)));

        Task<string> Picks(int count) => loop.Run(() => string.Concat(
            Enumerable.Range(0, count).Select(_ => LeastConnectionsBalancer.Pick(test.All, except: null, turns)!.Name)));
    }

    [Fact]
    [Trait("promise", "B9")]
    public async Task OneWithAReadyConnectionAndMoreRequests_IsNotPreferred()
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        var test = new ServersOnBoard("a1 b1 c1", workers: 2, loop: loop.Loop, endPoint: (IPEndPoint)listener.LocalEndPoint!);
        await MakeReady(loop, test["c"]);
        test.Slot("c", worker: 1).SetRunning(1);
        RoundRobinBalancer turns = TurnsOf(test);

        string picks = await loop.Run(() => string.Concat(
            Enumerable.Range(0, 6).Select(_ => LeastConnectionsBalancer.Pick(test.All, except: null, turns)!.Name)));

        Assert.Equal("ababab", picks);
        await loop.Run(() => test["c"].Connections.Purge(ServerCloseReason.Purged));
    }

    private static async Task MakeReady(LoopUnderTest loop, UpstreamServer server)
    {
        var user = new RecordingUser();
        UpstreamConnection connection = await loop.Run(() => server.TryConnect(user)!);
        await user.UntilSeen("connected");
        await loop.Run(() => server.Release(connection, ServerCloseReason.None));
    }

    private static UpstreamServer? Pick(ServersOnBoard test, UpstreamServer? except = null) =>
        LeastConnectionsBalancer.Pick(test.All, except, TurnsOf(test));

    private static RoundRobinBalancer TurnsOf(ServersOnBoard test, long start = 0) =>
        new(new TurnCounter(start), TurnTable.Of([.. test.All.Select(static server => server.Standing.Weight)]));
}
