using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A limit on the connections of a server, and the queue before it.</summary>
public sealed class QueueTests
{
    [Fact]
    [Trait("promise", "S2.16")]
    public async Task RequestsAboveTheLimit_WaitInOrder_AndTheServerNeverSeesMore()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 2));
        var clients = new RawClient[6];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await proxy.Connect();
            await clients[i].SendGet("/" + i);
            await proxy.WaitForMetric("nativeproxy_requests_total", i + 1);
        }
        OriginConnection[] servers = [await origin.Accept(), await origin.Accept()];
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 4);
        for (int i = 0; i < clients.Length; i++)
        {
            OriginConnection server = servers[i % 2];
            Assert.StartsWith($"GET /{i} ", await server.Answer(), StringComparison.Ordinal);
            Assert.Equal("ok", (await clients[i].ReadResponse()).Body);
            clients[i].Close();

            // The next in line takes the connection in an event of its own; were both idle by then, it would take the later one.
            await proxy.WaitForMetric("nativeproxy_queue_waiting", Math.Max(0, 3 - i));
        }
        Assert.Equal(2, origin.ConnectionCount);
        Assert.Equal(0, await proxy.Metric("nativeproxy_queue_waiting"));
        Assert.Equal(4, await proxy.Metric("nativeproxy_queue_entered_total"));
    }

    [Fact]
    [Trait("promise", "ARCH-20")]
    [Trait("promise", "ARCH-21")]
    public async Task ThreeThousandClientsOnThreeTimesFourSlots_AreAllServed_AndNoServerSeesMoreThanFour()
    {
        const int clientCount = 3000;
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ScriptedOrigin c = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b, c).EachServer("max_connections = 4").Upstream("timeouts.queue = \"10m\"")
                .Listener("limits.max_connections = 10000", "timeouts.request_header = \"10m\"").Log("access = \"off\""));
        var clients = new RawClient[clientCount];
        for (int i = 0; i < clientCount; i++)
            clients[i] = await proxy.Connect();

        // All of them are there before the first is served.
        await proxy.Freeze();
        foreach (RawClient client in clients)
            await client.SendGet();
        proxy.Thaw();
        foreach (RawClient client in clients)
        {
            Assert.Equal(200, (await client.ReadResponse()).Status);
            client.Close();
        }
        Assert.Equal(clientCount, a.Requests.Count + b.Requests.Count + c.Requests.Count);
        Assert.All([a, b, c], origin => Assert.InRange(origin.ConnectionCount, 1, 4));
        Assert.True(await proxy.Metric("nativeproxy_queue_entered_total") > 1000);
    }

    [Fact]
    public async Task APostWithItsBody_WaitsAndArrivesWhole()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, 1));
        await using RawClient first = await proxy.Connect();
        await first.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await using RawClient second = await proxy.Connect();
        string body = string.Concat(Enumerable.Range(0, 30_000).Select(i => (char)('a' + (i % 26))));
        await second.Send(RawClient.Post("/second", body));
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);
        await server.Send(OriginConnection.Ok);
        Assert.EndsWith("\r\n\r\n" + body, await server.Answer(), StringComparison.Ordinal);
        await first.ReadResponse();
        Assert.Equal("ok", (await second.ReadResponse()).Body);
    }

    private static ProxyConfig Limited(ScriptedOrigin origin, int connectionsMax) =>
        ProxyConfig.For(origin).EachServer($"max_connections = {connectionsMax}");
}
