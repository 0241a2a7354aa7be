using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>
/// Reasons to close a client connection that come from the process and not from its traffic; told as in <see cref="CloseReasonTests"/>.
/// </summary>
[Trait("promise", "S4.10")]
public sealed class ProcessCloseReasonTests
{
    [Fact]
    [Trait("close", "client:draining")]
    public async Task ProcessThatStops()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange();
        await using RawClient busy = await scene.Proxy.Connect();
        await busy.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
        await scene.Proxy.WaitForMetric("nativeproxy_requests_in_flight", 1);
        scene.Proxy.Signal(LinuxSignals.Terminate);
        await scene.ExpectClientClose("draining", "proxy");

        // The busy one is told with its response; the process waits for it.
        busy.Close();
        Assert.Equal(0, await scene.Proxy.WaitForExit());
        string[] reasons = [.. scene.Proxy.Output.Lines.Select(line => CloseLine.Parse(line).Side + " " + CloseLine.Parse(line).Reason)
            .Order(StringComparer.Ordinal)];
        Assert.Equal(["client client_aborted", "client draining", "server client_aborted"], reasons);
    }

    [Fact]
    [Trait("close", "client:listener_removed")]
    public async Task ListenerThatAReloadRemoves()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.AddListener("other", "app"));
        await scene.Exchange();
        await RemoveListener(scene);
        await scene.ExpectClientClose("listener_removed", "proxy");
    }

    [Fact]
    [Trait("close", "client:listener_removed")]
    public async Task ListenerThatAReloadRemoves_WhileItAnswers()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.AddListener("other", "app"));
        OriginConnection server = await scene.Ask();
        await RemoveListener(scene);
        await server.Send(OriginConnection.Ok);
        Assert.Equal("close", (await scene.Client.ReadResponse()).Connection);
        await scene.ExpectClientClose("listener_removed", "proxy");
    }

    [Fact]
    [Trait("close", "client:resource")]
    [Trait("layer", "no")] // judges memory
    public async Task NoBuffersLeft()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Runtime("max_connections = 200")
            .Listener("limits.header_bytes = \"1MiB\""));
        string part = "GET / HTTP/1.1\r\nHost: h\r\nX: " + new string('x', 1_000_000);
        var clients = new RawClient[80];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await scene.Proxy.Connect();
            await clients[i].Send(part);
        }
        await Deadline.Until(
            async () => await scene.Proxy.Metric("nativeproxy_client_closes_total{reason=\"resource\"}") > 0, () => "a client to be refused");
        foreach (RawClient client in clients)
            await client.DisposeAsync();
        string line = await scene.Proxy.Output.WaitFor(" rs=resource ");
        Assert.Equal("proxy", CloseLine.Parse(line).By);
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 1);
    }

    /// <summary>Only the listener "other" is left.</summary>
    private static Task RemoveListener(CloseScene scene) =>
        scene.Proxy.Reload(CloseScene.WithConnectionLog(new ProxyConfig().AddUpstream("app", scene.Origin.Address).AddListener("other", "app")));
}
