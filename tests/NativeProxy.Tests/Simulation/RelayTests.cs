using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Tls;
using Xunit;

namespace NativeProxy.Tests.Simulation;

/// <summary>A listener in mode "tcp": both connections from their first to their last byte, in whichever order their ends come.</summary>
public class RelayTests : SceneTestsBase
{
    private const string Tcp = "mode = \"tcp\"";
    private const string ServerEnded = "Server upgrade_ended";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ServerIsAskedAtOnce_AndBytesPassBothWays(bool isCompletionBased)
    {
        using Scene scene = NewScene(Tcp, isCompletionBased: isCompletionBased);
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        SimulatedSocket server = Assert.Single(scene.ServerSockets);
        scene.Write(server, "220 hello\r\n");
        Assert.Equal("220 hello\r\n", scene.Read(client));
        scene.Write(client, "EHLO\0\r\n");
        Assert.Equal("EHLO\0\r\n", scene.Read(server));
        Assert.Equal((1, 1), (Count(scene, CounterId.TunnelsOpen), Count(scene, CounterId.ServerConnects)));
        client.ShutdownSend();
        server.ShutdownSend();
        ExpectQuiet(scene, ServerEnded, "Client tunnel_ended");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HalfClose_IsPassedOn_AndTheOtherSideMayStillSpeak(bool byClient)
    {
        using Scene scene = NewScene(Tcp);
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        (SimulatedSocket first, SimulatedSocket second) = byClient ? (client, scene.ServerSockets[0]) : (scene.ServerSockets[0], client);
        scene.Write(first, "all");
        first.ShutdownSend();
        scene.Settle(1000);
        Assert.Equal("all", scene.Read(second));
        scene.Settle();
        Assert.True(second.Incoming.EndArrived);
        scene.Write(second, "late");
        Assert.Equal("late", scene.Read(first));
        second.ShutdownSend();
        ExpectQuiet(scene, ServerEnded, "Client tunnel_ended");
        Assert.False(client.IsReset);
    }

    /// <summary>The server reads slowly: its end does not make what is still queued for it be lost.</summary>
    [Fact]
    public void ServerThatHasEnded_StillGetsAllThatTheClientHasSent()
    {
        using Scene scene = NewScene(Tcp, windowBytes: 1000);
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        SimulatedSocket server = scene.ServerSockets[0];
        server.ShutdownSend();
        scene.Settle();
        client.Outgoing.WindowBytes = 100_000;
        scene.Write(client, new string('x', 20_000));
        client.ShutdownSend();
        scene.Settle(5000);
        int read = 0;
        for (int i = 0; i < 1000 && read < 20_000; i++, scene.Settle())
            read += scene.Read(server).Length;
        Assert.Equal(20_000, read);
        scene.Settle();
        Assert.True(server.Incoming.EndArrived);
        Assert.False(server.IsReset);
        ExpectQuiet(scene, ServerEnded, "Client tunnel_ended");
    }

    [Fact]
    public void ResetOfTheServer_IsAResetForTheClient()
    {
        using Scene scene = NewScene(Tcp);
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        scene.Write(scene.ServerSockets[0], "half of an ans");
        Assert.Equal("half of an ans", scene.Read(client));
        scene.ServerSockets[0].Close(reset: true);
        scene.Settle();
        Assert.True(client.IsReset);
        ExpectQuiet(scene, "Server server_reset", "Client tunnel_ended");
    }

    [Fact]
    public void ResetOfTheClient_IsAResetForTheServer()
    {
        using Scene scene = NewScene(Tcp);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "half of a que");
        client.Close(reset: true);
        scene.Settle();
        Assert.True(scene.ServerSockets[0].IsReset);
        ExpectQuiet(scene, "Server client_aborted", "Client client_aborted");
    }

    /// <summary>Neither side's slow reader makes the proxy keep more than the bound that the accounts of each step hold.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SlowReader_HoldsTheOtherSideUp_AndGetsEverything(bool isServerSlow)
    {
        const int Bytes = 2_000_000;
        using Scene scene = NewScene(Tcp, windowBytes: 4000);
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        SimulatedSocket server = scene.ServerSockets[0];
        (SimulatedSocket writer, SimulatedSocket reader) = isServerSlow ? (client, server) : (server, client);
        byte[] block = new byte[1000];
        byte[] target = new byte[3000];
        int written = 0;
        int read = 0;
        for (int i = 0; i < 200; i++, scene.Settle())
            written += writer.Send(block, out _);
        Assert.True(written < 150_000);
        while (read < Bytes)
        {
            if (written < Bytes)
                written += writer.Send(block, out _);
            scene.Settle();
            read += reader.Receive(target, out _);
        }
        Assert.Equal(Bytes, read);
    }

    [Fact]
    public void SilentConnection_EndsOnBothSidesAfterIdleTimeout_AndEachByteGivesItTimeAgain()
    {
        using Scene scene = NewScene(Tcp + "\ntcp.idle_timeout = \"2s\"");
        SimulatedSocket client = scene.Connect();
        for (int i = 0; i < 4; i++)
        {
            scene.Settle(1900);
            SimulatedSocket speaker = i % 2 == 0 ? client : scene.ServerSockets[0];
            scene.Write(speaker, "x");
            Assert.Equal("x", scene.Read(i % 2 == 0 ? scene.ServerSockets[0] : client));
        }
        scene.Settle(4100);
        Assert.Equal(1, Count(scene, CounterId.TimeoutsTunnel));
        ExpectQuiet(scene, ServerEnded, "Client tunnel_timeout");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void HalfClosedConnection_EndsAfterHalfCloseTimeout(bool byClient)
    {
        using Scene scene = NewScene(Tcp + "\ntcp.half_close_timeout = \"1s\"");
        SimulatedSocket client = scene.Connect();
        scene.Settle(60_000);
        (byClient ? client : scene.ServerSockets[0]).ShutdownSend();
        scene.Settle(900);
        scene.Write(byClient ? scene.ServerSockets[0] : client, "still here");
        scene.Settle(900);
        Assert.Equal(1, Count(scene, CounterId.TunnelsOpen));
        scene.Settle(2100);
        Assert.Equal(0, Count(scene, CounterId.TunnelsOpen));
        ExpectQuiet(scene, ServerEnded, "Client tunnel_timeout");
    }

    [Fact]
    public void ClientsBeyondMaxConnections_WaitForTheirTurn_WithWhatTheyHaveSaid()
    {
        using Scene scene = NewScene(Tcp, server: "max_connections = 1");
        SimulatedSocket first = scene.Connect();
        scene.Settle();
        SimulatedSocket second = scene.Connect();
        scene.Write(second, "second");
        Assert.Single(scene.ServerSockets);
        Assert.Equal(1, Count(scene, CounterId.QueueWaiting));
        first.Close(reset: false);
        scene.ServerSockets[0].Close(reset: false);
        scene.Settle();
        Assert.Equal(2, scene.ServerSockets.Count);
        Assert.Equal("second", scene.Read(scene.ServerSockets[1]));
        second.Close(reset: true);
        scene.Settle();
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    public void ClientThatLeavesTheLine_TakesNoServer()
    {
        using Scene scene = NewScene(Tcp, server: "max_connections = 1");
        scene.Connect();
        scene.Settle();
        SimulatedSocket second = scene.Connect();
        scene.Write(second, "second");
        second.Close(reset: true);
        scene.Settle();
        Assert.Equal(0, Count(scene, CounterId.QueueWaiting));
        Assert.Equal(1, Count(scene, CloseCounters.Of(CloseReason.ClientAborted)));
    }

    /// <summary>A client in line may say much: most of it waits in its own kernel.</summary>
    [Fact]
    public void WaitInLine_IsOver_AndTheClientIsClosedWithoutAByte()
    {
        using Scene scene = NewScene(Tcp, "timeouts.queue = \"2s\"", server: "max_connections = 1");
        scene.Connect();
        scene.Settle();
        SimulatedSocket second = scene.Connect();
        for (int i = 0; i < 100; i++)
            scene.Write(second, new string('x', 5000));
        Assert.InRange(scene.Proxy.Loop.Pools.LentBytesTo(Borrower.ReceiveTail), 1, 128 * 1024);
        scene.Settle(2100);
        Assert.Equal("", scene.Read(second));
        Assert.Equal((1, 1), (Count(scene, CloseCounters.Of(CloseReason.NoServer)), Count(scene, CounterId.TimeoutsQueue)));
    }

    [Fact]
    public void Drain_LetsConnectionsEnd_AndACutResetsTheRest()
    {
        using Scene scene = NewScene(Tcp);
        SimulatedSocket client = scene.Connect();
        SimulatedSocket other = scene.Connect();
        scene.Settle();
        scene.Proxy.BeginDrain();
        scene.Write(client, "more");
        Assert.Equal("more", scene.Read(scene.ServerSockets[0]));
        client.ShutdownSend();
        scene.ServerSockets[0].ShutdownSend();
        scene.Settle();
        Assert.Equal(1, scene.Proxy.CutAndCheck());
        scene.Settle();
        Assert.True(other.IsReset);
        scene.Proxy.Accounts.CheckEmpty();
    }

    [Fact]
    public void Reload_KeepsConnections_AndTheirListenerCountsThem()
    {
        using Scene scene = NewScene(Tcp);
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        scene.Apply(Tcp + "\ntcp.idle_timeout = \"5s\"");
        scene.Write(client, "still");
        Assert.Equal("still", scene.Read(scene.ServerSockets[0]));
        client.Close(reset: true);
        scene.Settle();
        scene.Proxy.DrainAndCheck();
    }

    /// <summary>The header of a balancer and what comes in its segment.</summary>
    [Fact]
    public void BytesBehindAProxyHeader_ReachTheServer()
    {
        using Scene scene = NewScene(Tcp + "\nproxy_protocol = true");
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        Assert.Empty(scene.ServerSockets);
        scene.Write(client, "PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\nfirst");
        Assert.Equal("first", scene.Read(scene.ServerSockets[0]));
        scene.Write(client, "second");
        Assert.Equal("second", scene.Read(scene.ServerSockets[0]));
        client.Close(reset: true);
        scene.Settle();
        scene.Proxy.Accounts.CheckQuiet();
    }

    /// <summary>Nothing of it is lost or changed, in however many pieces it comes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void ClientHello_IsWaitedForWhereANameDecides_AndReachesTheServerAsItCame(int pieceBytes)
    {
        using Scene scene = NewScene(Tcp + Route("sni = [\"*.example\"]"));
        SimulatedSocket client = scene.Connect();
        scene.Settle(1000);
        Assert.Empty(scene.ServerSockets);
        string hello = Wire.Text(Hellos.For("A.Example"));
        for (int i = 0; i < hello.Length; i += pieceBytes)
            scene.Write(client, hello[i..Math.Min(hello.Length, i + pieceBytes)]);
        scene.Write(client, "more");
        Assert.Equal(hello + "more", scene.Read(Assert.Single(scene.ServerSockets)));
        scene.Write(scene.ServerSockets[0], "answer");
        Assert.Equal("answer", scene.Read(client));
        client.Close(reset: true);
        scene.Settle();
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    public void OtherRouteThatTakesTheClientFirst_LetsTheServerSpeakAtOnce()
    {
        using Scene scene = NewScene(Tcp + Route("port = [\"8000-8100\"]\nsource = [\"192.0.2.0/24\"]") + Route("sni = [\"a.example\"]"));
        scene.Connect();
        scene.Settle();
        Assert.Single(scene.ServerSockets);
    }

    [Fact]
    public void PortThatNoRouteWithoutANameTakes_WaitsForTheName()
    {
        using Scene scene = NewScene(Tcp + Route("port = [\"8000-8079\"]") + Route("sni = [\"a.example\"]"));
        scene.Connect();
        scene.Settle();
        Assert.Empty(scene.ServerSockets);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("\x16\x03\x01", false)]
    [InlineData("SSH-2.0-x\r\n", true)]
    public void ClientWithoutAClientHello_IsClosedAfterInspectTimeout_UnlessItSaysSomethingElse(string says, bool passes)
    {
        using Scene scene = NewScene(Tcp + "\ntcp.inspect_timeout = \"2s\"" + Route("sni = [\"a.example\"]"));
        SimulatedSocket client = scene.Connect();
        scene.Write(client, says);
        Assert.Equal(passes ? 1 : 0, scene.ServerSockets.Count);
        scene.Settle(1900);
        Assert.Equal(0, Count(scene, CounterId.TimeoutsInspect));
        scene.Settle(200);
        Assert.Equal(passes ? 0 : 1, Count(scene, CounterId.TimeoutsInspect));
        Assert.Equal(passes ? 0 : 1, Count(scene, CloseCounters.Of(CloseReason.InspectTimeout)));
    }

    [Theory]
    [InlineData(false, "ClientClosed")]
    [InlineData(true, "ClientClosed")]
    public void ClientThatLeavesBeforeItsName_ReachesNoServer(bool reset, string reason)
    {
        using Scene scene = NewScene(Tcp + Route("sni = [\"a.example\"]"));
        SimulatedSocket client = scene.Connect();
        scene.Settle();
        client.Close(reset);
        scene.Settle();
        Assert.Empty(scene.ServerSockets);
        Assert.Equal(1, Count(scene, CloseCounters.Of(Enum.Parse<CloseReason>(reason))));
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    public void DrainEndsClientsThatHaveSaidNothing_AndServesOthers()
    {
        using Scene scene = NewScene(Tcp + Route("sni = [\"a.example\"]"));
        SimulatedSocket silent = scene.Connect();
        SimulatedSocket begun = scene.Connect();
        string hello = Wire.Text(Hellos.For("a.example"));
        scene.Write(begun, hello[..9]);
        scene.Proxy.BeginDrain();
        scene.Settle();
        Assert.True(silent.Incoming.EndArrived);
        scene.Write(begun, hello[9..]);
        Assert.Equal(hello, scene.Read(Assert.Single(scene.ServerSockets)));
    }

    /// <summary>Before the client's bytes, and without any: a server may speak first.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("first")]
    public void ServerThatWantsAProxyHeader_GetsItBeforeAllElse(string says)
    {
        using Scene scene = NewScene(Tcp, "proxy_protocol = \"v1\"");
        SimulatedSocket client = scene.Connect();
        if (says.Length > 0)
            client.Send(Wire.Bytes(says), out _);
        scene.Settle();
        string heard = scene.Read(Assert.Single(scene.ServerSockets));
        Assert.Matches("^PROXY TCP4 192\\.0\\.2\\.1 127\\.0\\.0\\.1 [0-9]+ 8080\r\n" + says + "$", heard);
        client.Close(reset: true);
        scene.Settle();
        scene.Proxy.Accounts.CheckQuiet();
    }

    private static string Route(string lines) => $"\n[[route]]\n{lines}\n";

    private protected static long Count(Scene scene, CounterId id) => scene.Proxy.Counters.Read(id);

    /// <summary>Nothing is left, and the ledger has these two ends; who ended them stands behind.</summary>
    private protected static void ExpectQuiet(Scene scene, string server, string client)
    {
        scene.Settle(10);
        scene.Proxy.Accounts.CheckQuiet();
        string[] closes = [.. scene.Proxy.Closes()];
        Assert.Equal(2, closes.Length);
        Assert.Contains(closes, line => line.StartsWith(server + " ", StringComparison.Ordinal));
        Assert.Contains(closes, line => line.StartsWith(client + " ", StringComparison.Ordinal));
    }
}

/// <summary><see cref="RelayTests"/> through a layer.</summary>
public sealed class LayeredRelayTests : RelayTests
{
    protected override bool IsLayered => true;

    /// <summary>A server may speak at once: who asked for one before the client can be spoken to would have nobody to pass that on to.</summary>
    [Fact]
    public void ServerIsAskedForWhenTheHandshakeOfTheClientIsDone()
    {
        using Scene scene = NewScene("mode = \"tcp\"");
        SimulatedSocket client = scene.ConnectAndStop();
        Assert.Empty(scene.ServerSockets);
        scene.GoOn(client);
        scene.Write(Assert.Single(scene.ServerSockets), "220 hello\r\n");
        Assert.Equal("220 hello\r\n", scene.Read(client));
        client.Close(reset: true);
        ExpectQuiet(scene, "Server client_aborted", "Client client_aborted");
    }

    [Theory]
    [InlineData(true, "Client client_closed")]
    [InlineData(false, "Client inspect_timeout")]
    public void ClientWhoseHandshakeIsNeverDone_CostsNoServer(bool leaves, string end)
    {
        using Scene scene = NewScene("mode = \"tcp\"\ntcp.inspect_timeout = \"2s\"");
        SimulatedSocket client = scene.ConnectAndStop();
        if (leaves)
            client.Close(reset: true);
        scene.Settle(3000);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.StartsWith(end + " ", Assert.Single(scene.Proxy.Closes()), StringComparison.Ordinal);
        Assert.Empty(scene.ServerSockets);
    }
}
