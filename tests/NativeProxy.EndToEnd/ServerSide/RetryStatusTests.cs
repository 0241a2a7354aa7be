using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Requests that another server gets because of an answer's status, or because the first one is slow.</summary>
public sealed class RetryStatusTests
{
    private const string Busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task StatusThatIsListed_SendsTheRequestElsewhere_AndTheConnectionIsKept(int workers)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Busy);
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Retrying(a, b, "on = [\"503\"]").WithWorkers(workers));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 4; i++)
            Assert.Equal((200, "ok"), Of(await client.Ask("/" + i)));

        Assert.Equal(["/0", "/1", "/2", "/3"], b.Requests.Select(static request => request.Request.Split(' ')[1]));
        Assert.Equal((1, 1), (a.ConnectionCount, b.ConnectionCount));
        Assert.Equal(a.Requests.Count, await proxy.Metric("nativeproxy_retries_total{cause=\"status\"}"));
    }

    [Fact]
    public async Task AnswerThatIsThrownAway_LeavesNoEntryInTheStickTable()
    {
        int count = 0;
        await using ScriptedOrigin a = ScriptedOrigin.Answering(_ => ++count == 1 ? Busy : OriginConnection.Ok);
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("[upstream.retry]", "on = [\"503\"]", "[upstream.stick]", "key = \"client_ip\""));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
            Assert.Equal((200, "ok"), Of(await client.Ask("/" + i)));

        Assert.Equal(["/0", "/1", "/2"], b.Requests.Select(static request => request.Request.Split(' ')[1]));
    }

    [Fact]
    public async Task BodyOfARequest_GoesWithIt()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Busy);
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Retrying(a, b, "on = [\"503\"]"));
        await using RawClient client = await proxy.Connect();
        await client.Send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal((200, "ok"), Of(await client.ReadResponse("PUT")));
        Assert.EndsWith("\r\n\r\nhello", b.Requests.Single().Request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("on = [\"502\"]", "GET", 503)]
    [InlineData("on = [\"503\"]", "POST", 503)]
    [InlineData("on = [\"503\"]\nmethods = \"all\"", "POST", 200)]
    [InlineData("on = [\"503\"]\nmethods = \"safe\"", "PUT", 503)]
    [InlineData("on = [\"503\"]\nattempts = 1", "GET", 503)]
    [InlineData("on = [\"503\"]\nbudget = 0\nbudget_min = 0", "GET", 503)]
    public async Task OtherAnswers_ArePassedOn(string lines, string method, int status)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Busy);
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Retrying(a, b, lines));
        await using RawClient client = await proxy.Connect();
        await client.Send($"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(status, (await client.ReadResponse(method)).Status);
    }

    [Fact]
    public async Task LastAnswer_IsPassedOn_WhateverItsStatus()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Busy);
        await using ScriptedOrigin b = ScriptedOrigin.Answering(Busy);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Retrying(a, b, "on = [\"503\"]\nattempts = 2"));

        Assert.Equal((503, "busy"), Of(await proxy.AskOnce()));
        Assert.Equal((1, 1), (a.Requests.Count, b.Requests.Count));
    }

    [Fact]
    public async Task SlowServer_IsLeftForAnotherOne_LongBeforeTheResponseTimeout()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering("");
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Retrying(a, b, "on = [\"response_timeout\"]\nattempts = 2\nper_try_timeout = \"200ms\"")
            .Upstream("[upstream.timeouts]", "response = \"60s\""));

        Assert.Equal((200, "ok"), Of(await proxy.AskOnce()));
        Assert.Equal(1, await proxy.Metric("nativeproxy_retries_total{cause=\"response_timeout\"}"));
    }

    [Fact]
    public async Task WithoutRedispatch_TheSameServerGetsTheRequestAgain()
    {
        int asked = 0;
        await using ScriptedOrigin a = ScriptedOrigin.Answering(_ => ++asked < 3 ? Busy : OriginConnection.Ok);
        await using ScriptedOrigin b = ScriptedOrigin.Answering(Busy);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Retrying(a, b, "on = [\"503\"]\nredispatch = false"));

        Assert.Equal((200, "ok"), Of(await proxy.AskOnce()));
        Assert.Equal((3, 0), (a.Requests.Count, b.Requests.Count));
    }

    private static (int Status, string Body) Of(HttpResponse response) => (response.Status, response.Body);

    private static ProxyConfig Retrying(ScriptedOrigin a, ScriptedOrigin b, string lines) =>
        ProxyConfig.For(a, b).Upstream("[upstream.retry]", lines);
}
