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
public sealed class ClientLimitTests
{
    private const string TooMany = "nativeproxy_client_closes_total{reason=\"connections_per_client\"}";
    private const string TooFast = "nativeproxy_client_closes_total{reason=\"connection_rate\"}";

    [Theory]
    [InlineData(1, "http")]
    [InlineData(2, "http")]
    [InlineData(4, "http")]
    [InlineData(1, "tcp")]
    [InlineData(4, "tcp")]
    [Trait("close", "client:connections_per_client")]
    public async Task ConnectionsOfOneClient_AreCountedOverAllWorkers(int workers, string mode)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener($"mode = \"{mode}\"", "limits.connections_per_client = 3").WithWorkers(workers));
        using var clients = new Clients(proxy);
        int served = 0;
        for (int i = 0; i < 9; i++)
            served += await IsServed(await clients.From("127.0.4.1")) ? 1 : 0;
        RawClient other = await clients.From("127.0.4.2");

        Assert.Equal(3, served);
        Assert.Equal(6, (await proxy.AllMetrics())[TooMany]);
        Assert.True(await IsServed(other));

        // Kept connections go on; one that ends makes room for one.
        Assert.True(await IsServed(clients.First));
        clients.First.Close();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 3);
        Assert.True(await IsServed(await clients.From("127.0.4.1")));
        Assert.False(await IsServed(await clients.From("127.0.4.1")));
    }

    [Theory]
    [InlineData(1, "http")]
    [InlineData(2, "http")]
    [InlineData(2, "tcp")]
    [Trait("close", "client:connection_rate")]
    public async Task NewConnectionsOfOneClient_AreCountedOverAllWorkers(int workers, string mode)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener($"mode = \"{mode}\"", "limits.connection_rate_per_client = \"4/h\"").WithWorkers(workers));
        using var clients = new Clients(proxy);
        int served = 0;
        for (int i = 0; i < 10; i++)
        {
            RawClient client = await clients.From("127.0.4.1");
            served += await IsServed(client) ? 1 : 0;
            client.Close();
        }
        RawClient other = await clients.From("127.0.4.2");

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
        using var clients = new Clients(proxy);
        RawClient client = await clients.From("127.0.4.1");
        RawClient other = await clients.From("127.0.5.1");

        Assert.Equal((isTaken, isOtherTaken), (await IsServed(client), await IsServed(other)));
        if (!isTaken)
            Assert.Contains("127.0.4.1:", await proxy.Output.WaitFor("rs=access_denied"), StringComparison.Ordinal);
    }

    /// <summary>A server that would speak first does not even hear of it.</summary>
    [Fact]
    public async Task WhereBytesArePassedOn_NoServerIsAskedForWhomIsNotTaken()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("mode = \"tcp\"", "access.deny = [\"127.0.4.1\"]", "limits.connections_per_client = 1"));
        using var clients = new Clients(proxy);
        Assert.False(await IsServed(await clients.From("127.0.4.1")));
        Assert.True(await IsServed(await clients.From("127.0.4.2")));
        Assert.False(await IsServed(await clients.From("127.0.4.2")));
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("tcp")]
    public async Task WithAProxyHeader_TheClientIsTheOneThatItNames(string mode)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(
            $"mode = \"{mode}\"", "proxy_protocol = true", "limits.connections_per_client = 1", "access.deny = [\"192.0.2.9\"]"));
        using var clients = new Clients(proxy);
        string[] sources = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.9"];
        var served = new List<bool>();
        foreach (string source in sources)
        {
            RawClient client = await clients.From("127.0.0.1");
            served.Add(await IsServed(client, $"PROXY TCP4 {source} 192.0.2.200 1000 80\r\n"));
        }
        Assert.Equal([true, false, true, false], served);
    }

    [Fact]
    public async Task WorkerThatIsKilled_GivesItsClientsBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("limits.connections_per_client = 4").WithWorkers(2));
        using var clients = new Clients(proxy);
        for (int i = 0; i < 4; i++)
            Assert.True(await IsServed(await clients.From("127.0.4.1")));

        foreach (int worker in ProcessView.Children(proxy.Id))
            LinuxSignals.Send(worker, LinuxSignals.Kill);
        await proxy.WaitForMetric("nativeproxy_worker_restarts_total", 2);

        for (int i = 0; i < 4; i++)
            Assert.True(await IsServed(await clients.From("127.0.4.1")));
        Assert.False(await IsServed(await clients.From("127.0.4.1")));
    }

    [Fact]
    public async Task Reload_KeepsWhoIsCounted_AlsoWhenTheLimitIsGoneForAWhile()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("limits.connections_per_client = 1"));
        using var clients = new Clients(proxy);
        RawClient counted = await clients.From("127.0.4.1");
        Assert.True(await IsServed(counted));

        await proxy.Reload(ProxyConfig.For(origin).Listener("limits.connections_per_client = 1", "half_close = \"finish\""));
        Assert.False(await IsServed(await clients.From("127.0.4.1")));

        await proxy.Reload(ProxyConfig.For(origin));
        RawClient free = await clients.From("127.0.4.1");
        Assert.True(await IsServed(free));
        counted.Close();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 1);

        await proxy.Reload(ProxyConfig.For(origin).Listener("limits.connections_per_client = 1"));
        Assert.True(await IsServed(await clients.From("127.0.4.1")));
        Assert.False(await IsServed(await clients.From("127.0.4.1")));
    }

    /// <summary>Whether a request is answered; a connection that was not taken is closed, or broken off.</summary>
    private static async Task<bool> IsServed(RawClient client, string before = "")
    {
        try
        {
            await client.Send(before + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        catch (SocketException)
        {
            return false;
        }
        (string text, StreamEnd? end) = await client.ReadUntil(static text => text.EndsWith("ok", StringComparison.Ordinal));
        return end is null && text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal);
    }
    /// <summary>They stay open until the test is over, unless it closes them.</summary>
    private sealed class Clients(ProxyUnderTest proxy) : IDisposable
    {
        private readonly List<RawClient> _all = [];

        public RawClient First => _all[0];

        public async Task<RawClient> From(string address)
        {
            RawClient client = await RawClient.Connect(proxy.Port(), from: IPAddress.Parse(address));
            _all.Add(client);
            return client;
        }

        public void Dispose() => _all.ForEach(static client => client.Close());
    }
}
