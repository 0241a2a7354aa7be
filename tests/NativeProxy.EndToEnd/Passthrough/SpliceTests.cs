using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>
/// Bytes that pass from one socket to the other without being read, where the engine can; where it cannot, copies do the same. Through a layer all
/// bytes are read.
/// </summary>
[Trait("layer", "no")] // what passes through a layer is read
public sealed class SpliceTests
{
    private const string On = "tcp.splice = \"on\"";
    private const string Spliced = "nativeproxy_spliced_bytes_total";

    private static bool EngineCan => ProxyConfig.Engine == "epoll";

    [Theory]
    [InlineData("auto")]
    [InlineData("on")]
    [InlineData("off")]
    public async Task MuchData_FlowsWholeInBothDirectionsAtOnce_AndIsCounted(string policy)
    {
        const int Bytes = 20_000_000;
        await using RelayScene scene = await RelayScene.Start($"tcp.splice = \"{policy}\"");
        (RawClient client, OriginConnection server) = await scene.Join();
        byte[] data = new byte[Bytes];
        new Random(1).NextBytes(data);
        Task down = server.Send(data);
        Task up = client.Send(data);
        Task<byte[]> atServer = server.ReadBytes(Bytes);
        Assert.True((await client.ReadBytes(Bytes)).AsSpan().SequenceEqual(data));
        await Task.WhenAll(down, up, atServer);
        Assert.True((await atServer).AsSpan().SequenceEqual(data));
        client.Close();
        server.Close();
        CloseLine line = CloseLine.Parse(await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client"));
        Assert.Equal((Bytes, Bytes), (line.BytesIn, line.BytesOut));
        line = CloseLine.Parse(await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("server", line), "a closed server"));
        Assert.Equal((Bytes, Bytes), (line.BytesIn, line.BytesOut));
        foreach (string side in (string[])["peer=\"client\",direction=\"in\"", "peer=\"client\",direction=\"out\"",
            "peer=\"server\",direction=\"in\"", "peer=\"server\",direction=\"out\""])
        {
            Assert.Equal(Bytes, await scene.Proxy.Metric($"nativeproxy_bytes_total{{{side}}}"));
        }
        long spliced = await scene.Proxy.Metric(Spliced);
        if (policy == "off" || !EngineCan)
            Assert.Equal(0, spliced);
        else if (policy == "on")
            Assert.InRange(spliced, Bytes, 2 * Bytes);
        else
            Assert.InRange(spliced, 1, 2 * Bytes);
    }

    /// <summary>A pipe does not pass the mark of urgent data, and behind it an end would look like that of all bytes.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("on")]
    [InlineData("off")]
    public async Task UrgentByte_IsLeftOut_AndWhatFollowsItArrives(string policy)
    {
        const int Bytes = 4_000_000;
        await using RelayScene scene = await RelayScene.Start($"tcp.splice = \"{policy}\"");
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, scene.Proxy.Port());
        OriginConnection server = await scene.Origin.Accept();
        byte[] data = new byte[Bytes];
        new Random(7).NextBytes(data);
        Task<byte[]> arriving = server.ReadBytes(2 * Bytes);
        await SendAll(client, data);
        client.Send([0], SocketFlags.OutOfBand);
        await SendAll(client, data);
        client.Shutdown(SocketShutdown.Send);
        byte[] arrived = await arriving;
        Assert.True(arrived.AsSpan(0, Bytes).SequenceEqual(data));
        Assert.True(arrived.AsSpan(Bytes).SequenceEqual(data));
        await server.ExpectEnd();
        server.Close();
    }

    private static async Task SendAll(Socket socket, ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
            data = data[await socket.SendAsync(data, SocketFlags.None)..];
    }

    /// <summary>What stood in the pipe when the reader stopped is kept like any other bytes, and nothing overtakes it.</summary>
    [Theory]
    [InlineData("auto", true)]
    [InlineData("auto", false)]
    [InlineData("on", true)]
    [InlineData("on", false)]
    public async Task ReaderThatStops_StopsTheWriter_AndGetsAllInOrder(string policy, bool clientReads)
    {
        const int Block = 1024 * 1024;
        const int Blocks = 48;
        await using RelayScene scene = await RelayScene.Start($"tcp.splice = \"{policy}\"");
        (RawClient client, OriginConnection server) = await scene.Join();
        (TestSocket reader, TestSocket writer) = clientReads ? ((TestSocket)client, (TestSocket)server) : (server, client);
        byte[] data = new byte[Block];
        new Random(2).NextBytes(data);
        int sent = 0;
        Task writing = Task.Run(async () =>
        {
            for (; sent < Blocks; sent++)
                await writer.Send(data);
            writer.HalfClose();
        });
        for (int i = 0; i < Blocks; i++)
        {
            // Now and then it reads little, so that the queue is drained in parts.
            byte[] head = await reader.ReadBytes(1 + (i * 37));
            byte[] rest = await reader.ReadBytes(Block - head.Length);
            Assert.True(head.AsSpan().SequenceEqual(data.AsSpan(0, head.Length)) && rest.AsSpan().SequenceEqual(data.AsSpan(head.Length)));
        }
        await writing;
        await reader.ExpectFin();
        await reader.Send("thanks");
        Assert.Equal("thanks", await writer.Read(6));
        client.Reset();
    }

    /// <summary>The first bytes are the proxy's own, and small ones, which the client sends in two goes, follow in their order.</summary>
    [Fact]
    public async Task HeaderForTheServer_AndSmallPieces_KeepTheirOrder()
    {
        await using RelayScene scene = await RelayScene.Start(config => config.Listener(On).Upstream("proxy_protocol = \"v1\""));
        RawClient client = await scene.Connect();
        await client.Send("one");
        OriginConnection server = await scene.Origin.Accept();
        string header = string.Create(CultureInfo.InvariantCulture,
            $"PROXY TCP4 127.0.0.1 127.0.0.1 {client.LocalPort} {scene.Proxy.Port()}\r\n");
        Assert.Equal(header + "one", await server.Read(header.Length + 3));
        for (int i = 0; i < 100; i++)
        {
            string piece = i.ToString("D3", CultureInfo.InvariantCulture);
            await client.Send(piece);
            Assert.Equal(piece, await server.Read(3));
            await server.Send(piece);
            Assert.Equal(piece, await client.Read(3));
        }
        client.Reset();
        await server.ExpectReset();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ResetInTheMiddleOfAStream_IsAResetForTheOther(bool byClient)
    {
        await using RelayScene scene = await RelayScene.Start(On);
        (RawClient client, OriginConnection server) = await scene.Join();
        (TestSocket first, TestSocket second) = byClient ? ((TestSocket)client, (TestSocket)server) : (server, client);
        byte[] block = new byte[1024 * 1024];
        Task sending = Task.Run(async () =>
        {
            try
            {
                while (true)
                    await second.Send(block);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The proxy has passed the reset on.
            }
        });
        await first.ReadBytes(5_000_000);
        first.Reset();
        await Deadline.For(sending, static () => "the other side to be reset");
        string line = await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client");
        Assert.Equal(byClient ? "client_aborted" : "tunnel_ended", CloseLine.Parse(line).Reason);
    }

    /// <summary>A server that has sent all and reset, and one that has sent all and closed, are told apart.</summary>
    [Fact]
    public async Task ResetBehindTheData_IsNoEnd()
    {
        await using RelayScene scene = await RelayScene.Start(On);
        (RawClient client, OriginConnection server) = await scene.Join();
        await server.Send("half");
        Assert.Equal("half", await client.Read(4));
        server.Reset();
        await client.ExpectReset();
    }

    [Fact]
    public async Task SilentConnection_EndsAfterTheIdleTime_AndOneThatMovesDoesNot()
    {
        await using RelayScene scene = await RelayScene.Start(On, "tcp.idle_timeout = \"600ms\"");
        var time = new PassingTime();
        (RawClient client, OriginConnection server) = await scene.Join();
        for (int i = 0; i < 4; i++)
        {
            await PassingTime.Of(200);
            await client.Send("x");
            Assert.Equal("x", await server.Read(1));
        }
        await client.ExpectEnd();
        await server.ExpectEnd();
        time.AssertAtLeast(1400);
    }

    [Fact]
    public async Task ReloadAndStop_LeaveConnectionsWhole_UntilTheyEnd()
    {
        await using RelayScene scene = await RelayScene.Start(On);
        (RawClient client, OriginConnection server) = await scene.Join();
        await scene.Proxy.Reload(static text => text.Replace("\"on\"", "\"off\"", StringComparison.Ordinal));
        await client.Send("one");
        Assert.Equal("one", await server.Read(3));
        scene.Proxy.Signal(LinuxSignals.Terminate);
        byte[] data = new byte[3_000_000];
        Task sending = client.Send(data);
        await server.ReadBytes(data.Length);
        await sending;
        client.Close();
        server.Close();
        Assert.Equal(0, await scene.Proxy.WaitForExit());
    }

    /// <summary>Unix sockets on both sides.</summary>
    [Fact]
    public async Task UnixSockets_PassLargeStreamsOn_AndTheirEnd()
    {
        const int Bytes = 8_000_000;
        string directory = System.IO.Directory.CreateTempSubdirectory("nativeproxy-unix-").FullName;
        await using (ScriptedOrigin origin = ScriptedOrigin.DrivenAt(directory + "/app"))
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For($"unix:{directory}/app").AlsoBinding($"unix:{directory}/web").Listener("mode = \"tcp\"", On)))
        {
            await using RawClient client = await RawClient.ConnectUnix(directory + "/web");
            OriginConnection server = await origin.Accept();
            byte[] data = new byte[Bytes];
            new Random(4).NextBytes(data);
            Task up = client.Send(data);
            Task down = server.Send(data);
            Task<byte[]> atClient = client.ReadBytes(Bytes);
            Assert.True((await server.ReadBytes(Bytes)).AsSpan().SequenceEqual(data));
            Assert.True((await atClient).AsSpan().SequenceEqual(data));
            await Task.WhenAll(up, down);
            Assert.InRange(await proxy.Metric(Spliced), EngineCan ? Bytes : 0, EngineCan ? 2 * Bytes : 0);
            client.Close();
            await server.ExpectFin();
            server.Close();
            await proxy.WaitUntilIdle();
        }
        System.IO.Directory.Delete(directory, recursive: true);
    }

    /// <summary>Upgraded connections and those of CONNECT pass large streams on the same way, and their bytes are in the access log.</summary>
    [Fact]
    public async Task TunnelOfHttp_CountsWhatWasNotRead()
    {
        const int Bytes = 8_000_000;
        await using DrivenScene scene = await DrivenScene.Start("upgrade = [\"websocket\"]");
        OriginConnection server = await scene.Ask(CloseScene.Upgrade);
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await scene.Client.ReadHead();
        byte[] data = new byte[Bytes];
        new Random(3).NextBytes(data);
        Task sending = server.Send(data);
        Assert.True((await scene.Client.ReadBytes(Bytes)).AsSpan().SequenceEqual(data));
        await sending;
        long spliced = await scene.Proxy.Metric(Spliced);
        Assert.InRange(spliced, EngineCan ? 1 : 0, EngineCan ? Bytes : 0);
        server.Close();
        await scene.Client.ExpectFin();
        scene.Client.Close();
        Assert.Contains(" 800", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }
}
