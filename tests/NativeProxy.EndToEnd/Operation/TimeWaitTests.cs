using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Who ends connections first, and so whose kernel keeps their addresses in TIME_WAIT.</summary>
public sealed class TimeWaitTests
{
    private const int Requests = 1000;
    private const int RequestsPerClient = 100;
    private const string ClientEnds = "nativeproxy_client_closed_by_total";
    private const string ServerEnds = "nativeproxy_server_closed_by_total";

    [Fact]
    [Trait("promise", "S1.8")]
    [Trait("layer", "no")] // a client that closes before it has read the last record resets
    public async Task WithKeepAlive_AThousandRequestsLeaveFarFewerTimeWaitSockets()
    {
        Census on = await After(isKeptAlive: true);
        Census off = await After(isKeptAlive: false);

        Assert.Equal((Requests, Requests), (off.ClientSideCounted, off.ServerSideCounted));
        Assert.InRange(off.ClientSide, Requests / 2, Requests);
        Assert.InRange(off.ServerSide, Requests / 2, Requests);
        Assert.InRange(on.ClientSide, 0, off.ClientSide / 20);
        Assert.InRange(on.ServerSide, 0, off.ServerSide / 20);
        Assert.InRange(on.ClientSideCounted, 0, off.ClientSideCounted / 20);
        Assert.InRange(on.ServerSideCounted, 0, off.ServerSideCounted / 20);
    }

    [Fact]
    [Trait("promise", "S1.8")]
    public async Task EachEnd_IsCountedUnderTheSideThatEndedFirst()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.reuse = \"never\""));
        await using (RawClient first = await proxy.Connect())
        {
            await first.SendGet();
            await (await origin.Accept()).Answer();
            await first.ReadResponse();
        }
        await proxy.WaitForMetric(ClientEnds + "{by=\"peer\"}", 1);
        await proxy.WaitForMetric(ServerEnds + "{by=\"proxy\"}", 1);
        await using (RawClient second = await proxy.Connect())
        {
            await second.SendGet("/", "Connection: close\r\n");
            OriginConnection server = await origin.Accept();
            await server.ReadRequest();
            await server.Send("HTTP/1.1 200 OK\r\n\r\nok");
            server.Close();
            await second.ReadToEnd();
        }
        await proxy.WaitForMetric(ClientEnds + "{by=\"proxy\"}", 1);
        await proxy.WaitForMetric(ServerEnds + "{by=\"peer\"}", 1);
        RawClient third = await proxy.Connect();
        await third.SendGet();
        await (await origin.Accept()).ReadRequest();
        third.Reset();
        await proxy.WaitForMetric(ClientEnds + "{by=\"peer_reset\"}", 1);
        await proxy.WaitForMetric(ServerEnds + "{by=\"proxy_reset\"}", 1);
        Assert.Equal((3, 3), (await proxy.MetricSum(ClientEnds), await proxy.MetricSum(ServerEnds)));
    }

    private static async Task<Census> After(bool isKeptAlive)
    {
        string keepalive = $"keepalive.enabled = {(isKeptAlive ? "true" : "false")}";
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(keepalive).Upstream(keepalive)
            .Log("access = \"off\""));

        // Those of whoever had these ports before; they also go meanwhile, so a difference of counts would not do.
        (HashSet<string> clientSideBefore, HashSet<string> serverSideBefore) = (ProcessView.TimeWaitsOf(proxy.Port()),
            ProcessView.TimeWaitsTowards(origin.Port));
        for (int asked = 0; asked < Requests;)
        {
            await using RawClient client = await proxy.Connect();
            for (int i = 0; i < (isKeptAlive ? RequestsPerClient : 1); i++, asked++)
                Assert.Equal(200, (await client.Ask()).Status);
            if (!isKeptAlive)
                await client.ExpectFin();
        }
        await proxy.WaitUntilIdle();
        return new Census(
            ProcessView.TimeWaitsOf(proxy.Port()).Except(clientSideBefore).Count(),
            ProcessView.TimeWaitsTowards(origin.Port).Except(serverSideBefore).Count(),
            await proxy.Metric(ClientEnds + "{by=\"proxy\"}"), await proxy.Metric(ServerEnds + "{by=\"proxy\"}"));
    }

    /// <summary>TIME_WAIT sockets of the proxy, as the kernel shows them and as the proxy counts its own first FINs.</summary>
    private sealed record Census(int ClientSide, int ServerSide, long ClientSideCounted, long ServerSideCounted);
}
