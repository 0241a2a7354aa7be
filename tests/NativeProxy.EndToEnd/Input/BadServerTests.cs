using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Input;

/// <summary>Servers that cannot be reached, answer nonsense or do not answer.</summary>
public sealed class BadServerTests
{
    [Fact]
    public async Task ServerRefusesTheConnection_Is502_AndTheClientConnectionIsKept()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 2; i++)
        {
            HttpResponse response = await client.Ask();
            Assert.Equal((502, null), (response.Status, response.Connection));
        }
        Assert.Contains(" SC-- ", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneServerRefuses_TheOtherOneAnswers_APostToo()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
        {
            await client.Send(RawClient.Post("/" + i, "the whole body"));
            Assert.Equal(200, (await client.ReadResponse()).Status);
            Assert.EndsWith("\r\n\r\nthe whole body", origin.Requests[i].Request, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AllServersRefuse_Is502_AfterTheConfiguredNumberOfTries()
    {
        using var a = new DeadServer();
        using var b = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a.Address, b.Address).Upstream("retry.attempts = 2"));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(502, (await client.Ask()).Status);
        Assert.Equal(2, await proxy.Metric("nativeproxy_server_connects_total"));
        Assert.Equal(2, await proxy.Metric("nativeproxy_server_connect_failures_total{reason=\"refused\"}"));
    }

    /// <summary>The upstream says how long a connect may take, or the route, which wins.</summary>
    [Theory]
    [InlineData("timeouts.connect = \"300ms\"", "")]
    [InlineData("timeouts.connect = \"1h\"", "timeouts.connect = \"300ms\"")]
    [Trait("layer", "no")] // fills a backlog with clients whose handshake nobody answers
    public async Task ServerThatNeverAccepts_Is504AfterTheConnectTimeout(string upstream, string route)
    {
        // A queue of one place, taken by a connection that nobody accepts: the kernel drops further attempts.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        int port = ((IPEndPoint)full.LocalEndPoint!).Port;
        await using RawClient waiting = await RawClient.Connect(port);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For($"127.0.0.1:{port}").Upstream(upstream, "retry.attempts = 1").Route("path_prefix = [\"/\"]", route));
        await using RawClient client = await proxy.Connect();
        var time = new PassingTime();
        Assert.Equal(504, (await client.Ask()).Status);
        time.AssertAtLeast(300);
        Assert.Contains(" sC-- ", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 0\n\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX : 1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData("\0\0\0\0\r\n\r\n")]
    public async Task GarbageFromTheServer_Is502_AndItsConnectionIsReset(string response)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send(response);
        await scene.ExpectStatus(502);
        await server.ExpectReset();
        await scene.Client.SendGet("/next");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    public async Task ResponseHeadWithoutEnd_Is502()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nX: " + new string('x', 500_000));
        await scene.ExpectStatus(502);
        await server.ExpectReset();
    }

    [Fact]
    public async Task ServerThatClosesInsideTheHead_Is502()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nContent-");
        server.Close();
        await scene.ExpectStatus(502);
    }

    [Fact]
    public async Task ServerThatSpeaksBeforeItIsAsked_IsHeardAllTheSame()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.enabled = false"));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 100; i++)
        {
            Task<OriginConnection> server = origin.Accept();
            await client.SendGet();
            await (await server).Send(OriginConnection.Ok);
            Assert.Equal("ok", (await client.ReadResponse()).Body);
        }
    }

    [Fact]
    public async Task NoResponseInTime_Is504_AndTheServerConnectionIsReset()
    {
        await using DrivenScene scene = await DrivenScene.Start(config => config.Upstream("timeouts.response = \"300ms\""));
        var time = new PassingTime();
        OriginConnection server = await scene.Ask();
        await scene.ExpectStatus(504);
        time.AssertAtLeast(300);
        await server.ExpectReset();
        Assert.Equal(1, scene.Origin.ConnectionCount);
        Assert.Contains(" sH-- ", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenChunkFromTheServer_CutsTheClientConnection()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await scene.Client.ReadThrough("abc\r\n");
        await server.Send("xyz\r\n0\r\n\r\n");
        await scene.Client.ExpectEnd();
        await server.ExpectReset();
        await scene.ExpectLineEnd(" rs=bad_response_body why=bad_chunk_size");
    }

    [Fact]
    [Trait("promise", "S4.8")]
    public async Task ResponseAboveTheLimit_IsAnErrorPage_WhenItsLengthIsAnnounced()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request => request.StartsWith("GET /small", StringComparison.Ordinal)
            ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789" : "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("limits.response_body_bytes = 10"));
        Assert.Equal("0123456789", (await proxy.AskOnce("/small")).Body);
        HttpResponse large = await proxy.AskOnce("/large");
        Assert.Equal(502, large.Status);
        Assert.DoesNotContain("0123456789", large.Body, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "S4.8")]
    public async Task ResponseOfUnknownLengthAboveTheLimit_IsCut()
    {
        await using DrivenScene scene = await DrivenScene.Start("limits.response_body_bytes = 10");
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n");
        await scene.Client.ReadThrough("0123456789\r\n");
        await server.Send("1\r\na\r\n0\r\n\r\n");
        await scene.Client.ExpectEnd();
        await server.ExpectReset();
    }
}
