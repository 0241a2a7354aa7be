using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>What a server and its group do when the board says that it is down or up.</summary>
public class ServerHealthTests
{
    [Fact]
    public async Task ServerThatGoesDown_ClosesItsIdleConnectionsAndPoolsNoMore()
    {
        using var test = new ServerUnderTest();
        ServerSlot slot = await Share(test);
        (UpstreamConnection busy, _, Socket busyPeer) = await test.Connect();
        (_, Socket idlePeer) = await test.ConnectIdle();

        slot.IsUp = false;
        await test.Test.Run(test.Server.FollowHealth);

        Assert.Equal(SocketError.Success, idlePeer.ReadToError());
        Assert.Equal((UpstreamConnectionState.Busy, 1L), (busy.State, test.Counter(CloseCounters.Of(ServerCloseReason.ServerDown))));
        await test.Release(busy);
        Assert.Equal(SocketError.Success, busyPeer.ReadToError());
        Assert.Equal(2, test.Counter(CloseCounters.Of(ServerCloseReason.ServerDown)));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ServerThatComesBack_PoolsAgain()
    {
        using var test = new ServerUnderTest();
        ServerSlot slot = await Share(test);
        slot.IsUp = false;
        await test.Test.Run(test.Server.FollowHealth);
        slot.IsUp = true;
        await test.Test.Run(test.Server.FollowHealth);

        await test.ConnectIdle();

        Assert.Equal((1, 0L), (await test.IdleCount(), test.Counter(CloseCounters.Of(ServerCloseReason.ServerDown))));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task LentConnections_ShowOnTheBoard_UntilTheServerLeaves()
    {
        using var test = new ServerUnderTest();
        ServerSlot slot = await Share(test);
        (UpstreamConnection one, _, _) = await test.Connect();
        (UpstreamConnection two, _, _) = await test.Connect();

        Assert.Equal(2, slot.Running());
        await test.Release(one);
        Assert.Equal(1, slot.Running());
        await test.Test.Run(() => test.Server.Retire(leavesGroup: true));
        Assert.Equal(0, slot.Running());
        await test.Release(two);
        Assert.Equal(0, slot.Running());
        await test.AssertEmpty();
    }

    [Fact]
    public void GroupOfServersThatAreAllDown_HasNoServer()
    {
        var test = new ServersOnBoard("a1 b1");
        var group = new UpstreamGroup(null!, "app", logId: 0);
        group.Apply(test.Settings.Upstreams[0], test.All);

        test.Slot("a").IsUp = false;
        Assert.True(group.HasServer);
        test.Slot("b").IsUp = false;
        Assert.False(group.HasServer);
        Assert.Null(group.Choose(except: null, hashKey: 0, out _));
    }

    [Theory]
    [InlineData(BalanceKind.RoundRobin)]
    [InlineData(BalanceKind.LeastConnections)]
    [InlineData(BalanceKind.RandomTwo)]
    [InlineData(BalanceKind.First)]
    public async Task RequestsThatWaitForAnyServer_GoOnWhenNoneIsLeft(object balance)
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        UpstreamGroup group = FullGroup(loop, listener, out ServersOnBoard servers, (BalanceKind)balance);
        var waiter = new Waiter();
        await loop.Run(() =>
        {
            Assert.Null(group.Choose(except: null, hashKey: 1, out WaitQueue queue));
            Assert.Same(group.Queue, queue);
            queue.TryAdd(new QueueTicket(waiter, loop.Loop), timeoutMs: 0);
        });

        servers.Slot("a").IsUp = false;
        await loop.Run(group.FollowHealth);
        await loop.Settle();
        Assert.Empty(waiter.Events);
        servers.Slot("b").IsUp = false;
        await loop.Run(group.FollowHealth);

        await waiter.UntilSeen("room");
        Assert.Equal(0, await loop.Run(() => group.Queue.Count));
    }

    [Fact]
    [Trait("promise", "S2.11")]
    public async Task RequestsOfAnAddress_WaitForItsServer_AndGoOnWhenThatIsDown()
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        UpstreamGroup group = FullGroup(loop, listener, out ServersOnBoard servers, BalanceKind.SourceHash);
        UpstreamServer own = ConsistentHashBalancer.Pick(servers.All, except: null, key: 1)!;
        UpstreamServer other = servers.All.Single(server => server != own);
        var waiter = new Waiter();
        await loop.Run(() =>
        {
            Assert.Null(group.Choose(except: null, hashKey: 1, out WaitQueue queue));
            Assert.Same(own.Limit.Queue, queue);
            queue.TryAdd(new QueueTicket(waiter, loop.Loop), timeoutMs: 0);
        });

        servers.Slot(other.Name).IsUp = false;
        await loop.Run(group.FollowHealth);
        await loop.Settle();
        Assert.Empty(waiter.Events);
        servers.Slot(own.Name).IsUp = false;
        await loop.Run(group.FollowHealth);

        await waiter.UntilSeen("room");
        Assert.Equal(0, await loop.Run(() => own.Limit.Queue.Count));
    }

    [Fact]
    public void WantedServerThatIsDown_GivesWayToBalance_OneWithWeightZeroDoesNot()
    {
        var test = new ServersOnBoard("a0 b1");
        var group = new UpstreamGroup(null!, "app", logId: 0);
        group.Apply(test.Settings.Upstreams[0], test.All);

        Assert.Same(test["a"], group.ChooseWanted(test["a"], hashKey: 0, out _));
        test.Slot("a").IsUp = false;
        Assert.Same(test["b"], group.ChooseWanted(test["a"], hashKey: 0, out WaitQueue queue));
        Assert.Same(group.Queue, queue);
    }

    [Fact]
    public async Task RetiredGroup_HasNobodyWaitForOneServer()
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        UpstreamGroup group = FullGroup(loop, listener, out ServersOnBoard servers, BalanceKind.SourceHash);
        await loop.Run(() =>
        {
            group.Retire();
            Assert.Null(group.Choose(except: null, hashKey: 1, out WaitQueue queue));
            Assert.Same(group.Queue, queue);
            UpstreamServer own = ConsistentHashBalancer.Pick(servers.All, except: null, key: 1)!;
            UpstreamServer other = servers.All.Single(server => server != own);
            other.Apply(servers.Settings.Upstreams[0], servers.Settings.Upstreams[0].Servers[0], connectionsMax: 2);
            Assert.Same(other, group.Choose(except: null, hashKey: 1, out _));
        });
    }

    /// <summary>Publishes the test's server on a board.</summary>
    private static async Task<ServerSlot> Share(ServerUnderTest test)
    {
        var board = new ServersOnBoard("a1");
        UpstreamSettings upstream = ServerUnderTest.SettingsOf("");
        await test.Test.Run(() => test.Server.Apply(upstream, upstream.Servers[0], connectionsMax: 0, board.Slot("a")));
        return board.Slot("a");
    }

    /// <summary>Two servers that are both at their limit of one connection, which nobody answers.</summary>
    private static UpstreamGroup FullGroup(LoopUnderTest loop, Socket listener, out ServersOnBoard servers, BalanceKind balance)
    {
        var full = new ServersOnBoard("a1 b1", "max_connections = 1", loop: loop.Loop, endPoint: (IPEndPoint)listener.LocalEndPoint!);
        servers = full;
        var group = new UpstreamGroup(loop.Loop, "app", logId: 0);
        loop.Run(() =>
        {
            group.Apply(full.Settings.Upstreams[0] with { Balance = balance }, full.All);
            foreach (UpstreamServer server in full.All)
                server.TryConnect(new RecordingUser());
        }).Wait();
        return group;
    }

    private sealed class Waiter : EventRecorder, IServerWaiter
    {
        public void OnServerHasRoom() => Write("room");

        public void OnQueueTimeout() => Write("timeout");
    }
}
