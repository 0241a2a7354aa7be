using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>How many requests of a route are under way at once: one number, whatever the number of workers, and however they end.</summary>
[Trait("promise", "B14")]
public sealed class ConcurrencyLimitTests
{
    private const string Refused = "nativeproxy_requests_over_limit_total{limit=\"max_concurrent\"}";
    private const string InFlight = "nativeproxy_requests_in_flight";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task RequestsOfARoute_AreCountedOverAllWorkers_UntilTheyEnd(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 3).WithWorkers(workers));
        var clients = new List<RawClient>();
        var servers = new List<OriginConnection>();
        for (int i = 0; i < 3; i++)
            servers.Add(await Begin(proxy, origin, clients));

        for (int i = 0; i < 6; i++)
        {
            HttpResponse refused = await proxy.AskOnce("/slow/late");
            Assert.Equal((503, "1"), (refused.Status, refused.Field("Retry-After")));
            Assert.Equal("Too many such requests are under way; try again soon.\n", refused.Body);
        }
        string line = await proxy.Output.WaitFor("/slow/late");
        Assert.EndsWith(" why=max_concurrent:slow route=slow", line, StringComparison.Ordinal);
        Assert.Contains(" PR-- ", line, StringComparison.Ordinal);
        Assert.Equal(6, (await proxy.AllMetrics())[Refused]);

        // Another route has room; one that is answered, one whose client leaves and one whose server fails make room for one each.
        Task<HttpResponse> other = proxy.AskOnce("/other");
        await (await origin.Accept()).Answer();
        Assert.Equal(200, (await other).Status);
        await servers[0].Send(OriginConnection.Ok);
        Assert.Equal(200, (await clients[0].ReadResponse()).Status);
        clients[1].Reset();
        servers[2].Reset();
        Assert.Equal(502, (await clients[2].ReadResponse()).Status);
        await proxy.WaitForMetric(InFlight, 0);
        await FillAndRefuse(proxy, clients, room: 3);
        Assert.All(clients, client => client.Close());
    }

    [Fact]
    public async Task Tunnel_CountsUntilItEnds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 1).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/slow", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
        await client.ReadHead();
        Assert.Equal("hello", await client.Read(5));
        Assert.Equal(503, (await proxy.AskOnce("/slow")).Status);

        client.Reset();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        var clients = new List<RawClient>();
        await FillAndRefuse(proxy, clients, room: 1);
        Assert.All(clients, one => one.Close());
    }

    [Fact]
    public async Task WorkerThatIsKilled_GivesBackWhatItHad()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 4).WithWorkers(2));
        var clients = new List<RawClient>();
        for (int i = 0; i < 4; i++)
            await Begin(proxy, origin, clients);
        Assert.Equal(503, (await proxy.AskOnce("/slow")).Status);

        foreach (int worker in ProcessView.Children(proxy.Id))
            LinuxSignals.Send(worker, LinuxSignals.Kill);
        await proxy.WaitForMetric("nativeproxy_worker_restarts_total", 2);
        await proxy.WaitForMetric(InFlight, 0);

        await FillAndRefuse(proxy, clients, room: 4);
        Assert.All(clients, client => client.Close());
    }

    /// <summary>Those that began under the old settings count on, and end under them.</summary>
    [Fact]
    public async Task Reload_KeepsWhatIsUnderWay_AndTheNewNumberHolds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 2));
        var clients = new List<RawClient>();
        OriginConnection server = await Begin(proxy, origin, clients);
        await Begin(proxy, origin, clients);

        await proxy.Reload(Limited(origin, 1));
        Assert.Equal(503, (await proxy.AskOnce("/slow")).Status);
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await clients[0].ReadResponse()).Status);
        await proxy.WaitForMetric(InFlight, 1);
        Assert.Equal(503, (await proxy.AskOnce("/slow")).Status);

        await proxy.Reload(Limited(origin, 3));
        await FillAndRefuse(proxy, clients, room: 2);
        Assert.All(clients, client => client.Close());
    }

    [Fact]
    public async Task LimitOfAPolicy_IsEachRoutesOwn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Policy("name = \"careful\"", "limits.max_concurrent = 1")
            .Listener("policies = [\"careful\"]")
            .Route("name = \"slow\"", "path_prefix = [\"/slow\"]")
            .Route("name = \"two\"", "path_prefix = [\"/two\"]", "limits.max_concurrent = 2"));
        var clients = new List<RawClient>();
        await Begin(proxy, origin, clients, "/slow");
        await Begin(proxy, origin, clients, "/two");
        await Begin(proxy, origin, clients, "/two");
        await Begin(proxy, origin, clients, "/");
        string[] full = ["/slow", "/two", "/"];
        foreach (string target in full)
            Assert.Equal(503, (await proxy.AskOnce(target)).Status);
        Assert.EndsWith(" why=max_concurrent:web", await proxy.Output.WaitFor("\"GET / HTTP/1.1\""), StringComparison.Ordinal);
        Assert.All(clients, client => client.Close());
    }

    private static ProxyConfig Limited(ScriptedOrigin origin, int countMax) =>
        ProxyConfig.For(origin).Route("name = \"slow\"", "path_prefix = [\"/slow\"]", $"limits.max_concurrent = {countMax}");

    /// <summary>A request that its server has, and does not answer.</summary>
    private static async Task<OriginConnection> Begin(ProxyUnderTest proxy, ScriptedOrigin origin, List<RawClient> clients, string target = "/slow")
    {
        RawClient client = await proxy.Connect();
        clients.Add(client);
        await client.SendGet(target);
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        return server;
    }

    /// <summary>So many pass, which no server answers, and not one more.</summary>
    private static async Task FillAndRefuse(ProxyUnderTest proxy, List<RawClient> clients, int room)
    {
        long before = await proxy.Metric(InFlight);
        for (int i = 1; i <= room; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[^1].SendGet("/slow/more");
            await proxy.WaitForMetric(InFlight, before + i);
        }
        Assert.Equal(503, (await proxy.AskOnce("/slow/more")).Status);
    }
}
