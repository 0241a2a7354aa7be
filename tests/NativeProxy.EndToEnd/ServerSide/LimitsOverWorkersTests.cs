using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Limits, queues and turns are one thing, whatever the number of workers.</summary>
[Trait("promise", "B14")]
public sealed class LimitsOverWorkersTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 3)]
    [InlineData(4, 3)]
    [Trait("promise", "ARCH-20")]
    public async Task ServerNeverSeesMoreThanItsLimit_AndEverybodyIsServed(int workers, int connectionsMax)
    {
        const int count = 40;
        int running = 0;
        int most = 0;
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(LineScene.Limited(origin, connectionsMax, workers));
        _ = ServeAll();
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => proxy.Connect()));
        await Task.WhenAll(clients.Select((client, i) => client.SendGet("/" + i)));

        foreach (RawClient client in clients)
            Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.All(clients, client => client.Close());

        Assert.InRange(most, 1, connectionsMax);
        await proxy.WaitForMetric(LineScene.Waiting, 0);
        Assert.InRange(await proxy.Metric("nativeproxy_server_connections_open"), 0, connectionsMax);

        async Task ServeAll()
        {
            while (true)
                _ = ServeOne(await origin.Accept());
        }

        // Answers only after others had the time to come as well, if they may.
        async Task ServeOne(OriginConnection connection)
        {
            while (true)
            {
                if (await connection.ReadToHeadOrEnd() == "")
                    return;
                lock (origin)
                    most = Math.Max(most, ++running);
                await PassingTime.Of(5);
                lock (origin)
                    running--;
                await connection.Send(OriginConnection.Ok);
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [Trait("promise", "ARCH-20")]
    public async Task ThoseWhoWait_AreServedInOrderOfArrival_WhicheverWorkerHasThem(int workers)
    {
        const int count = 16;
        await using LineScene scene = await LineScene.Start(workers);
        List<RawClient> clients = await scene.Queue(count);

        await scene.Release();

        await scene.ExpectServed(clients, Enumerable.Range(1, count));
        Assert.Equal(count, await scene.Proxy.Metric("nativeproxy_queue_entered_total"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [Trait("promise", "ARCH-22")]
    [Trait("layer", "no")] // the order at the server is that of connections of several workers, which have handshakes of their own
    public async Task WhoLeavesTheLine_IsNeverSent_AndTheOthersKeepTheirOrder(int workers)
    {
        const int count = 16;
        await using LineScene scene = await LineScene.Start(workers);
        List<RawClient> clients = await scene.Queue(count);

        for (int i = 0; i < count; i += 2)
            clients[i].Close();
        await scene.Proxy.WaitForMetric(LineScene.Waiting, count / 2);
        await scene.Release();

        await scene.ExpectServed(clients, Enumerable.Range(1, count).Where(i => i % 2 == 0));
    }

    [Fact]
    [Trait("promise", "ARCH-22")]
    public async Task WhoHasLeftUnheard_IsNotSentWhenItsTurnComes()
    {
        await using LineScene scene = await LineScene.Start(workers: 1);
        List<RawClient> clients = await scene.Queue(2);

        // The answer comes first and the client's FIN behind it, in one look of the loop.
        await scene.Proxy.Freeze();
        await scene.Release();
        clients[0].Close();
        scene.Proxy.Thaw();

        await scene.ExpectServed(clients, [2]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task IdleConnectionOfOneWorker_IsGivenUpForARequestOfAnother(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(LineScene.Limited(origin, 1, workers));

        for (int i = 0; i < 30; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);

        // Several workers asked: otherwise one connection would have done.
        Assert.InRange(origin.ConnectionCount, 2, 30);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connections_open"));
    }

    [Fact]
    [Trait("layer", "no")] // looks whether a bare socket has bytes
    public async Task WorkerThatIsKilled_GivesItsPlacesBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(LineScene.Limited(origin, 1, workers: 2));
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        OriginConnection held = await origin.Accept();
        await held.ReadRequest();
        List<RawClient> clients = await LineScene.Queue(proxy, 12);

        // Which of the two has the place is known by the client that it cuts; the kernel closes what a process had before its parent learns of its
        // end.
        int[] workers = ProcessView.Children(proxy.Id);
        LinuxSignals.Send(workers[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("ended with code 137");
        if (!holding.Socket.Poll(0, SelectMode.SelectRead))
            LinuxSignals.Send(workers[1], LinuxSignals.Kill);
        await holding.ReadToEnd();
        _ = Serve();

        // Each of them is served, or was with a worker that is gone.
        foreach (RawClient client in clients)
            await client.ReadUntil(static text => text.EndsWith("ok", StringComparison.Ordinal));
        for (int i = 0; i < 20; i++)
            Assert.Equal(200, (await proxy.AskOnce("/after")).Status);
        Assert.All(clients, client => client.Close());

        async Task Serve()
        {
            while (true)
                _ = Answer(await origin.Accept());
        }

        static async Task Answer(OriginConnection connection)
        {
            while (await connection.ReadToHeadOrEnd() != "")
                await connection.Send(OriginConnection.Ok);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [Trait("promise", "S2.1")]
    public async Task RoundRobin_IsOneSequenceOverAllWorkers(int workers)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b, c).WithWorkers(workers));

        string order = "";
        for (int i = 0; i < 30; i++)
            order += (await proxy.AskOnce()).Body;

        Assert.Equal(string.Concat(Enumerable.Repeat("abc", 10)), order);
    }

    [Fact]
    [Trait("promise", "ARCH-8")]
    public async Task Weights_AreInterleavedOverAllWorkers()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        string servers = $"{{ name = \"a\", address = \"{a.Address}\", weight = 5 }}, {{ name = \"b\", address = \"{b.Address}\" }}, "
            + $"{{ name = \"c\", address = \"{c.Address}\" }}";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            new ProxyConfig().AddUpstream("app").Upstream($"server = [{servers}]").AddListener("web", "app").WithWorkers(2));

        string order = "";
        for (int i = 0; i < 28; i++)
            order += (await proxy.AskOnce()).Body;

        Assert.Equal(string.Concat(Enumerable.Repeat("aabacaa", 4)), order);
    }

    [Fact]
    [Trait("promise", "S2.1")]
    public async Task Starts_BeginAtDifferentServers()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        var firsts = new HashSet<string>();

        // That 40 starts begin alike is less likely than 1 in 10^18.
        for (int i = 0; i < 40 && firsts.Count < 2; i++)
        {
            await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b, c).BeginningAtRandom());
            firsts.Add((await proxy.AskOnce()).Body);
        }

        Assert.Equal(2, firsts.Count);
    }

    [Fact]
    public async Task LimitThatAReloadLowers_HoldsAsSoonAsConnectionsEnd()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(LineScene.Limited(origin, 3, workers: 2));
        var clients = new List<RawClient>();
        var servers = new List<OriginConnection>();
        for (int i = 0; i < 3; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[i].SendGet("/" + i);
            servers.Add(await origin.Accept());
            await servers[i].ReadRequest();
        }
        await proxy.Reload(LineScene.Limited(origin, 1, workers: 2));
        await using RawClient late = await proxy.Connect();
        await late.SendGet("/late");
        await proxy.WaitForMetric(LineScene.Waiting, 1);

        for (int i = 0; i < 2; i++)
        {
            await servers[i].Send(OriginConnection.Ok);
            Assert.Equal(200, (await clients[i].ReadResponse()).Status);
            await servers[i].ExpectFin();
        }
        Assert.Equal((1, 3), (await proxy.Metric(LineScene.Waiting), origin.ConnectionCount));
        await servers[2].Send(OriginConnection.Ok);
        Assert.Equal(200, (await clients[2].ReadResponse()).Status);

        // The same connection if the same worker has both, else a new one.
        Task<string> kept = servers[2].ReadToHeadOrEnd();
        OriginConnection next = await kept == "" ? await origin.Accept() : servers[2];
        if (next != servers[2])
            await next.ReadRequest();
        await next.Send(OriginConnection.Ok);
        Assert.Equal(200, (await late.ReadResponse()).Status);
        Assert.All(clients, client => client.Close());
    }

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
