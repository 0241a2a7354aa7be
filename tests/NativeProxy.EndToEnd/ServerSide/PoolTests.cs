using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Which pooled server connection a request gets, and how many are kept.</summary>
public sealed class PoolTests
{
    [Fact]
    [Trait("promise", "S3.22")]
    public async Task SoManyIdleConnectionsAreKept_MoreAreClosed_TheLeastRecentlyUsedFirst_AndTheTotalIsNotLimited()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.max_idle = 2"));
        OriginConnection[] servers = await FillPool(origin, proxy, 4);
        await servers[0].ExpectFin();
        await servers[1].ExpectFin();
        Assert.Equal(2, await proxy.Metric("nativeproxy_server_closes_total{reason=\"pool_full\"}"));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/kept");
        Assert.StartsWith("GET /kept ", await servers[3].Answer(), StringComparison.Ordinal);
        await client.ReadResponse();
        Assert.Equal(4, origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S3.22")]
    public async Task MaxIdleZero_KeepsNone()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.max_idle = 0"));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
            await client.Ask();
        Assert.Equal([1, 2, 3], origin.RequestConnections);
    }

    [Fact]
    [Trait("promise", "S3.23")]
    public async Task TheTwoKeepAlives_HaveDifferentNames_AndDoNotTouchEachOther()
    {
        string reference = (await ProxyBinary.Run("config", "reference")).Output;
        string[] client = KeysOf(reference, "[listener.keepalive]");
        string[] server = KeysOf(reference, "[upstream.keepalive]");
        Assert.Contains("timeout", client);
        Assert.Contains("idle_timeout", server);
        Assert.Contains("max_idle", server);
        Assert.DoesNotContain("timeout", server);
        Assert.DoesNotContain("idle_timeout", client);
        Assert.DoesNotContain("max_idle", client);

        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.timeout = \"200ms\"").Upstream("keepalive.idle_timeout = \"1h\""));
        await using RawClient first = await proxy.Connect();
        await first.SendGet();
        OriginConnection connection = await origin.Accept();
        await connection.Answer();
        await first.ReadResponse();
        await first.ExpectFin();
        await using RawClient second = await proxy.Connect();
        await second.SendGet();
        await connection.Answer();
        await second.ReadResponse();
    }

    [Fact]
    [Trait("promise", "S4.2")]
    public async Task ServerKeepAliveOff_EachServerConnectionIsUsedOnce_AndClosedByTheProxy()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.enabled = false"));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
        {
            await client.SendGet();
            OriginConnection server = await origin.Accept();
            Assert.Contains("Connection: close\r\n", await server.Answer(), StringComparison.Ordinal);
            await client.ReadResponse();
            await server.ExpectFin();
        }
    }

    [Fact]
    [Trait("promise", "S4.11")]
    public async Task AConnectionToOneServer_IsNeverUsedForAnother_ButForTheNextRequestToTheSame()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        await using ScriptedOrigin b = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
        await using ScriptedOrigin c = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).AddUpstream("third", c.Address).AddListener("third", "third"));
        await using RawClient client = await proxy.Connect();
        await using RawClient third = await proxy.Connect("third");
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("a", (await client.Ask()).Body);
            Assert.Equal("c", (await third.Ask()).Body);
            Assert.Equal("b", (await client.Ask()).Body);
        }
        Assert.All([a, b, c], origin => Assert.Equal([1, 1, 1, 1], origin.RequestConnections));
    }

    [Fact]
    [Trait("promise", "S4.14")]
    public async Task AFinishedConnectionIsPushed_AndTheLastPushedIsPoppedFirst()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        OriginConnection[] servers = await FillPool(origin, proxy, 3);
        await using RawClient one = await proxy.Connect();
        await using RawClient two = await proxy.Connect();
        await using RawClient three = await proxy.Connect();

        // All three at once take from the top; the one given back last is taken again.
        await one.SendGet("/1");
        Assert.StartsWith("GET /1 ", await servers[2].ReadRequest(), StringComparison.Ordinal);
        await two.SendGet("/2");
        Assert.StartsWith("GET /2 ", await servers[1].ReadRequest(), StringComparison.Ordinal);
        await servers[2].Send(OriginConnection.Ok);
        await one.ReadResponse();
        await three.SendGet("/3");
        Assert.StartsWith("GET /3 ", await servers[2].ReadRequest(), StringComparison.Ordinal);
        Assert.Equal((0, 3), (servers[0].Socket.Available, origin.ConnectionCount));
        await servers[1].Send(OriginConnection.Ok);
        await servers[2].Send(OriginConnection.Ok);
        await two.ReadResponse();
        await three.ReadResponse();
    }

    [Fact]
    [Trait("promise", "S4.15")]
    public async Task ThePoolCountsDownWithEachPop_AndUpWithEachPush()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        OriginConnection[] servers = await FillPool(origin, proxy, 3);
        await using RawClient client = await proxy.Connect();
        Assert.Equal(3, await proxy.Metric("nativeproxy_server_connections_idle"));
        await client.SendGet();
        await servers[2].ReadRequest();
        Assert.Equal(2, await proxy.Metric("nativeproxy_server_connections_idle"));
        await servers[2].Send(OriginConnection.Ok);
        await client.ReadResponse();
        Assert.Equal(3, await proxy.Metric("nativeproxy_server_connections_idle"));
        servers[0].Close();
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 2);
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 2);
    }

    [Theory]
    [Trait("promise", "S4.16")]
    [InlineData("always", "GET", true)]
    [InlineData("always", "POST", true)]
    [InlineData("idempotent", "GET", true)]
    [InlineData("idempotent", "HEAD", true)]
    [InlineData("idempotent", "PUT", true)]
    [InlineData("idempotent", "DELETE", true)]
    [InlineData("idempotent", "OPTIONS", true)]
    [InlineData("idempotent", "TRACE", true)]
    [InlineData("idempotent", "POST", false)]
    [InlineData("idempotent", "PATCH", false)]
    [InlineData("idempotent", "OTHER", false)]
    [InlineData("safe", "GET", true)]
    [InlineData("safe", "PUT", false)]
    [InlineData("safe", "POST", false)]
    [InlineData("never", "GET", false)]
    public async Task ReusePolicy_DecidesWhichMethodsMayUseAnIdleConnection(string policy, string method, bool isReused)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream($"keepalive.reuse = \"{policy}\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask();
        await client.Send($"{method} / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Equal(200, (await client.ReadResponse(method)).Status);
        Assert.Equal([1, isReused ? 1 : 2], origin.RequestConnections);
    }

    [Fact]
    public async Task IdleConnection_IsClosedAfterItsIdleTimeout()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.idle_timeout = \"300ms\""));
        var time = new PassingTime();
        OriginConnection[] servers = await FillPool(origin, proxy, 1);
        await servers[0].ExpectFin();
        time.AssertAtLeast(300);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_closes_total{reason=\"idle_timeout\"}"));
    }

    [Fact]
    public async Task ConnectionWithItsMaximumOfRequests_IsNotPooledAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.max_requests = 2"));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 5; i++)
            await client.Ask();
        Assert.Equal([1, 1, 2, 2, 3], origin.RequestConnections);
    }

    /// <summary>So many requests at once, answered in the order of the returned connections: the last one lies on top of the pool.</summary>
    private static async Task<OriginConnection[]> FillPool(ScriptedOrigin origin, ProxyUnderTest proxy, int count)
    {
        var clients = new RawClient[count];
        var servers = new OriginConnection[count];
        for (int i = 0; i < count; i++)
        {
            clients[i] = await proxy.Connect();
            await clients[i].SendGet();
            servers[i] = await origin.Accept();
            await servers[i].ReadRequest();
        }
        for (int i = 0; i < count; i++)
        {
            await servers[i].Send(OriginConnection.Ok);
            await clients[i].ReadResponse();
            clients[i].Close();
        }
        return servers;
    }

    private static string[] KeysOf(string reference, string table) =>
        [.. reference.Split('\n')
            .SkipWhile(line => !line.Contains(table, StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.TrimStart('#', ' ').StartsWith('['))
            .Where(line => line.Contains(" = ", StringComparison.Ordinal))
            .Select(line => line.TrimStart('#', ' ').Split(' ')[0])];
}
