using System;
using System.Linq;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;
using static NativeProxy.Tests.Exchanges.CacheScene;

namespace NativeProxy.Tests.Exchanges;

/// <summary>Responses that are read on for the cache when their client has gone, in virtual time, step by step.</summary>
public sealed class CacheFetchSceneTests
{
    [Theory]
    [Trait("promise", "S4.23")]
    [InlineData("finish", "")]
    [InlineData("auto", "")]
    [InlineData("auto", "User-Agent: browser\r\n")]
    public void HalfClosedClient_GetsItsResponse_AndTheCacheIsFilled(string policy, string fields)
    {
        using var scene = new CacheScene($"half_close = \"{policy}\"");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, $"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        scene.Write(scene.ServerSockets[0], Fresh + "Content-Length: 4\r\n\r\nab");
        client.ShutdownSend();
        scene.Settle(10);
        scene.Write(scene.ServerSockets[0], "cd");
        Assert.EndsWith("abcd", scene.Read(client), StringComparison.Ordinal);
        Assert.True(client.Incoming.EndArrived);
        Assert.EndsWith("abcd", scene.Ask(), StringComparison.Ordinal);
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
        using var scene = new CacheScene($"half_close = \"{policy}\"");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        SimulatedSocket server = scene.ServerSockets[0];
        scene.Read(server);
        string[] pieces = rest.Split('|');
        scene.Write(server, Fresh + pieces[0]);
        scene.Write(server, pieces[1]);
        client.Close(reset: true);
        scene.Settle(10);
        Assert.Equal(0, scene.Count(CounterId.ClientConnectionsOpen));
        Assert.Equal(0, scene.Count(CounterId.RequestsInFlight));
        Assert.Equal(isFilled ? 1 : 0, scene.Count(CounterId.CacheFetchesAlone));
        foreach (string piece in pieces[2..])
            scene.Write(server, piece);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal(isFilled, scene.Count(CounterId.ServerConnectionsIdle) == 1);
        Assert.Equal(isFilled, scene.Ask().Contains("ab", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ab|c", true)]
    [InlineData("ab|cdefgh", false)]
    [InlineData("ab|", true)]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_ThatEndsBadly_LeavesNothing(string body, bool serverCloses)
    {
        using var scene = new CacheScene("half_close = \"finish\"");
        SimulatedSocket server = scene.Vanish(body.Split('|')[0]);
        scene.Write(server, body.Split('|')[1]);
        if (serverCloses)
            server.ShutdownSend();
        scene.Settle(10);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal((0, 0), (scene.Count(CounterId.CacheBytesHeld), scene.Proxy.Loop.Sockets.Count));
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_WaitsForTheServerAsLongAsAnExchangeDoes()
    {
        using var scene = new CacheScene("half_close = \"finish\"", "timeouts.response = \"5s\"");
        SimulatedSocket server = scene.Vanish("ab");
        scene.Settle(4900);
        scene.Write(server, "c");
        scene.Settle(4900);
        Assert.Equal(1, scene.Proxy.Loop.Sockets.Count);
        scene.Settle(200);
        Assert.True(server.IsReset);
        Assert.Equal(1, scene.Count(CounterId.TimeoutsResponse));
        scene.Proxy.Accounts.CheckQuiet();
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_TakesNoMoreThanOneResponseMayHave()
    {
        using var scene = new CacheScene("half_close = \"finish\"", cache: "object_bytes = \"10KiB\"");
        SimulatedSocket client = scene.Connect();
        scene.Write(client, Get);
        SimulatedSocket server = scene.ServerSockets[0];
        scene.Write(server, Fresh + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n");
        client.Close(reset: true);
        scene.Settle(10);
        scene.Write(server, "3000\r\n" + new string('x', 0x3000));
        Assert.True(server.IsReset);
        scene.Proxy.Accounts.CheckQuiet();
        Assert.Equal(0, scene.Count(CounterId.CacheBytesHeld));
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchesWithoutAClient_AreBounded()
    {
        using var scene = new CacheScene("half_close = \"finish\"\nlimits.half_closed = 1");
        scene.Vanish("ab");
        SimulatedSocket second = scene.Vanish("ab", "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(1, scene.Count(CounterId.CacheFetchesAlone));
        Assert.True(second.IsReset);
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public void FetchWithoutAClient_IsCutWhenTheProxyStops()
    {
        using var scene = new CacheScene("half_close = \"finish\"");
        SimulatedSocket server = scene.Vanish("ab");
        scene.Proxy.DrainAndCheck();
        scene.Settle(10);
        Assert.True(server.IsReset);
    }
}
