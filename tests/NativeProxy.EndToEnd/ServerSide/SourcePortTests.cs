using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// Connections to servers that come from ports of a range (HAProxy's <c>source</c>). Each test has an address of its own, on which nothing else
/// takes ports.
/// </summary>
public sealed class SourcePortTests
{
    private const string NoPort = "nativeproxy_server_connect_failures_total{reason=\"no_source_port\"}";

    /// <summary>Two workers take ports of the same range; none is used twice at a time, and no connect is seen to fail.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Ports_AreThoseOfTheRange_OverAllWorkers(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Listener("mode = \"tcp\"").Upstream($"source_address = \"127.0.9.{workers}:23000-23015\""));
        List<RawClient> clients = [];
        var ports = new HashSet<int>();
        for (int i = 0; i < 16; i++)
        {
            clients.Add(await RawClient.Connect(proxy.Port(), showsDate: true));
            var source = (IPEndPoint)(await origin.Accept()).Socket.RemoteEndPoint!;
            Assert.Equal($"127.0.9.{workers}", source.Address.ToString());
            Assert.InRange(source.Port, 23000, 23015);
            Assert.True(ports.Add(source.Port), $"port {source.Port} came twice");
        }
        Assert.Equal(0, await proxy.Metric(NoPort));
        clients.ForEach(static client => client.Reset());
    }

    /// <summary>A port belongs to a connection together with the server's address: another server may be reached from it.</summary>
    [Fact]
    [Trait("layer", "no")] // a client that is refused has no time for its handshake
    public async Task OnePort_LeadsToSeveralServers_AndOnceToEach()
    {
        await using ScriptedOrigin one = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(one, other)
            .Listener("mode = \"tcp\"").Upstream("source_address = \"127.0.9.3:23000\""));
        await using RawClient first = await RawClient.Connect(proxy.Port(), showsDate: true);
        Assert.Equal(23000, PortOf(await one.Accept()));
        await using RawClient second = await RawClient.Connect(proxy.Port(), showsDate: true);
        Assert.Equal(23000, PortOf(await other.Accept()));
        await using RawClient third = await RawClient.Connect(proxy.Port(), showsDate: true);
        await third.ExpectEnd();
        Assert.Equal(3, await proxy.Metric(NoPort));

        // Nobody is blamed: each of them serves again as soon as the port is free.
        first.Reset();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 1);
        await using RawClient fourth = await RawClient.Connect(proxy.Port(), showsDate: true);
        Assert.Equal(23000, PortOf(await one.Accept()));
        second.Reset();
        fourth.Reset();
    }

    [Fact]
    public async Task RequestWithoutAPort_GetsItsOwnAnswer_AndAReasonInTheLog()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Upstream("source_address = \"127.0.9.4:23000-23001\"").Log("format = \"json\""));
        await using RawClient first = await proxy.Connect();
        await first.SendGet("/1");
        OriginConnection served = await origin.Accept();
        await using RawClient second = await proxy.Connect();
        await second.SendGet("/2");
        await origin.Accept();
        await using RawClient third = await proxy.Connect();
        HttpResponse refused = await third.Ask("/3");
        Assert.Equal((503, "1"), (refused.Status, refused.Field("Retry-After")));
        Assert.Contains("All ports that connections to the server may come from are in use", refused.Body, System.StringComparison.Ordinal);
        string line = await proxy.Output.WaitFor("\"/3\"");
        Assert.Contains("no_source_port", line, System.StringComparison.Ordinal);
        Assert.Equal(3, await proxy.Metric(NoPort));

        // What is kept alive needs no port of its own.
        await served.ReadHead();
        await served.Send(OriginConnection.Ok);
        Assert.Equal(200, (await first.ReadResponse()).Status);
        await third.SendGet("/4");
        await served.ReadHead();
        await served.Send(OriginConnection.Ok);
        Assert.Equal(200, (await third.ReadResponse()).Status);
        first.Reset();
        second.Reset();
    }

    /// <summary>What another program has bound is no port of ours: the next one is taken.</summary>
    [Fact]
    public async Task PortOfAnotherProgram_IsPassedOver()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Parse("127.0.9.5"), 23000));
        taken.Listen();
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("mode = \"tcp\"").OwnServers("source_address = \"127.0.9.5:23000-23001\""));
        for (int i = 0; i < 3; i++)
        {
            await using RawClient client = await RawClient.Connect(proxy.Port(), showsDate: true);
            Assert.Equal(23001, PortOf(await origin.Accept()));
            client.Reset();
            await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        }
    }

    [Fact]
    public async Task Reload_TakesAnotherRange_ForNewConnections()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: static config => config.Upstream("source_address = \"127.0.9.6:23000-23003\""));
        Assert.Equal("ok", (await scene.Client.Ask()).Body);
        await scene.Proxy.Reload(static text => text.Replace("23000-23003", "24000-24003", System.StringComparison.Ordinal));
        Assert.Equal("ok", (await scene.Client.Ask()).Body);
        Assert.Equal(2, scene.Origin.Requests.Select(static request => request.Connection).Distinct().Count());
        Assert.InRange(await scene.Proxy.Metric("nativeproxy_server_connects_total"), 2, 2);
    }

    private static int PortOf(OriginConnection connection) => ((IPEndPoint)connection.Socket.RemoteEndPoint!).Port;
}
