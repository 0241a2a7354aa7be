using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Which server connection may be used again after an exchange: one test per reason against it, and the twins that may.</summary>
public sealed class PoolableTests
{
    [Theory]
    [Trait("promise", "S4.19")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")]
    public async Task CompleteExchange_IsPooled(string method, string response) => Assert.True(await IsPooledAfter(method, response));

    [Theory]
    [Trait("promise", "S4.19")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Other, Close\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, close\r\n\r\nok")]
    public async Task ResponseSaysClose_IsNotPooled(string response) => Assert.False(await IsPooledAfter("GET", response));

    [Fact]
    [Trait("promise", "S4.19")]
    public async Task Http10ResponseWithoutKeepAlive_IsNotPooled() =>
        Assert.False(await IsPooledAfter("GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"));

    [Theory]
    [Trait("promise", "S4.19")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nevil")]
    public async Task BytesBehindTheResponse_KillTheServerConnection_AndNeverReachAClient(string response)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection poisoned = await scene.Exchange(response, RawClient.Get("/first"));
        await poisoned.ExpectReset();
        await scene.Client.SendGet("/second");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("", scene.Client.Untaken);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_server_closes_total{reason=\"surplus_bytes\"}"));
    }

    [Fact]
    [Trait("promise", "S4.19")]
    public async Task BytesWhileIdle_KillTheServerConnection()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection poisoned = await scene.Exchange(request: RawClient.Get("/first"));
        await poisoned.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        await poisoned.ExpectReset();
        await scene.Client.SendGet("/second");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    [Trait("promise", "S4.19")]
    public async Task EndOfStreamSeen_IsNotUsedAgain()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask(RawClient.Get("/first"));
        await scene.Proxy.Freeze();
        await server.Send(OriginConnection.Ok);
        server.HalfClose();
        scene.Proxy.Thaw();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        await server.ExpectFin();
        await scene.Client.SendGet("/second");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_retries_total{cause=\"stale_reuse\"}"));
    }

    [Fact]
    [Trait("promise", "S4.19")]
    public async Task RequestNotFullySent_IsNotPooled()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("abc");
        await server.Send(OriginConnection.Ok);
        await scene.Client.ReadResponse();
        await server.ExpectEnd();
    }

    [Fact]
    [Trait("promise", "S4.19")]
    public async Task BodyWithoutLengthOrLastChunk_IsNotPooled()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nabc");
        server.HalfClose();
        Assert.Equal("abc", (await scene.Client.ReadResponse()).Body);
        await server.ExpectFin();
    }

    [Fact]
    [Trait("promise", "S4.19")]
    public async Task OurRequestSaidClose_IsNotPooled_EvenWhenTheServerWouldKeep()
    {
        await using DrivenScene scene = await DrivenScene.Start(config => config.Upstream("keepalive.reuse = \"never\""));
        await scene.Client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        Assert.Contains("Connection: close\r\n", await server.Answer("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
            StringComparison.Ordinal);
        await scene.Client.ReadResponse();
        await server.ExpectFin();
    }

    [Theory]
    [Trait("promise", "B10")]
    [InlineData("surplus_bytes", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab")]
    [InlineData("bad_response", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n")]
    [InlineData("bad_response", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("request_unsent", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("request_unsent", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
        "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("ambiguous", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("server_said", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    public async Task WhateverLeavesADoubt_MakesTheConnectionSingleUse_AndIsCounted(string reason, string request, string response)
    {
        await using DrivenScene scene = await DrivenScene.Start("upgrade = [\"websocket\"]");
        await scene.Client.Send(request);
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        await server.Send(response);
        await scene.Client.ReadResponse();
        await server.ReadToEnd();
        Assert.Equal(1, await scene.Proxy.Metric($"nativeproxy_server_closes_total{{reason=\"{reason}\"}}"));
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_server_connections_open"));
    }

    /// <summary>Whether the second request comes on the connection of the first.</summary>
    private static async Task<bool> IsPooledAfter(string method, string response)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send($"{method} /first HTTP/1.1\r\nHost: h\r\n\r\n");
        OriginConnection first = await scene.Origin.Accept();
        await first.Answer(response);
        if (response.StartsWith("HTTP/1.1 103", StringComparison.Ordinal))
            await scene.Client.ReadHead();
        await scene.Client.ReadResponse(method);
        Task<OriginConnection> fresh = scene.Origin.Accept();
        Task<string> reused = first.ReadHead();
        await scene.Client.SendGet("/second");
        if (await Task.WhenAny(fresh, reused) == reused && reused.IsCompletedSuccessfully)
        {
            await first.Send(OriginConnection.Ok);
            await scene.Client.ReadResponse();
            return true;
        }
        await (await fresh).Answer();
        await scene.Client.ReadResponse();
        return false;
    }
}
