using System;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// A drain whose time is over while a client connection is in each of its states: nothing is left, every connection of both sides has its
/// entry in the ledger, and no client takes what was cut for whole.
/// </summary>
[Trait("promise", "B3")]
public class CutTests : SceneTestsBase
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string ServerWasBusy = "Server stopped ProxyReset";

    [Fact]
    public void ClientInTheMiddleOfARequestHead()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET / HTTP/1.1\r\nHo");

        ExpectCut(scene, client, isReset: false, "Client stopped Proxy");
    }

    [Fact]
    public void ClientInTheMiddleOfARequestBody()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        Assert.Single(scene.ServerSockets);

        ExpectCut(scene, client, isReset: false, ServerWasBusy, "Client stopped Proxy");
    }

    [Fact]
    public void ClientThatWaitsForItsResponse()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);

        ExpectCut(scene, client, isReset: false, ServerWasBusy, "Client stopped Proxy");
        Assert.Equal("", scene.Read(client));
    }

    [Fact]
    public void ClientThatWaitsInLineForAServer()
    {
        using Scene scene = NewScene(server: "max_connections = 1");
        SimulatedSocket first = scene.Connect();
        scene.Write(first, Get);
        SimulatedSocket second = scene.Connect();
        scene.Write(second, Get);
        Assert.Single(scene.ServerSockets);

        // The place that the first one leaves is not given to the second one.
        ExpectCut(scene, second, isReset: false, ServerWasBusy, "Client stopped Proxy", "Client stopped Proxy");
        Assert.Single(scene.ServerSockets);
    }

    [Fact]
    public void ClientWithSeveralRequestsInFlight()
    {
        using Scene scene = NewScene("pipelining = 4", "keepalive.pipelining = 4");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        scene.Write(client, Get + Get + Get);
        scene.Read(client);

        ExpectCut(scene, client, isReset: false, ServerWasBusy, "Client stopped Proxy");
    }

    /// <summary>A length shows by itself that the body is cut.</summary>
    [Fact]
    public void ClientInTheMiddleOfAResponseBodyWithALength()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        Assert.EndsWith("hello", scene.Read(client), StringComparison.Ordinal);

        ExpectCut(scene, client, isReset: false, ServerWasBusy, "Client stopped Proxy");
    }

    /// <summary>FIN would be the end of the body.</summary>
    [Fact]
    public void ClientInTheMiddleOfAResponseBodyWithoutALength()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET / HTTP/1.0\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        Assert.EndsWith("hello", scene.Read(client), StringComparison.Ordinal);

        ExpectCut(scene, client, isReset: true, ServerWasBusy, "Client stopped ProxyReset");
    }

    /// <summary>Nobody waits for it to take the rest.</summary>
    [Fact]
    public void ClientThatDoesNotReadItsResponse()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 100;
        scene.Write(client, Get);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + new string('x', 600));

        ExpectCut(scene, client, isReset: true, ServerWasBusy, "Client stopped ProxyReset");
    }

    [Fact]
    public void Tunnel()
    {
        using Scene scene = NewScene("upgrade = [\"websocket\"]");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        scene.Read(scene.ServerSockets[0]);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        scene.Read(client);
        scene.Write(client, "ping");
        Assert.Equal("ping", scene.Read(scene.ServerSockets[0]));

        ExpectCut(scene, client, isReset: true, ServerWasBusy, "Client stopped ProxyReset");
        Assert.True(scene.ServerSockets[0].IsReset);
    }

    /// <summary>
    /// Its end was decided before, and keeps its reason; only the wait for the client's FIN is over. The pool is emptied as in any stop.
    /// </summary>
    [Fact]
    public void IdleClientThatDoesNotAnswerTheFinOfTheDrain()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        scene.Read(client);

        ExpectCut(scene, client, isReset: false, "Client draining Proxy", "Server purged Proxy");
    }

    /// <summary>The same with a response that it does not take to its end: FIN would say that this was all.</summary>
    [Fact]
    public void EndingClientThatDoesNotReadTheRest()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 100;
        scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + new string('x', 900));

        ExpectCut(scene, client, isReset: true, "Client client_asked ProxyReset", "Server purged Proxy");
    }

    /// <summary>Drains and cuts at the same moment.</summary>
    private static void ExpectCut(Scene scene, SimulatedSocket client, bool isReset, params string[] closes)
    {
        scene.Proxy.BeginDrain();
        scene.Settle();
        Assert.NotEqual(0, scene.Proxy.Loop.Sockets.Count);
        long cutAtMs = scene.Proxy.Loop.Clock.NowMs;
        scene.Proxy.CutAndCheck();
        Assert.Equal(cutAtMs, scene.Proxy.DrainedAtMs);
        scene.Settle();
        scene.Read(client);

        Assert.Equal(closes, scene.Proxy.Closes());
        Assert.Equal((isReset, !isReset), (client.IsReset, client.Incoming.EndArrived));
        scene.Proxy.Accounts.CheckLedger();
    }
}
