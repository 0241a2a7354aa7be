using System;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Simulation;

/// <summary>What chaos runs have found, each in a scene of its own.</summary>
public class SceneTests : SceneTestsBase
{
    [Fact]
    public void ServerThatStopsReadingBehindItsEarlyAnswer_KeepsNoConnectionAndNoBuffer()
    {
        using Scene scene = NewScene(windowBytes: 1000);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + new string('x', 900));
        Assert.Single(scene.ServerSockets);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        client.Close(reset: false);
        scene.Settle(60_000);

        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal(0, scene.Proxy.Loop.Sockets.Count);
    }

    [Fact]
    public void ClientThatStopsReadingItsLastAnswer_IsCountedOnce()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 100;
        scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + new string('x', 900));
        scene.Settle(120_000);

        Assert.Equal(1, scene.Proxy.Counters.Read(CounterId.TimeoutsClientSend));
        scene.Proxy.Accounts.CheckQuiet();
    }

    /// <summary>A session object serves one connection after another.</summary>
    [Fact]
    public void RequestThatStillWaitsWhenItsConnectionEnds_HoldsUpNothingOnTheNextOne()
    {
        const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        using Scene scene = NewScene("pipelining = 4");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get + "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
        Assert.Equal(0, scene.Proxy.Counters.Read(CounterId.RequestsInParallel));
        client.Close(reset: true);
        scene.Settle(100);
        scene.Write(scene.Connect(), Get + Get);

        Assert.Equal(1, scene.Proxy.Counters.Read(CounterId.RequestsInParallel));
    }

    /// <summary>RFC 9110 9.3.2; and its twin.</summary>
    [Theory]
    [InlineData("HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", false)]
    [InlineData("HEAD / HTTP/1.1\r\nHo", false)]
    [InlineData("\r\nHEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nHo", true)]
    public void RefusedRequest_IsAnsweredWithABodyUnlessItIsHead(string request, bool hasBody)
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, request);
        scene.Settle(20_000);
        string answer = scene.Read(client);

        Assert.StartsWith("HTTP/1.1 ", answer, StringComparison.Ordinal);
        Assert.Equal(hasBody, !answer.EndsWith("\r\n\r\n", StringComparison.Ordinal));
    }

    /// <summary>To an HTTP/1.0 client a body in chunks ends with the connection: FIN would make a cut body a whole one. And its twin.</summary>
    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true)]
    [InlineData("Content-Length: 100\r\n\r\nhello", false)]
    public void HalfClosingClientThatIsGivenUp_SeesThatItsBodyIsCut(string answer, bool isReset)
    {
        using Scene scene = NewScene("half_close = \"abort\"");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET / HTTP/1.0\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\n" + answer);
        Assert.EndsWith("hello", scene.Read(client), StringComparison.Ordinal);
        client.ShutdownSend();
        scene.Settle(100);

        Assert.Equal((isReset, !isReset), (client.IsReset, client.Incoming.EndArrived));
    }

    /// <summary>Behind FIN the engines hear nothing of a reset by reading.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HalfClosedClientThatResets_HoldsNeitherServerNorDrain(bool isCompletionBased)
    {
        using Scene scene = NewScene("half_close = \"finish\"", isCompletionBased: isCompletionBased);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.ShutdownSend();
        scene.Settle(5_000);
        Assert.Equal(1, scene.Proxy.Counters.Read(CounterId.ClientsHalfClosed));
        Assert.Equal(2, scene.Proxy.Loop.Sockets.Count);
        scene.Proxy.BeginDrain();

        client.Close(reset: true);
        scene.Settle(1_100);

        Assert.True(scene.ServerSockets[0].IsReset);
        Assert.Equal(["Server client_aborted ProxyReset", "Client client_aborted PeerReset"], scene.Proxy.Closes());
        Assert.InRange(scene.Proxy.DrainedAtMs, 0, long.MaxValue);
        Assert.Equal(0, scene.Proxy.Counters.Read(CounterId.ClientsHalfClosed));
    }

    [Fact]
    public void AnswerThatFindsNoBuffer_IsVisiblyCut()
    {
        using Scene scene = NewScene(bufferBytes: 16 * 1024);
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 200;
        scene.Write(client, "GET / HTTP/1.0\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\n\r\n" + new string('x', 9000));
        scene.Settle(100);

        Assert.True(client.IsReset);
        Assert.Equal(1, scene.Proxy.Counters.Read(CloseCounters.Of(CloseReason.Resource)));
        Assert.Equal(1, scene.Proxy.Counters.Read(CounterId.BufferRefusals));
    }

    /// <summary>
    /// Some bytes of the head are gone, for the rest there is no buffer: the server may have seen it, so it is not sent again (RFC 9110 9.2.2).
    /// </summary>
    [Fact]
    public void PostThatIsCutForWantOfABuffer_IsNotSentAgain()
    {
        using Scene scene = NewScene(bufferBytes: 16 * 1024, windowBytes: 300);
        SimulatedSocket client = scene.Connect();

        // The client's requests come whole, records or not.
        client.Outgoing.WindowBytes = 4096;
        scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        scene.Read(scene.ServerSockets[0]);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", scene.Read(client), StringComparison.Ordinal);
        scene.Write(client, "POST / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 240) + "\r\n\r\n");
        scene.Settle(10);

        Assert.Single(scene.ServerSockets);
        Assert.StartsWith("HTTP/1.1 503 ", scene.Read(client), StringComparison.Ordinal);
        Assert.True(scene.ServerSockets[0].IsReset);
    }

    /// <summary>
    /// Of the three ways in which a stale connection shows, the rarest: it looked sound when it was lent, and the write fails. So nothing was sent.
    /// </summary>
    [Theory]
    [Trait("promise", "S4.17")]
    [Trait("promise", "S4.18")]
    [Trait("promise", "B12")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n", "b")]
    public void WriteThatFailsOnAKeptConnection_IsRepeatedWholeOnAFreshOne(string head, string bodyByte)
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        scene.Read(client);
        scene.ServerSockets[0].Other.BreaksAtNextSend = true;
        string body = string.Concat(Enumerable.Repeat(bodyByte, 20_000));
        scene.Write(client, head + body);

        Assert.Equal(2, scene.ServerSockets.Count);
        string received = scene.Read(scene.ServerSockets[1]);
        Assert.StartsWith(head[..head.IndexOf('\r')], received, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + body, received, StringComparison.Ordinal);
        Assert.Equal(1, scene.Proxy.Counters.Read(CounterId.RetriesStaleReuse));
        scene.Write(scene.ServerSockets[1], "HTTP/1.1 204 No Content\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204 ", scene.Read(client), StringComparison.Ordinal);
    }

    /// <summary>In whatever order the loop comes to the two, and although no time passes: the clock of a loop stands still during a turn.</summary>
    [Fact]
    [Trait("promise", "B10")]
    public void BytesBehindAnAnswer_AreNoAnswerToARequestOfTheSameMillisecond()
    {
        using Scene scene = NewScene();
        SimulatedSocket client = scene.Connect();
        long beginMs = scene.Proxy.Loop.Clock.NowMs;
        for (int round = 1; round <= 20; round++)
        {
            scene.Write(client, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
            SimulatedSocket server = scene.ServerSockets[^1];
            scene.Write(server, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
            Assert.EndsWith("first", scene.Read(client), StringComparison.Ordinal);

            server.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"u8, out _);
            client.Send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n"u8, out _);
            scene.Arrive();
            scene.Settle();
            Assert.True(server.IsReset);
            scene.Write(scene.ServerSockets[^1], "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
            Assert.EndsWith("second", scene.Read(client), StringComparison.Ordinal);
            Assert.Equal((round + 1, (long)round),
                (scene.ServerSockets.Count, scene.Proxy.Counters.Read(CloseCounters.Of(ServerCloseReason.SurplusBytes))));
        }
        Assert.Equal(beginMs, scene.Proxy.Loop.Clock.NowMs);
    }
}
