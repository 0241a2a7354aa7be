using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Input;

/// <summary>Requests that must not be forwarded: answered by the proxy, connection closed, server never contacted.</summary>
public sealed class BadRequestTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400)]
    [InlineData("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /\r\n\r\n", 400)]
    [InlineData("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501)]
    [InlineData("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)]
    [InlineData("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)]
    [InlineData("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", 405)]
    public async Task MalformedRequest_IsAnsweredAndClosed_AndTheServerIsNotContacted(string request, int status)
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Send(request);
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((status, "close"), (response.Status, response.Connection));
        await scene.Client.ExpectFin();
        Assert.Equal(0, scene.Origin.ConnectionCount);
        Assert.Contains($" {status} ", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BytesBehindAMalformedRequest_AreNotARequest()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Send("GET / HTTP/1.1\r\nHost : a\r\n\r\n" + RawClient.Get("/smuggled"));
        Assert.Equal(400, (await scene.Client.ReadResponse()).Status);
        await scene.Client.ExpectFin();
        await scene.Client.SendGet("/later");
        scene.Client.Close();
        await scene.Proxy.WaitUntilIdle();
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Theory]
    [InlineData(40_000, false)]
    [InlineData(40_000, true)]
    [InlineData(300_000, true)]
    public async Task HeadTooLarge_Is431(int bytes, bool isComplete)
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Send($"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('x', bytes)}{(isComplete ? "\r\n\r\n" : "")}");
        await ExpectRefused(scene.Client, scene.Origin, 431);
    }

    [Fact]
    public async Task TooManyFields_Is431()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("limits.header_count = 10"));
        await scene.Client.SendGet("/", "X: 1\r\nX: 2\r\nX: 3\r\nX: 4\r\nX: 5\r\nX: 6\r\nX: 7\r\nX: 8\r\nX: 9\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        await scene.Client.SendGet("/", "X: 1\r\nX: 2\r\nX: 3\r\nX: 4\r\nX: 5\r\nX: 6\r\nX: 7\r\nX: 8\r\nX: 9\r\nX: 10\r\n");
        Assert.Equal(431, (await scene.Client.ReadResponse()).Status);
        await scene.Client.ExpectFin();
    }

    [Fact]
    public async Task TargetTooLong_Is414()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.SendGet("/" + new string('x', 17_000));
        await ExpectRefused(scene.Client, scene.Origin, 414);
    }

    [Fact]
    public async Task BodyAboveTheLimit_Is413_WithoutContactingTheServerWhenTheLengthIsAnnounced()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("limits.body_bytes = 10"));
        await using RawClient allowed = await proxy.Connect();
        await allowed.Send(RawClient.Post("/", "0123456789"));
        Assert.Equal(200, (await allowed.ReadResponse()).Status);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Post("/", "0123456789a"));
        Assert.Equal((413, "close"), Brief(await client.ReadResponse()));
        await client.ExpectFin();
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task ChunkedBodyAboveTheLimit_Is413_AndTheServerNeverGetsTheSurplusOrAnEnd()
    {
        await using DrivenScene scene = await DrivenScene.Start("limits.body_bytes = 10");
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("01234567\r\n");
        await scene.Client.Send("8\r\nabcdefgh\r\n0\r\n\r\n");
        Assert.Equal(413, (await scene.Client.ReadResponse()).Status);
        await server.ExpectReset();
    }

    [Fact]
    public async Task BrokenChunkInARequest_Is400_AndTheServerConnectionIsReset()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("abc\r\n");
        await scene.Client.Send("-1\r\n");
        Assert.Equal((400, "close"), Brief(await scene.Client.ReadResponse()));
        await scene.Client.ExpectFin();
        await server.ExpectReset();
    }

    [Fact]
    public async Task HeadNotCompleteInTime_Is408()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.request_header = \"300ms\""));
        var time = new PassingTime();
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\n");
        await ExpectRefused(client, origin, 408);
        time.AssertAtLeast(300);
    }

    [Fact]
    public async Task HeadThatComesByteByByte_DoesNotPutTheTimeoutOff()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("timeouts.request_header = \"500ms\""));
        Task<HttpResponse> answer = scene.Client.ReadResponse();
        await scene.Client.Send("GET / HTTP/1.1\r\nX: ");
        while (!answer.IsCompleted)
        {
            await scene.Client.Send("x");
            await PassingTime.Of(50);
        }
        Assert.Equal(408, (await answer).Status);
    }

    [Fact]
    public async Task NoByteInTime_IsASilentClose()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("timeouts.request_header = \"200ms\""));
        await scene.Client.ExpectFin();
        scene.Client.Close();
        await scene.Proxy.WaitUntilIdle();
        Assert.Empty(scene.Proxy.Output.Lines);
    }

    [Fact]
    public async Task BodyNotContinuedInTime_Is408_AndTheServerConnectionIsReset()
    {
        await using DrivenScene scene = await DrivenScene.Start("timeouts.request_body = \"300ms\"");
        var time = new PassingTime();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("abc");
        Assert.Equal((408, "close"), Brief(await scene.Client.ReadResponse()));
        time.AssertAtLeast(300);
        await scene.Client.ExpectFin();
        await server.ExpectReset();
    }

    private static (int, string?) Brief(HttpResponse response) => (response.Status, response.Connection);

    private static async Task ExpectRefused(RawClient client, ScriptedOrigin origin, int status)
    {
        Assert.Equal((status, "close"), Brief(await client.ReadResponse()));
        await client.ExpectFin();
        Assert.Equal(0, origin.ConnectionCount);
    }
}
