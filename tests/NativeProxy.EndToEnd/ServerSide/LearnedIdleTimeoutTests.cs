using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Idle server connections end before the server would end them, as it says or shows.</summary>
public sealed class LearnedIdleTimeoutTests
{
    [Fact]
    [Trait("promise", "B1")]
    public async Task AnnouncedTimeout_IsUndercut()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.idle_timeout = \"10m\""));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Exchange(client, origin, "Keep-Alive: timeout=2, max=9\r\n");

        var time = new PassingTime();
        await server.ExpectFin();

        time.AssertAtLeast(900);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_closes_total{reason=\"learned_idle_timeout\"}"));
    }

    [Fact]
    [Trait("promise", "B1")]
    public async Task ObservedCloses_AreUndercutToo()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.idle_timeout = \"10m\""));
        await using RawClient client = await proxy.Connect();
        for (int i = 1; i <= 3; i++)
        {
            OriginConnection closing = await Exchange(client, origin, "");
            await PassingTime.Of(300);
            closing.Close();
            await proxy.WaitForMetric("nativeproxy_server_closes_total{reason=\"server_fin\"}", i);
        }

        OriginConnection server = await Exchange(client, origin, "");
        await server.ExpectFin();

        Assert.Equal(1, await proxy.Metric("nativeproxy_server_closes_total{reason=\"learned_idle_timeout\"}"));
    }

    [Fact]
    public async Task SwitchedOff_NothingIsLearned()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Upstream("keepalive = { idle_timeout = \"1500ms\", learn_idle_timeout = false }"));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Exchange(client, origin, "Keep-Alive: timeout=1\r\n");

        var time = new PassingTime();
        await server.ExpectFin();

        time.AssertAtLeast(1400);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_closes_total{reason=\"idle_timeout\"}"));
    }

    private static async Task<OriginConnection> Exchange(RawClient client, ScriptedOrigin origin, string fields)
    {
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send($"HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
        Assert.Equal("ok", (await client.ReadResponse()).Body);
        return server;
    }
}
