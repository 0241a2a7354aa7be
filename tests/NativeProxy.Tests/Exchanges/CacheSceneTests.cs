using System;
using System.Linq;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Network;
using Xunit;
using static NativeProxy.Tests.Exchanges.CacheScene;

namespace NativeProxy.Tests.Exchanges;

/// <summary>
/// Sessions with a cache, in virtual time, step by step: what is answered from it, what gets into it, and that everything comes back.
/// </summary>
public sealed class CacheSceneTests
{
    [Fact]
    public void Hit_ComesWithItsAge_AndWithoutAServer()
    {
        using var scene = new CacheScene();
        scene.Fill(Get, Fresh + "Age: 3\r\nServer: x\r\nContent-Length: 2\r\n\r\nok");
        scene.Settle(2500);
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get + Get);
        string hit = Fresh + "Server: x\r\nContent-Length: 2\r\nAge: 5\r\n\r\nok";
        Assert.Equal(hit + hit, scene.Read(client));
        Assert.Equal("", scene.Read(scene.ServerSockets[0]));
        Assert.Equal((2, 1), (scene.Count(CounterId.CacheHits), scene.Count(CounterId.CacheStores)));
        client.Close(reset: false);
        scene.Settle(30_000);
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    public void Hit_GetsTheDateOfItsReception_WhereTheServerGaveNone()
    {
        using var scene = new CacheScene();
        scene.Settle(61_000);
        scene.Fill(Get, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok");
        scene.Settle(5000);
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\nAge: 5\r\nDate: Mon, 01 Jan 2024 00:01:01 GMT\r\n\r\nok",
            scene.Ask());
    }

    [Fact]
    public void StaleResponse_IsAskedForAgain()
    {
        using var scene = new CacheScene();
        scene.Fill();
        scene.Settle(59_999);
        Assert.EndsWith("ok", scene.Ask(), StringComparison.Ordinal);
        scene.Settle(1);
        Assert.Equal("", scene.Ask());
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
            using var scene = new CacheScene();
            SimulatedSocket client = scene.Connect();
            scene.Write(client, Get);
            scene.Write(scene.ServerSockets[0], response[..cut]);
            scene.Write(scene.ServerSockets[0], response[cut..]);
            scene.Read(client);
            Assert.Equal(Fresh + hit, scene.Ask());
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\nConnection: close\r\n\r\nok")]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\nConnection: keep-alive\r\n\r\nok")]
    [InlineData("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\n\r\n")]
    [InlineData("GET http://A/ HTTP/1.1\r\nHost: evil\r\nCookie: x\r\nUser-Agent: y\r\n\r\n", "Content-Length: 2\r\nAge: 0\r\n\r\nok")]
    public void OtherWaysOfAsking_AreHitsToo(string request, string rest)
    {
        using var scene = new CacheScene();
        scene.Fill();
        Assert.Equal(Fresh + rest, scene.Ask(request));
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
        using var scene = new CacheScene();
        scene.Fill();
        Assert.Equal("", scene.Ask(request));
        Assert.NotEqual("", string.Concat(scene.ServerSockets.Select(scene.Read)));
        Assert.EndsWith("ok", scene.Ask(), StringComparison.Ordinal);
    }

    [Fact]
    public void NoCache_IsOff()
    {
        using var scene = new Scene();
        CacheScene.Fill(scene, Get, Ok);
        Assert.Equal("", CacheScene.Ask(scene, Get));
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
        using var scene = new CacheScene();
        scene.Fill(Get, response, serverCloses);
        Assert.Equal("", scene.Ask());
        Assert.Equal(0, scene.Count(CounterId.CacheStores));
        Assert.Equal(0, scene.Count(CounterId.CacheBytesHeld));
    }

    [Fact]
    public void ServerThatClosesBehindAnAnnouncedLength_FillsAsWell()
    {
        using var scene = new CacheScene();
        scene.Fill(Get, Fresh + "Connection: close\r\nContent-Length: 2\r\n\r\nok", serverCloses: true);
        Assert.EndsWith("\r\n\r\nok", scene.Ask(), StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyIfCached_IsAHit_OrA504OnAConnectionThatStays()
    {
        const string Only = "GET / HTTP/1.1\r\nHost: a\r\nCache-Control: only-if-cached\r\n\r\n";
        using var scene = new CacheScene();
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Only);
        string refusal = scene.Read(client);
        Assert.StartsWith("HTTP/1.1 504 ", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("close", refusal, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(scene.ServerSockets);
        scene.Fill();
        scene.Write(client, Only);
        Assert.EndsWith("ok", scene.Read(client), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 204 Done\r\n\r\n", false)]
    [InlineData("HTTP/1.1 303 See\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.1 409 No\r\nContent-Length: 0\r\n\r\n", true)]
    public void UnsafeRequest_DropsWhatItChanged(string answer, bool isStillAHit)
    {
        using var scene = new CacheScene();
        scene.Fill();
        scene.Fill("GET /other HTTP/1.1\r\nHost: a\r\n\r\n", Ok);
        scene.Fill("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", answer);
        Assert.Equal(isStillAHit, scene.Ask().Length > 0);
        Assert.EndsWith("ok", scene.Ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void HitsAndMissesThatArePipelined_AreAnsweredInOrder(int pipelining)
    {
        using var scene = new CacheScene($"pipelining = {pipelining}");
        scene.Fill();
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
        using var scene = new CacheScene(cache: "object_bytes = \"900KiB\"");
        scene.WindowBytes = 1 << 20;
        string body = new('x', 800_000);
        scene.Fill(Get, Fresh + "Content-Length: 800000\r\n\r\n" + body);
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 1000;
        scene.Write(client, Get);
        Assert.InRange(scene.Proxy.Loop.Pools.HeldBytes, 0, 3 << 20);
        Assert.InRange(scene.Proxy.Loop.Live.Max(static connection => connection.QueuedBytes), 1, 33 * 1024);
        Assert.Equal(Fresh + "Content-Length: 800000\r\nAge: 0\r\n\r\n" + body, scene.Read(client));
    }

    [Fact]
    public void ClientThatLeavesAHit_ReturnsWhatItHeld()
    {
        using var scene = new CacheScene();
        scene.Fill(Get, Fresh + "Content-Length: 80000\r\n\r\n" + new string('x', 80_000));
        SimulatedSocket client = scene.Connect();
        client.Incoming.WindowBytes = 1000;
        scene.Write(client, Get);
        client.Close(reset: true);
        scene.Write(scene.Connect(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 204 Done\r\n\r\n");
        Assert.Equal(0, scene.Count(CounterId.CacheBytesHeld));
    }
}
