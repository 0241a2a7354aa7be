using System;
using System.Linq;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>
/// Sessions with a cache, in virtual time, step by step: what is answered from it, what gets into it, and that everything comes back.
/// </summary>
public sealed class CacheSceneTests
{
    private const string Cache = "[upstream.cache]\nbytes = \"1MiB\"\n";
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Fresh = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n";
    private const string Ok = Fresh + "Content-Length: 2\r\n\r\nok";

    [Fact]
    public void Hit_ComesWithItsAge_AndWithoutAServer()
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Fresh + "Age: 3\r\nServer: x\r\nContent-Length: 2\r\n\r\nok");
        scene.Settle(2500);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get + Get);
        string hit = Fresh + "Server: x\r\nContent-Length: 2\r\nAge: 5\r\n\r\nok";
        Assert.Equal(hit + hit, scene.Read(client));
        Assert.Equal("", scene.Read(scene.ServerSockets[0]));
        Assert.Equal((2, 1), (Read(scene, CounterId.CacheHits), Read(scene, CounterId.CacheStores)));
        client.Close(reset: false);
        scene.Settle(30_000);
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    public void Hit_GetsTheDateOfItsReception_WhereTheServerGaveNone()
    {
        using var scene = new Scene(upstream: Cache);
        scene.Settle(61_000);
        Fill(scene, Get, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok");
        scene.Settle(5000);
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\nAge: 5\r\nDate: Mon, 01 Jan 2024 00:01:01 GMT\r\n\r\nok",
            Ask(scene, Get));
    }

    [Fact]
    public void StaleResponse_IsAskedForAgain()
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Ok);
        scene.Settle(59_999);
        Assert.EndsWith("ok", Ask(scene, Get), StringComparison.Ordinal);
        scene.Settle(1);
        Assert.Equal("", Ask(scene, Get));
    }

    /// <summary>Wherever the server's bytes are cut, the hit is the same.</summary>
    [Theory]
    [InlineData("Content-Length: 11\r\n\r\nhello world", "Content-Length: 11\r\nAge: 0\r\n\r\nhello world")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n",
        "Age: 0\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\nX-T: 1\r\n\r\n")]
    public void Fill_InAnyPieces_MakesTheSameHit(string rest, string hit)
    {
        string response = Fresh + rest;
        for (int cut = 1; cut < response.Length; cut++)
        {
            using var scene = new Scene(upstream: Cache);
            SimulatedSocket client = scene.Connect();
            scene.Write(client, Get);
            scene.Write(scene.ServerSockets[0], response[..cut]);
            scene.Write(scene.ServerSockets[0], response[cut..]);
            scene.Read(client);
            Assert.Equal(Fresh + hit, Ask(scene, Get));
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\nConnection: close\r\n\r\nok")]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\nConnection: keep-alive\r\n\r\nok")]
    [InlineData("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\n\r\n")]
    [InlineData("GET http://A/ HTTP/1.1\r\nHost: evil\r\nCookie: x\r\nUser-Agent: y\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\n\r\nok")]
    public void OtherWaysOfAsking_AreHitsToo(string request, string rest)
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Ok);
        Assert.Equal(Fresh + rest, Ask(scene, request));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n")]
    [InlineData("GET //a/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /? HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nIf-Match: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eA==\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: no-cache\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public void RequestForSomethingElse_GoesToTheServer(string request)
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Ok);
        Assert.Equal("", Ask(scene, request));
        Assert.NotEqual("", string.Concat(scene.ServerSockets.Select(scene.Read)));
        Assert.EndsWith("ok", Ask(scene, Get), StringComparison.Ordinal);
    }

    [Fact]
    public void NoCache_IsOff()
    {
        using var scene = new Scene();
        Fill(scene, Get, Ok);
        Assert.Equal("", Ask(scene, Get));
    }

    [Theory]
    [InlineData(Fresh + "Content-Length: 9\r\n\r\nok", true)]
    [InlineData(Fresh + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", true)]
    [InlineData(Fresh + "\r\nok", true)]
    [InlineData(Ok + "surplus", false)]
    [InlineData("HTTP/1.1 103 Hints\r\n\r\n" + Ok, false)]
    [InlineData(Fresh + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nx\r\n", false)]
    public void ResponseWithoutACleanEnd_IsNotKept(string response, bool serverCloses)
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, response, serverCloses);
        Assert.Equal("", Ask(scene, Get));
        Assert.Equal(0, Read(scene, CounterId.CacheStores));
        Assert.Equal(0, Read(scene, CounterId.CacheBytesHeld));
    }

    [Fact]
    public void ServerThatClosesBehindAnAnnouncedLength_FillsAsWell()
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Fresh + "Connection: close\r\nContent-Length: 2\r\n\r\nok", serverCloses: true);
        Assert.EndsWith("\r\n\r\nok", Ask(scene, Get), StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyIfCached_IsAHit_OrA504OnAConnectionThatStays()
    {
        const string Only = "GET / HTTP/1.1\r\nHost: a\r\nCache-Control: only-if-cached\r\n\r\n";
        using var scene = new Scene(upstream: Cache);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Only);
        string refusal = scene.Read(client);
        Assert.StartsWith("HTTP/1.1 504 ", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("close", refusal, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(scene.ServerSockets);
        Fill(scene, Get, Ok);
        scene.Write(client, Only);
        Assert.EndsWith("ok", scene.Read(client), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 204 Done\r\n\r\n", false)]
    [InlineData("HTTP/1.1 303 See\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.1 409 No\r\nContent-Length: 0\r\n\r\n", true)]
    public void UnsafeRequest_DropsWhatItChanged(string answer, bool isStillAHit)
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Ok);
        Fill(scene, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n", Ok);
        Fill(scene, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", answer);
        Assert.Equal(isStillAHit, Ask(scene, Get).Length > 0);
        Assert.EndsWith("ok", Ask(scene, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void HitsAndMissesThatArePipelined_AreAnsweredInOrder(int pipelining)
    {
        using var scene = new Scene($"pipelining = {pipelining}", Cache);
        Fill(scene, Get, Ok);
        SimulatedSocket client = scene.Connect();
        const string Miss = "GET /miss HTTP/1.1\r\nHost: a\r\n\r\n";
        scene.Write(client, Get + Miss + Get + Get + Miss + Get);
        for (int i = 0; i < 2; i++)
        {
            SimulatedSocket asked = scene.ServerSockets.First(socket => scene.Read(socket).Length > 0);
            scene.Write(asked, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmiss");
            if (pipelining > 1 && i == 0)
                scene.Write(scene.ServerSockets.First(socket => socket != asked), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmiss");
            if (pipelining > 1)
                break;
        }
        string hit = Fresh + "Content-Length: 2\r\nAge: 0\r\n\r\nok";
        const string MissAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\nmiss";
        Assert.Equal(hit + MissAnswer + hit + hit + MissAnswer + hit, scene.Read(client));
        client.Close(reset: false);
        scene.Settle(30_000);
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    public void SlowReaderOfAHit_HoldsOnePieceAtMost_AndGetsEverything()
    {
        using var scene = new Scene(upstream: Cache + "object_bytes = \"900KiB\"");
        scene.WindowBytes = 1 << 20;
        string body = new('x', 800_000);
        Fill(scene, Get, Fresh + "Content-Length: 800000\r\n\r\n" + body);
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 1000;
        scene.Write(client, Get);
        Assert.InRange(scene.Proxy.Loop.Pools.CorkedBytes, 0, 3 << 20);
        Assert.InRange(scene.Proxy.Loop.Live.Max(static connection => connection.QueuedBytes), 1, 33 * 1024);
        Assert.Equal(Fresh + "Content-Length: 800000\r\nAge: 0\r\n\r\n" + body, scene.Read(client));
    }

    [Fact]
    public void ClientThatLeavesAHit_ReturnsWhatItHeld()
    {
        using var scene = new Scene(upstream: Cache);
        Fill(scene, Get, Fresh + "Content-Length: 80000\r\n\r\n" + new string('x', 80_000));
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 1000;
        scene.Write(client, Get);
        client.Close(reset: true);
        scene.Write(scene.Connect(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 204 Done\r\n\r\n");
        Assert.Equal(0, Read(scene, CounterId.CacheBytesHeld));
    }

    [Theory]
    [Trait("promise", "S4.23")]
    [InlineData("finish", "")]
    [InlineData("auto", "")]
    [InlineData("auto", "User-Agent: browser\r\n")]
    public void HalfClosedClient_GetsItsResponse_AndTheCacheIsFilled(string policy, string fields)
    {
        using var scene = new Scene($"half_close = \"{policy}\"", Cache);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, $"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        scene.Write(scene.ServerSockets[0], Fresh + "Content-Length: 4\r\n\r\nab");
        client.ShutdownSend();
        scene.Settle(10);
        scene.Write(scene.ServerSockets[0], "cd");
        Assert.EndsWith("abcd", scene.Read(client), StringComparison.Ordinal);
        Assert.True(client.Incoming.EndArrived);
        Assert.EndsWith("abcd", Ask(scene, Get), StringComparison.Ordinal);
    }

    /// <summary>Its FIN comes first; what is sent then is answered by a reset.</summary>
    [Theory]
    [Trait("promise", "S4.23")]
    [InlineData("finish", "Content-Length: 6\r\n\r\n|ab|cd|ef", true)]
    [InlineData("finish", "Transfer-Encoding: chunked\r\n\r\n|2\r\nab\r\n|2\r\ncd\r\n2\r\nef\r\n0\r\nX: |y\r\n|\r\n", true)]
    [InlineData("auto", "Content-Length: 6\r\n\r\n|ab|cd|ef", true)]
    [InlineData("abort", "Content-Length: 6\r\n\r\n|ab|cd|ef", false)]
    public void VanishedClient_LeavesAFetchThatFillsTheCache(string policy, string rest, bool isFilled)
    {
        using var scene = new Scene($"half_close = \"{policy}\"", Cache);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        SimulatedSocket server = scene.ServerSockets[0];
        scene.Read(server);
        string[] pieces = rest.Split('|');
        scene.Write(server, Fresh + pieces[0]);
        scene.Write(server, pieces[1]);
        client.Close(reset: true);
        scene.Settle(10);
        Assert.Equal(0, Read(scene, CounterId.ClientConnectionsOpen));
        Assert.Equal(0, Read(scene, CounterId.RequestsInFlight));
        Assert.Equal(isFilled ? 1 : 0, Read(scene, CounterId.CacheFetchesAlone));
        foreach (string piece in pieces[2..])
            scene.Write(server, piece);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal(isFilled, Read(scene, CounterId.ServerConnectionsIdle) == 1);
        Assert.Equal(isFilled, Ask(scene, Get).Contains("ab", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ab|c", true)]
    [InlineData("ab|cdefgh", false)]
    [InlineData("ab|", true)]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_ThatEndsBadly_LeavesNothing(string body, bool serverCloses)
    {
        using var scene = new Scene("half_close = \"finish\"", Cache);
        SimulatedSocket server = Vanish(scene, body.Split('|')[0]);
        scene.Write(server, body.Split('|')[1]);
        if (serverCloses)
            server.ShutdownSend();
        scene.Settle(10);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal((0, 0), (Read(scene, CounterId.CacheBytesHeld), scene.Proxy.Loop.Sockets.Count));
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_WaitsForTheServerAsLongAsAnExchangeDoes()
    {
        using var scene = new Scene("half_close = \"finish\"", "timeouts.response = \"5s\"\n" + Cache);
        SimulatedSocket server = Vanish(scene, "ab");
        scene.Settle(4900);
        scene.Write(server, "c");
        scene.Settle(4900);
        Assert.Equal(1, scene.Proxy.Loop.Sockets.Count);
        scene.Settle(200);
        Assert.True(server.IsReset);
        Assert.Equal(1, Read(scene, CounterId.TimeoutsResponse));
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_TakesNoMoreThanOneResponseMayHave()
    {
        using var scene = new Scene("half_close = \"finish\"", Cache + "object_bytes = \"10KiB\"");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        SimulatedSocket server = scene.ServerSockets[0];
        scene.Write(server, Fresh + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n");
        client.Close(reset: true);
        scene.Settle(10);
        scene.Write(server, "3000\r\n" + new string('x', 0x3000));
        Assert.True(server.IsReset);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal(0, Read(scene, CounterId.CacheBytesHeld));
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchesWithoutAClient_AreBounded()
    {
        using var scene = new Scene("half_close = \"finish\"\nlimits.half_closed = 1", Cache);
        Vanish(scene, "ab");
        SimulatedSocket second = Vanish(scene, "ab", "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(1, Read(scene, CounterId.CacheFetchesAlone));
        Assert.True(second.IsReset);
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_IsCutWhenTheProxyStops()
    {
        using var scene = new Scene("half_close = \"finish\"", Cache);
        SimulatedSocket server = Vanish(scene, "ab");
        scene.Proxy.DrainAndCheck();
        scene.Settle(10);
        Assert.True(server.IsReset);
    }

    /// <summary>A client that leaves in the middle of a response of six bytes. Returns the server's side.</summary>
    private static SimulatedSocket Vanish(Scene scene, string begin, string request = Get)
    {
        SimulatedSocket client = scene.Connect();
        scene.Write(client, request);
        SimulatedSocket server = scene.ServerSockets[^1];
        scene.Read(server);
        scene.Write(server, Fresh + "Content-Length: 6\r\n\r\n" + begin);
        client.Close(reset: true);
        scene.Settle(10);
        return server;
    }

    /// <summary>One request of a client of its own, answered by the server. Returns what the client gets.</summary>
    private static string Fill(Scene scene, string request, string response, bool serverCloses = false)
    {
        SimulatedSocket client = scene.Connect();
        scene.Write(client, request);
        SimulatedSocket server = scene.ServerSockets.Last(socket => scene.Read(socket).Length > 0);
        scene.Write(server, response);
        if (serverCloses)
            server.ShutdownSend();
        scene.Settle();
        string answer = scene.Read(client);
        client.Close(reset: false);
        scene.Settle();
        return answer;
    }

    /// <summary>What a client of its own gets at once: nothing when a server has to be asked.</summary>
    private static string Ask(Scene scene, string request)
    {
        SimulatedSocket client = scene.Connect();
        scene.Write(client, request);
        return scene.Read(client);
    }

    private static int Read(Scene scene, CounterId id) => (int)scene.Proxy.Counters.Read(id);
}
