using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.Operation.PressureTests;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>What happens when buffers run short, and how much memory idle connections hold.</summary>
public sealed class MemoryPressureTests
{
    private const string MemoryPressure = "nativeproxy_pressure{resource=\"memory\"}";

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("promise", "S4.9")]
    [Trait("promise", "S4.10")]
    [Trait("close", "client:memory_pressure")]
    public async Task BuffersRunShort_IdleClientsGo_AndResponsesSayCloseUntilThereAreEnough()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Runtime("buffer_bytes = \"1MiB\""));
        RawClient[] idle = [await AskedClient(proxy), await AskedClient(proxy), await AskedClient(proxy)];
        List<RawClient> halfRead = await FillBuffers(proxy);
        foreach (RawClient client in idle)
            await client.ExpectFin();
        await proxy.WaitForMetric(MemoryPressure, 1);
        for (int i = 0; i < 10; i++)
        {
            await halfRead[i].Send("\r\n\r\n");
            (int status, string? connection) = Outcome(await halfRead[i].ReadResponse());
            Assert.Equal(200, status);
            Assert.True(i > 0 || connection == "close", "the first response must say close");
        }
        await proxy.WaitForMetric(MemoryPressure, 0);
        foreach (RawClient client in halfRead[10..])
        {
            await client.Send("\r\n\r\n");
            Assert.Equal((200, null), Outcome(await client.ReadResponse()));
        }
        Assert.Equal(3, await proxy.Metric(Shed + "{side=\"client\",resource=\"memory\"}"));
        Assert.InRange(await proxy.Metric("nativeproxy_client_closes_total{reason=\"memory_pressure\"}"), 4, 39);
        Assert.Equal(1, await proxy.Metric("nativeproxy_pressure_episodes_total{resource=\"memory\"}"));
        await proxy.Output.WaitFor("rs=memory_pressure");
        await proxy.Errors.WaitFor("pressure: this worker runs short of memory");
    }

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("close", "server:memory_pressure")]
    public async Task BuffersRunShort_ASpareServerConnectionGoes()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Runtime("buffer_bytes = \"1MiB\""));
        OriginConnection server = await scene.Exchange();
        await PassingTime.Of(1100);
        List<RawClient> halfRead = await FillBuffers(scene.Proxy);
        await server.ExpectFin();
        await scene.ExpectClose("server", "memory_pressure", "proxy");

        // Until here: a client that nobody holds would be collected, and its buffer given back.
        Assert.All(halfRead, static client => client.Close());
    }

    [Fact]
    [Trait("promise", "S3.24")]
    public async Task IdleConnections_AreCountedWithTheMemoryTheyHold()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin slow = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).AddUpstream("slow", slow.Address)
            .AddListener("slow", "slow"));
        RawClient[] idle = [await AskedClient(proxy), await AskedClient(proxy), await AskedClient(proxy)];
        await using RawClient busy = await proxy.Connect("slow");
        await busy.SendGet();
        OriginConnection server = await slow.Accept();
        await proxy.WaitForMetric("nativeproxy_client_connections_idle", 3);
        await proxy.WaitForMetric("nativeproxy_worker_client_connections_idle{worker=\"0\"}", 3);
        Assert.Equal(4, await proxy.Metric("nativeproxy_client_connections_open"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connections_idle"));
        long bytesOfOne = await proxy.Metric("nativeproxy_idle_connection_bytes{side=\"server\"}");
        Assert.InRange(bytesOfOne, 100, 4000);
        Assert.Equal(3 * bytesOfOne, await proxy.Metric("nativeproxy_idle_connection_bytes{side=\"client\"}"));
        Assert.Equal(0, await proxy.Metric("nativeproxy_buffer_lent_bytes{purpose=\"receive_tail\"}"));

        await idle[0].Send("GET / HTTP/1.1\r\n");
        await idle[1].Send(HalfHead);
        await proxy.WaitForMetric("nativeproxy_buffer_lent_bytes{purpose=\"receive_tail\"}", (2 + 16) * 1024);
        await proxy.WaitForMetric("nativeproxy_worker_buffer_lent_bytes{worker=\"0\",purpose=\"receive_tail\"}", (2 + 16) * 1024);
        await server.Answer();
        await busy.ReadResponse();
        await proxy.WaitForMetric("nativeproxy_client_connections_idle", 4);
        Assert.All(idle, client => client.Close());
        busy.Close();
        await proxy.WaitForMetric("nativeproxy_client_connections_idle", 0);
        await proxy.WaitForMetric("nativeproxy_buffer_lent_bytes{purpose=\"receive_tail\"}", 0);
        Assert.Equal(0, await proxy.Metric("nativeproxy_idle_connection_bytes{side=\"client\"}"));
    }

    /// <summary>Clients whose heads are not whole, each in a large block: 36 of 40 are the high mark of 1 MiB, 32 the low one.</summary>
    private static async Task<List<RawClient>> FillBuffers(ProxyUnderTest proxy)
    {
        var clients = new List<RawClient>();
        for (int i = 0; i < 36; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[i].Send(HalfHead);
        }
        return clients;
    }
}
