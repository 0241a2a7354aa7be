using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>A listener in mode "tcp": bytes both ways, each end passed on as it came.</summary>
public sealed class RelayTests
{
    [Fact]
    public async Task ServerThatSpeaksFirst_IsHeardWithoutAByteOfTheClient()
    {
        await using RelayScene scene = await RelayScene.Start();
        (RawClient client, OriginConnection server) = await scene.Join();
        await server.Send("220 hello\r\n");
        Assert.Equal("220 hello\r\n", await client.Read(11));
        await client.Send("GET / HTTP/1.1\r\nDate: x\r\n\0\xff");
        Assert.Equal("GET / HTTP/1.1\r\nDate: x\r\n\0\xff", await server.Read(27));
        client.Reset();
    }

    [Fact]
    public async Task MuchData_FlowsWholeInBothDirectionsAtOnce()
    {
        const int bytes = 20_000_000;
        await using RelayScene scene = await RelayScene.Start();
        (RawClient client, OriginConnection server) = await scene.Join();
        byte[] data = new byte[bytes];
        new Random(1).NextBytes(data);
        Task down = server.Send(data);
        Task up = client.Send(data);
        Task<byte[]> atServer = server.ReadBytes(bytes);
        Assert.True((await client.ReadBytes(bytes)).AsSpan().SequenceEqual(data));
        await Task.WhenAll(down, up, atServer);
        Assert.True((await atServer).AsSpan().SequenceEqual(data));
        client.Reset();
    }

    /// <summary>A reader that reads nothing stops the writer: what is between them is what kernels and the proxy's bounded queue hold.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReaderThatDoesNotRead_StopsTheWriter_AndLosesNothing(bool clientReads)
    {
        const int Block = 1024 * 1024;
        await using RelayScene scene = await RelayScene.Start();
        (RawClient client, OriginConnection server) = await scene.Join();
        (TestSocket reader, TestSocket writer) = clientReads ? ((TestSocket)client, (TestSocket)server) : (server, client);
        int sent = 0;
        Task writing = Task.Run(async () =>
        {
            byte[] block = new byte[Block];
            for (; sent < 64; sent++)
                await writer.Send(block);
        });
        await reader.Skip(1);
        await reader.Skip((64L * Block) - 1);
        await writing;
        Assert.Equal(64, sent);
        client.Reset();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HalfClose_IsPassedOn_AndTheLateAnswerStillArrives(bool byClient)
    {
        await using RelayScene scene = await RelayScene.Start();
        (RawClient client, OriginConnection server) = await scene.Join();
        (TestSocket first, TestSocket second) = byClient ? ((TestSocket)client, (TestSocket)server) : (server, client);
        await first.Send("all");
        first.HalfClose();
        Assert.Equal("all", await second.Read(3));
        await second.ExpectFin();
        await second.Send("late");
        Assert.Equal("late", await first.Read(4));
        second.Close();
        await first.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ResetOfOneSide_IsAResetForTheOther(bool byClient)
    {
        await using RelayScene scene = await RelayScene.Start();
        (RawClient client, OriginConnection server) = await scene.Join();
        (TestSocket first, TestSocket second) = byClient ? ((TestSocket)client, (TestSocket)server) : (server, client);
        await first.Send("half");
        Assert.Equal("half", await second.Read(4));
        first.Reset();
        await second.ExpectReset();
        string line = await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client");
        Assert.Equal(byClient ? "client_aborted" : "tunnel_ended", CloseLine.Parse(line).Reason);
    }

    [Fact]
    public async Task ServerThatRefuses_IsNotSeen_WhileAnotherOneTakesConnections()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address).Listener("mode = \"tcp\""));
        for (int i = 0; i < 4; i++)
        {
            await using RawClient client = await RawClient.Connect(proxy.Port(), showsDate: true);
            await client.Send("ping");
            Assert.Equal("ping", await (await origin.Accept()).Read(4));
            client.Reset();
        }
        Assert.InRange(await proxy.Metric("nativeproxy_retries_total{cause=\"connect_failure\"}"), 1, 4);
    }

    [Fact]
    public async Task ServerThatRefuses_IsLeftOut_AndNoClientWaitsForItAnyMore()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address)
            .Listener("mode = \"tcp\"").Upstream("passive.consecutive_failures = 2", "passive.ejection_time = \"5m\""));
        for (int i = 0; i < 8; i++)
        {
            await using RawClient client = await RawClient.Connect(proxy.Port(), showsDate: true);
            await origin.Accept();
            client.Reset();
        }
        Assert.Equal(2, await proxy.Metric("nativeproxy_retries_total{cause=\"connect_failure\"}"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_ejected{upstream=\"app\",server=\"a\"}"));
    }

    /// <summary>Servers get as many as min_connections first, and more as more clients are there.</summary>
    [Fact]
    public async Task ServersOfARamp_TakeMore_WhenMoreClientsCome()
    {
        await using RelayScene scene = await RelayScene.Start(config => config.Upstream("full_load = 4")
            .OwnServers("min_connections = 1", "max_connections = 4"));
        var clients = new List<RawClient>();
        for (int i = 0; i < 4; i++)
        {
            clients.Add(await scene.Connect());
            await scene.Origin.Accept();
        }
        clients.ForEach(static client => client.Reset());
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_open", 0);

        // What has ended counts no more.
        for (int i = 0; i < 4; i++)
        {
            await using RawClient client = await scene.Connect();
            await scene.Origin.Accept();
            client.Reset();
        }
    }

    [Fact]
    [Trait("layer", "no")] // a client that is refused has no time for its handshake
    public async Task AsManyAsMaxRequests_AreServedAtOnce()
    {
        await using RelayScene scene = await RelayScene.Start(config => config.Upstream("max_requests = 1"));
        for (int i = 0; i < 3; i++)
        {
            (RawClient client, _) = await scene.Join();
            await using RawClient other = await scene.Connect();
            await other.ExpectEnd();
            client.Reset();
            await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        }
    }

    /// <summary>The place in line of one client is not that of the next one that the same session serves.</summary>
    [Fact]
    [Trait("layer", "no")] // a client that is refused has no time for its handshake
    public async Task ClientWhoseTurnCameToNothing_LeavesNoPlaceInLineBehind()
    {
        var origin = ScriptedOrigin.Driven();
        string address = origin.Address;
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(address)
            .Listener("mode = \"tcp\"").Upstream("retry.attempts = 1", "timeouts.queue = \"1h\"", "max_queue = 1", "passive.enabled = false")
            .OwnServers("max_connections = 1"));
        RawClient first = await RawClient.Connect(proxy.Port(), showsDate: true);
        OriginConnection served = await origin.Accept();
        await using RawClient second = await RawClient.Connect(proxy.Port(), showsDate: true);
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        // Its turn comes, and nobody listens.
        await origin.DisposeAsync();
        first.Reset();
        await second.ExpectEnd();
        await using ScriptedOrigin again = ScriptedOrigin.AnsweringAt(System.Net.IPEndPoint.Parse(address), OriginConnection.Ok);
        RawClient third = await RawClient.Connect(proxy.Port(), showsDate: true);
        await again.Accept();
        await using RawClient fourth = await RawClient.Connect(proxy.Port(), showsDate: true);
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);
        await using RawClient fifth = await RawClient.Connect(proxy.Port(), showsDate: true);
        await fifth.ExpectEnd();
        Assert.Equal(1, await proxy.Metric("nativeproxy_queue_waiting"));
        third.Reset();
        await again.Accept();
    }

    [Fact]
    [Trait("close", "client:no_server")]
    public async Task NoServer_ClosesTheClientWithoutAByte()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            CloseScene.WithConnectionLog(ProxyConfig.For(dead.Address)).Listener("mode = \"tcp\""));
        await using RawClient client = await RawClient.Connect(proxy.Port(), showsDate: true);
        await client.ExpectEnd();
        CloseLine line = CloseLine.Parse(await proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client"));
        Assert.Equal("no_server", line.Reason);
    }

    [Fact]
    public async Task SilentConnection_EndsOnBothSides()
    {
        await using RelayScene scene = await RelayScene.Start("tcp.idle_timeout = \"400ms\"");
        var time = new PassingTime();
        (RawClient client, OriginConnection server) = await scene.Join();
        await client.ExpectEnd();
        await server.ExpectEnd();
        time.AssertAtLeast(400);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_timeouts_total{kind=\"tunnel\"}"));
    }

    /// <summary>The upstream knows what silence means there. The other one, on the listener's time, shows that this has passed.</summary>
    [Fact]
    public async Task TimeOfTheUpstream_HoldsForItsConnections()
    {
        await using ScriptedOrigin brief = ScriptedOrigin.Driven();
        await using ScriptedOrigin patient = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig()
            .AddUpstream("brief", brief.Address).AddUpstream("patient", patient.Address).Upstream("timeouts.idle = \"1h\"")
            .AddListener("web", "brief").Listener("mode = \"tcp\"", "tcp.idle_timeout = \"400ms\"")
            .AddListener("db", "patient").Listener("mode = \"tcp\"", "tcp.idle_timeout = \"400ms\""));
        await using RawClient waits = await proxy.Connect("db", showsDate: true);
        OriginConnection server = await patient.Accept();
        await using RawClient ends = await proxy.Connect(showsDate: true);
        await ends.ExpectEnd();
        await waits.Send("still here");
        Assert.Equal("still here", await server.Read(10));

        // And sooner than the listener says.
        await proxy.Reload(static text => text.Replace("\"400ms\"", "\"2h\"", StringComparison.Ordinal)
            .Replace("timeouts.idle = \"1h\"", "timeouts.idle = \"300ms\"", StringComparison.Ordinal));
        var time = new PassingTime();
        await using RawClient late = await proxy.Connect("db", showsDate: true);
        await late.ExpectEnd();
        time.AssertAtLeast(300);
        waits.Reset();
    }

    [Fact]
    public async Task LeastConnections_CountsOpenConnections()
    {
        await using ScriptedOrigin one = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(one, other).Listener("mode = \"tcp\"").Upstream("balance = \"least_connections\""));
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RawClient.Connect(proxy.Port(), showsDate: true)));
        for (int i = 0; i < 4; i++)
        {
            await one.Accept();
            await other.Accept();
        }
        foreach (RawClient client in clients)
            client.Reset();
    }

    /// <summary>What a reload takes away ends with its last connection, not before.</summary>
    [Fact]
    public async Task ReloadAndStop_LeaveConnectionsWhole_UntilTheyEnd()
    {
        await using RelayScene scene = await RelayScene.Start();
        (RawClient client, OriginConnection server) = await scene.Join();
        await scene.Proxy.Reload(ProxyConfig.For(scene.Origin).Listener("mode = \"tcp\"", "tcp.idle_timeout = \"2h\""));
        await client.Send("one");
        Assert.Equal("one", await server.Read(3));
        scene.Proxy.Signal(LinuxSignals.Terminate);
        await client.Send("two");
        Assert.Equal("two", await server.Read(3));
        client.Close();
        server.Close();
        Assert.Equal(0, await scene.Proxy.WaitForExit());
    }
}
