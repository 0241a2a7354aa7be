using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Whose connections a listener takes, and how many of one client; one number, whatever the number of workers.</summary>
[Trait("promise", "B14")]
[Trait("layer", "no")] // clients of other addresses
public sealed class ClientLimitTests : IDisposable
{
    private const string TooMany = "nativeproxy_client_closes_total{reason=\"connections_per_client\"}";
    private const string TooFast = "nativeproxy_client_closes_total{reason=\"connection_rate\"}";

    /// <summary>They stay open until the test is over, unless it closes them.</summary>
    private readonly List<RawClient> _clients = [];

    public void Dispose() => _clients.ForEach(static client => client.Close());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [Trait("close", "client:connections_per_client")]
    public async Task ConnectionsOfOneClient_AreCountedOverAllWorkers(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("limits.connections_per_client = 3").WithWorkers(workers));
        int served = 0;
        for (int i = 0; i < 9; i++)
            served += await IsServed(await From("127.0.4.1", proxy)) ? 1 : 0;
        RawClient other = await From("127.0.4.2", proxy);

        Assert.Equal(3, served);
        Assert.Equal(6, (await proxy.AllMetrics())[TooMany]);
        Assert.True(await IsServed(other));

        // Kept connections go on; one that ends makes room for one.
        Assert.True(await IsServed(_clients[0]));
        _clients[0].Close();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 3);
        Assert.True(await IsServed(await From("127.0.4.1", proxy)));
        Assert.False(await IsServed(await From("127.0.4.1", proxy)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("close", "client:connection_rate")]
    public async Task NewConnectionsOfOneClient_AreCountedOverAllWorkers(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("limits.connection_rate_per_client = \"4/h\"").WithWorkers(workers));
        int served = 0;
        for (int i = 0; i < 10; i++)
        {
            RawClient client = await From("127.0.4.1", proxy);
            served += await IsServed(client) ? 1 : 0;
            client.Close();
        }
        RawClient other = await From("127.0.4.2", proxy);

        Assert.Equal(4, served);
        Assert.Equal(6, (await proxy.AllMetrics())[TooFast]);
        Assert.True(await IsServed(other));
    }

    [Theory]
    [InlineData("access.deny = [\"127.0.4.0/24\"]", false, true)]
    [InlineData("access.allow = [\"127.0.4.0/24\"]", true, false)]
    [InlineData("access.allow = [\"127.0.0.0/8\"]\naccess.deny = [\"127.0.4.1\"]", false, true)]
    [InlineData("access.allow = [\"::1\"]", false, false)]
    [Trait("close", "client:access_denied")]
    public async Task Access_IsJudgedBeforeAnythingIsRead(string lines, bool isTaken, bool isOtherTaken)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(lines).Log("connections = \"stdout\""));
        RawClient client = await From("127.0.4.1", proxy);
        RawClient other = await From("127.0.5.1", proxy);

        Assert.Equal((isTaken, isOtherTaken), (await IsServed(client), await IsServed(other)));
        if (!isTaken)
            Assert.Contains("127.0.4.1:", await proxy.Output.WaitFor("rs=access_denied"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithAProxyHeader_TheClientIsTheOneThatItNames()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(
            "proxy_protocol = true", "limits.connections_per_client = 1", "access.deny = [\"192.0.2.9\"]"));
        string[] sources = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.9"];
        var served = new List<bool>();
        foreach (string source in sources)
        {
            RawClient client = await From("127.0.0.1", proxy);
            await client.Send($"PROXY TCP4 {source} 192.0.2.200 1000 80\r\n");
            served.Add(await IsServed(client));
        }
        Assert.Equal([true, false, true, false], served);
    }

    [Fact]
    public async Task WorkerThatIsKilled_GivesItsClientsBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("limits.connections_per_client = 4").WithWorkers(2));
        for (int i = 0; i < 4; i++)
            Assert.True(await IsServed(await From("127.0.4.1", proxy)));

        foreach (int worker in ProcessView.Children(proxy.Id))
            LinuxSignals.Send(worker, LinuxSignals.Kill);
        await proxy.WaitForMetric("nativeproxy_worker_restarts_total", 2);

        for (int i = 0; i < 4; i++)
            Assert.True(await IsServed(await From("127.0.4.1", proxy)));
        Assert.False(await IsServed(await From("127.0.4.1", proxy)));
    }

    [Fact]
    public async Task Reload_KeepsWhoIsCounted_AlsoWhenTheLimitIsGoneForAWhile()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("limits.connections_per_client = 1"));
        RawClient counted = await From("127.0.4.1", proxy);
        Assert.True(await IsServed(counted));

        await proxy.Reload(ProxyConfig.For(origin).Listener("limits.connections_per_client = 1", "half_close = \"finish\""));
        Assert.False(await IsServed(await From("127.0.4.1", proxy)));

        await proxy.Reload(ProxyConfig.For(origin));
        RawClient free = await From("127.0.4.1", proxy);
        Assert.True(await IsServed(free));
        counted.Close();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 1);

        await proxy.Reload(ProxyConfig.For(origin).Listener("limits.connections_per_client = 1"));
        Assert.True(await IsServed(await From("127.0.4.1", proxy)));
        Assert.False(await IsServed(await From("127.0.4.1", proxy)));
    }

    private async Task<RawClient> From(string address, ProxyUnderTest proxy)
    {
        RawClient client = await RawClient.Connect(proxy.Port(), from: IPAddress.Parse(address));
        _clients.Add(client);
        return client;
    }

    /// <summary>Whether a request is answered; a connection that was not taken is closed, or broken off.</summary>
    private static async Task<bool> IsServed(RawClient client)
    {
        try
        {
            await client.SendGet();
        }
        catch (SocketException)
        {
            return false;
        }
        (string text, StreamEnd? end) = await client.ReadUntil(static text => text.EndsWith("ok", StringComparison.Ordinal));
        return end is null && text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal);
    }
}
