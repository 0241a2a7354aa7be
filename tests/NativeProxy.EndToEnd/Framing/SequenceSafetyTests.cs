using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>Rows of the tables of src/NativeProxy/Http1/FRAMING.md that are about when bytes come, not about what they are.</summary>
public sealed class SequenceSafetyTests
{
    private const string Evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    private const string Upgrade = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

    [Theory]
    [Trait("row", "resp-unasked")]
    [Trait("promise", "B10")]
    [InlineData(Evil)]
    [InlineData("H")]
    [InlineData("\r\n")]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    public async Task BytesOnAnIdleServerConnection_EndIt_AndAreNoAnswer(string bytes)
    {
        await using Scene scene = await Scene.WithOneIdleConnection();
        await scene.Idle.Send(bytes);
        await scene.Idle.ExpectReset();
        await scene.Client.SendGet("/second");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("", scene.Client.Untaken);
    }

    [Fact]
    [Trait("row", "resp-unasked")]
    [Trait("promise", "B10")]
    public async Task BytesOnAnIdleServerConnection_ThatComeTogetherWithTheNextRequest_AreNoAnswerEither()
    {
        await using Scene scene = await Scene.WithOneIdleConnection();
        await PassingTime.Of(20);
        await scene.Proxy.Freeze();

        // The proxy finds the request first, and the connection in its pool.
        await scene.Client.SendGet("/second");
        await scene.Idle.Send(Evil);
        scene.Proxy.Thaw();
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.StartsWith("GET /second ", await fresh.Answer(), StringComparison.Ordinal);
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("", scene.Client.Untaken);
        await scene.Idle.ExpectReset();
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_server_closes_total{reason=\"surplus_bytes\"}"));
    }

    [Theory]
    [Trait("row", "resp-early")]
    [InlineData("Content-Length: 40\r\n\r\nabc", "x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("Content-Length: 40\r\nExpect: 100-continue\r\n\r\n", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task AnswerBeforeTheEndOfTheRequest_IsTheLastOne_AndWhatIsLeftOfTheBodyIsNoRequest(string begun, string rest)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send("POST / HTTP/1.1\r\nHost: a\r\n" + begun);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        HttpResponse answer = await client.ReadResponse();
        Assert.Equal((403, "close", "no"), (answer.Status, answer.Connection, answer.Body));
        await client.Send(rest);
        await client.ExpectFin();
        await server.ReadToEnd();
        client.Close();
        await proxy.WaitUntilIdle();
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connects_total"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_requests_total"));
        Assert.DoesNotContain("smuggled", server.Received, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("row", "resp-101-unasked")]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade:\r\n")]
    [InlineData("Connection: Upgrade\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\nContent-Length: 4\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n")]
    public async Task SwitchToAProtocolThatWasNotAskedFor_Is502(string fields)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect();
        await client.Send(Upgrade);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send($"HTTP/1.1 101 Switching Protocols\r\n{fields}\r\nevil");
        HttpResponse answer = await client.ReadResponse();
        Assert.Equal(502, answer.Status);
        Assert.DoesNotContain("evil", client.Received, StringComparison.Ordinal);
        await server.ExpectReset();
    }

    [Theory]
    [Trait("row", "upgrade-data-early")]
    [InlineData("\u0081\u0085\0\0\0\0hello", 400)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)]
    [InlineData("GET /x HTTP/1.1\r\n\r\n", 400)]
    public async Task DataBehindAnUpgradeThatTheServerRefuses_IsReadAsARequest_AndRefusedWhenItIsNone(string data, int status)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect();
        await client.Send(Upgrade + data);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(403, (await client.ReadResponse()).Status);
        HttpResponse answer = await client.ReadResponse();
        Assert.Equal((status, "close"), (answer.Status, answer.Connection));
        await client.ExpectFin();
        await server.ExpectFin();
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Fact]
    [Trait("row", "upgrade-data-early")]
    public async Task DataBehindAnUpgrade_ReachesTheServerOnlyBehindItsSwitch()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect();
        await client.Send(Upgrade + "early");
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await PassingTime.Of(50);
        Assert.Equal(0, server.Socket.Available);
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n");
        await client.ReadHead();
        Assert.Equal("early", await server.Read(5));
        client.Close();
        await server.ExpectFin();
        server.Close();
    }

    /// <summary>A proxy with one idle connection in its pool, and the client that has used it.</summary>
    private sealed class Scene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client, OriginConnection idle) : IAsyncDisposable
    {
        public ScriptedOrigin Origin => origin;

        public ProxyUnderTest Proxy => proxy;

        public RawClient Client => client;

        public OriginConnection Idle => idle;

        public static async Task<Scene> WithOneIdleConnection()
        {
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
            RawClient client = await proxy.Connect();
            await client.SendGet("/first");
            OriginConnection idle = await origin.Accept();
            await idle.Answer();
            await client.ReadResponse();
            return new Scene(origin, proxy, client, idle);
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await proxy.DisposeAsync();
            await origin.DisposeAsync();
        }
    }
}
