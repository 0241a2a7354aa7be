using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>Balancers in front that only look whether this node is there (HAProxy's monitor-net).</summary>
public sealed class ProbeTests
{
    private static readonly IPAddress Balancer = IPAddress.Parse("127.0.50.5");

    /// <summary>Neither a lack of servers, nor the client's own limits, nor what it says, makes another thing of it.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("limits.connections_per_client = 1")]
    [InlineData("limits.connection_rate_per_client = \"1/m\"")]
    [Trait("promise", "ARCH-11")]
    [Trait("layer", "no")] // a probe has no time for its handshake
    public async Task ConnectionsOfMonitorNetworks_EndAtOnce_Unlogged_AndReachNoServer(string limit)
    {
        await using RelayScene scene = await RelayScene.Start("monitor.networks = [\"127.0.50.0/24\"]", limit);
        for (int i = 1; i <= 3; i++)
        {
            await using RawClient probe = await scene.Connect(Balancer);
            await probe.ExpectFin();
            probe.Close();
            await scene.Proxy.WaitForMetric("nativeproxy_client_closes_total{reason=\"unmatched\"}", i);
        }
        await using RawClient loud = await scene.Connect(Balancer);
        await loud.Send("GET / HTTP/1.0\r\n\r\n");
        await loud.ExpectEnd();
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        Assert.Equal(0, scene.Origin.ConnectionCount);

        // What comes from elsewhere is served, and is the first line of the log.
        (RawClient client, OriginConnection server) = await scene.Join();
        await client.Send("hello");
        Assert.Equal("hello", await server.Read(5));
        client.Close();
        server.Close();
        await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client");
        string line = Assert.Single(scene.Proxy.Output.Lines, static line => CloseLine.IsOf("client", line));
        Assert.StartsWith("127.0.0.1:", CloseLine.Parse(line).Peer, System.StringComparison.Ordinal);
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    /// <summary>Where a balancer announces clients, the announced one counts; it alone, speaking for itself, is the probe.</summary>
    [Fact]
    [Trait("promise", "ARCH-11")]
    [Trait("layer", "no")] // the header comes before any record
    public async Task AnnouncedClients_AreServed_AndTheBalancerItselfIsAProbe()
    {
        await using RelayScene scene = await RelayScene.Start(
            "monitor.networks = [\"127.0.50.0/24\"]", "proxy_protocol = true", "proxy_protocol_trusted = [\"127.0.50.0/24\"]");
        await using RawClient probe = await scene.Connect(Balancer);
        await probe.Send("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0");
        await probe.ExpectFin();
        await using RawClient silent = await scene.Connect(Balancer);
        silent.Close();
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        await using RawClient client = await scene.Connect(Balancer);
        await client.Send("PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\nhello");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal("hello", await server.Read(5));
        client.Close();
        server.Close();
        await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client");
        Assert.Equal("203.0.113.7:5000", CloseLine.Parse(scene.Proxy.Output.Lines.Single(static line => CloseLine.IsOf("client", line))).Peer);
    }

    [Fact]
    [Trait("promise", "ARCH-9")]
    public async Task InModeHttp_TheConnectionHasNoLineEither()
    {
        await using CloseScene scene = await CloseScene.Start("monitor.networks = [\"127.0.50.0/24\"]");
        await using RawClient probe = await RawClient.Connect(scene.Proxy.Port(), from: Balancer);
        Assert.Equal(200, (await probe.Ask("/anything")).Status);
        probe.Close();
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 1);
        scene.Client.Close();
        await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client");
        Assert.StartsWith("127.0.0.1:", CloseLine.Parse(Assert.Single(scene.Proxy.Output.Lines)).Peer, System.StringComparison.Ordinal);
    }
}
