using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>
/// Each reason to close a client connection: it is provoked, the client sees the end, and the reason's code stands in the log line, in the
/// counter and at the admin endpoint. The trait <c>close</c> names the code; <see cref="Operation.CloseReasonTableTests"/> holds the list
/// of the proxy against them, so that no reason comes without its test.
/// </summary>
[Trait("promise", "S4.10")]
public sealed class CloseReasonTests
{
    [Fact]
    [Trait("close", "client:client_closed")]
    public async Task IdleClientThatCloses()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange();
        scene.Client.HalfClose();
        await scene.ExpectClientClose("client_closed", "peer");
    }

    [Fact]
    [Trait("close", "client:client_closed")]
    public async Task IdleClientThatResets()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange();
        scene.Client.Reset();
        await scene.ExpectClose("client", "client_closed", "peer_reset");
    }

    [Theory]
    [Trait("close", "client:client_aborted")]
    [InlineData(true, "peer_reset")]
    [InlineData(false, "peer")]
    public async Task ClientThatLeavesInAnExchange(bool withReset, string by)
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Ask();
        if (withReset)
            scene.Client.Reset();
        else
            scene.Client.Close();
        await server.ExpectReset();
        await scene.ExpectClose("client", "client_aborted", by);
    }

    [Fact]
    [Trait("close", "client:client_asked")]
    public async Task RequestThatSaysClose()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange(request: RawClient.Get("/", "Connection: close\r\n"));
        await scene.ExpectClientClose("client_asked", "proxy");
    }

    [Fact]
    [Trait("close", "client:http10")]
    public async Task Http10RequestWithoutKeepAlive()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange(request: "GET / HTTP/1.0\r\n\r\n");
        await scene.ExpectClientClose("http10", "proxy");
    }

    [Theory]
    [Trait("close", "client:keepalive_off")]
    [InlineData("keepalive.enabled = false")]
    [InlineData("keepalive.timeout = \"0s\"")]
    public async Task ListenerWithoutKeepAlive(string setting)
    {
        await using CloseScene scene = await CloseScene.Start(setting);
        await scene.Exchange();
        await scene.ExpectClientClose("keepalive_off", "proxy");
    }

    [Fact]
    [Trait("close", "client:max_requests")]
    public async Task AsManyRequestsAsAllowed()
    {
        await using CloseScene scene = await CloseScene.Start("keepalive.max_requests = 2");
        OriginConnection server = await scene.Exchange();
        await scene.Client.SendGet();
        await server.Answer();
        await scene.Client.ReadResponse();
        Assert.Equal(2, (await scene.ExpectClientClose("max_requests", "proxy")).Uses);
    }

    [Fact]
    [Trait("close", "client:max_age")]
    public async Task ConnectionThatIsTooOld()
    {
        await using CloseScene scene = await CloseScene.Start("keepalive.max_age = \"100ms\"");
        OriginConnection server = await scene.Ask();
        await PassingTime.Of(150);
        await server.Send(OriginConnection.Ok);
        await scene.ExpectClientClose("max_age", "proxy");
    }

    [Fact]
    [Trait("close", "client:idle_timeout")]
    public async Task NoNextRequestInTime()
    {
        await using CloseScene scene = await CloseScene.Start("keepalive.timeout = \"100ms\"");
        await scene.Exchange();
        await scene.ExpectClientClose("idle_timeout", "proxy");
    }

    [Theory]
    [Trait("close", "client:request_header_timeout")]
    [InlineData("GET / HT", true)]
    [InlineData("\r\n", false)]
    public async Task HeadThatDoesNotCome(string beginning, bool isAnswered)
    {
        // Through a layer the time runs while the handshake does.
        await using CloseScene scene = await CloseScene.Start("timeouts.request_header = \"1s\"");
        await scene.Client.Send(beginning);
        if (isAnswered)
            await scene.ExpectStatus(408);
        await scene.ExpectClientClose("request_header_timeout", "proxy");
    }

    [Fact]
    [Trait("close", "client:request_body_timeout")]
    public async Task BodyThatDoesNotCome()
    {
        await using CloseScene scene = await CloseScene.Start("timeouts.request_body = \"100ms\"");
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        await scene.ExpectStatus(408);
        await scene.ExpectClientClose("request_body_timeout", "proxy");
    }

    [Fact]
    [Trait("close", "client:send_timeout")]
    public async Task ClientThatDoesNotRead()
    {
        await using CloseScene scene = await CloseScene.Start("timeouts.send = \"200ms\"");
        await using RawClient deaf = await scene.Proxy.Connect(receiveBufferBytes: 16 * 1024);
        await deaf.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        byte[] block = new byte[1024 * 1024];
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (int i = 0; i < 1000; i++)
                await server.Send(block);
        });
        await scene.ExpectClose("client", "send_timeout", "proxy_reset");
        Assert.Equal(StreamEnd.Reset, (await deaf.ReadToEnd()).End);
    }

    [Fact]
    [Trait("close", "client:tunnel_timeout")]
    public async Task TunnelThatIsSilent()
    {
        await using CloseScene scene = await CloseScene.Start("upgrade = [\"websocket\"]", "timeouts.tunnel = \"100ms\"");
        await scene.EnterTunnel();
        await scene.ExpectClientClose("tunnel_timeout", "proxy");
        await scene.ExpectClose("server", "upgrade_ended", "proxy_reset");
    }

    [Theory]
    [Trait("close", "client:tunnel_ended")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TunnelThatEnds(bool serverFirst)
    {
        await using CloseScene scene = await CloseScene.Start("upgrade = [\"websocket\"]");
        OriginConnection server = await scene.EnterTunnel();
        if (serverFirst)
            server.HalfClose();
        else
            scene.Client.HalfClose();
        await (serverFirst ? scene.Client.ExpectFin() : server.ExpectFin());
        if (serverFirst)
            scene.Client.HalfClose();
        else
            server.HalfClose();
        await scene.ExpectClientClose("tunnel_ended", "peer");
    }

    [Theory]
    [Trait("close", "client:bad_request")]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", 400)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)]
    public async Task RequestThatCannotBeReadSafely(string request, int status)
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Client.Send(request);
        await scene.ExpectStatus(status);
        await scene.ExpectClientClose("bad_request", "proxy");
    }

    [Fact]
    [Trait("close", "client:bad_request")]
    public async Task BodyThatCannotBeReadSafely()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
        await scene.ExpectStatus(400);
        await scene.ExpectClientClose("bad_request", "proxy");
    }

    [Fact]
    [Trait("close", "client:bad_proxy_header")]
    [Trait("layer", "no")] // what it sends instead of a PROXY header is to be no record
    public async Task ConnectionPastTheBalancer()
    {
        await using CloseScene scene = await CloseScene.Start("proxy_protocol = true");
        await scene.Client.SendGet();
        Assert.Equal(0, (await scene.ExpectClientClose("bad_proxy_header", "proxy", end: null)).BytesOut);
    }

    [Theory]
    [Trait("close", "client:limit")]
    [InlineData("limits.request_line_bytes = 64",
        "GET /0123456789012345678901234567890123456789012345678901234567890123456789 HTTP/1.1\r\nHost: h\r\n\r\n", 414)]
    [InlineData("limits.header_count = 4", "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n", 431)]
    [InlineData("limits.body_bytes = 5", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n", 413)]
    [InlineData("limits.body_bytes = 5", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n", 413)]
    public async Task RequestBeyondALimit(string setting, string request, int status)
    {
        await using CloseScene scene = await CloseScene.Start(setting);
        await scene.Client.Send(request);
        await scene.ExpectStatus(status);
        await scene.ExpectClientClose("limit", "proxy");
    }

    [Fact]
    [Trait("close", "client:denied")]
    public async Task ClientThatMayNotUseTheForwardProxy()
    {
        await using ProxyUnderTest proxy =
            await ProxyUnderTest.Start(CloseScene.WithConnectionLog(ProxyConfig.Forward("forward.clients = [\"192.0.2.0/24\"]")));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(403, (await client.Ask("http://192.0.2.1/")).Status);
        await client.ExpectFin();
        client.Close();
        Assert.Equal("denied", CloseLine.Parse((await proxy.Output.WaitForCount(1))[0]).Reason);
        Assert.Equal(1, await proxy.Metric("nativeproxy_client_closes_total{reason=\"denied\"}"));
    }

    [Fact]
    [Trait("close", "client:after_error")]
    public async Task ErrorResponse()
    {
        await using CloseScene scene = await CloseScene.Start("keepalive.after_error = false");
        await scene.Exchange("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        await scene.ExpectClientClose("after_error", "proxy");
    }

    [Fact]
    [Trait("close", "client:unread_request_body")]
    public async Task ResponseBeforeTheRequestHasEnded()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.BeginPost();
        await server.Send(OriginConnection.Ok);
        await scene.Client.ReadResponse();
        await scene.ExpectClientClose("unread_request_body", "proxy");
    }

    [Fact]
    [Trait("close", "client:close_delimited")]
    public async Task BodyWithoutALengthThatTheClientCouldSee()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        await server.Send("HTTP/1.1 200 OK\r\n\r\nabc");
        server.HalfClose();
        await scene.ExpectClientClose("close_delimited", "proxy");
    }

    [Fact]
    [Trait("close", "client:truncated_response")]
    public async Task BodyThatTheServerEndsTooEarly()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        server.Close();
        await scene.ExpectClientClose("truncated_response", "proxy");
    }

    [Fact]
    [Trait("close", "client:bad_response_body")]
    public async Task BodyThatTheServerFramesWrongly()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        await scene.Client.ReadThrough("abc\r\n");
        await server.Send("xyz\r\n");
        await scene.ExpectClientClose("bad_response_body", "proxy");
    }

    [Fact]
    [Trait("close", "client:server_timeout")]
    public async Task ServerThatFallsSilentInABody()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Upstream("timeouts.response = \"2s\""));
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        await scene.ExpectClientClose("server_timeout", "proxy");
    }
}
