using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Messages;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A second server is asked when the first one is slow (<c>hedge.after</c>), and what routes and the file say of further tries.</summary>
public sealed class HedgeTests
{
    [Theory]
    [Trait("close", "server:hedge_lost")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SecondServerThatAnswersFirst_IsPassedOn_AndTheFirstRequestIsCut(int workers)
    {
        await using ScriptedOrigin slow = ScriptedOrigin.Driven();
        await using ScriptedOrigin fast = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfast");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(slow, fast).WithWorkers(workers).Upstream("hedge.after = \"100ms\"", "balance = \"first\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/x");
        OriginConnection first = await slow.Accept();
        await first.ReadRequest();
        Assert.Equal("fast", (await client.ReadResponse()).Body);
        await first.ExpectEnd();
        Assert.Contains(" rt=hedge ", await proxy.Output.WaitFor("GET /x "), StringComparison.Ordinal);
        Assert.Equal((1, 1), (await proxy.Metric("nativeproxy_retries_total{cause=\"hedge\"}"), await proxy.Metric("nativeproxy_hedges_won_total")));
        await proxy.WaitForMetric("nativeproxy_server_closes_total{reason=\"hedge_lost\"}", 1);

        // The client's connection goes on by the path that has won, and the next request is hedged again.
        await client.SendGet("/y");
        OriginConnection second = await slow.Accept();
        await second.ReadRequest();
        Assert.Equal("fast", (await client.ReadResponse()).Body);
        await second.ExpectEnd();
        Assert.Equal(2, fast.Requests.Count);
    }

    /// <summary>The first request of a client waits until its password was computed.</summary>
    [Fact]
    public async Task RequestThatHasWaitedForItsLogin_IsHedged()
    {
        await using ScriptedOrigin slow = ScriptedOrigin.Driven();
        await using ScriptedOrigin fast = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfast");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(slow, fast)
            .Upstream("hedge.after = \"50ms\"", "balance = \"first\"").Route("path_prefix = [\"/\"]", LoginTests.Auth));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/x", LoginTests.Bob));
        OriginConnection first = await slow.Accept();
        await first.ReadRequest();
        Assert.Equal("fast", (await client.ReadResponse()).Body);
        await first.ExpectEnd();
        Assert.Equal(1, await proxy.Metric("nativeproxy_hedges_won_total"));
    }

    [Fact]
    public async Task FirstServerThatAnswersAfterAll_IsPassedOn_AndTheSecondRequestIsCut()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("hedge.after = \"50ms\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/x");
        OriginConnection first = await a.Accept();
        await first.ReadRequest();
        OriginConnection second = await b.Accept();
        await second.ReadRequest();
        await first.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        await second.ExpectEnd();
        await first.Send("again");
        Assert.Equal("firstagain", (await client.ReadResponse()).Body);
        Assert.DoesNotContain("rt=hedge", await proxy.Output.WaitFor("GET /x "), StringComparison.Ordinal);
        Assert.Equal((1, 0), (await proxy.Metric("nativeproxy_retries_total{cause=\"hedge\"}"), await proxy.Metric("nativeproxy_hedges_won_total")));
    }

    [Fact]
    public async Task ServerThatFalls_WhileTheOtherIsAsked_IsNoFailureOfTheRequest()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("hedge.after = \"50ms\"", "retry.attempts = 1"));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection first = await a.Accept();
        await first.ReadRequest();
        OriginConnection second = await b.Accept();
        await second.ReadRequest();
        first.Reset();
        await second.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    [Fact]
    public async Task ClientThatLeaves_EndsBothRequests()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("hedge.after = \"50ms\""));
        RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection first = await a.Accept();
        await first.ReadRequest();
        OriginConnection second = await b.Accept();
        await second.ReadRequest();
        client.Reset();
        await first.ExpectEnd();
        await second.ExpectEnd();
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task RequestWhoseCookieNamesItsServer_IsSentOnce_AndSoIsAPost()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("hedge.after = \"20ms\"", "balance = \"first\"", "cookie = { mode = \"insert\", name = \"S\" }"));
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\nHost: h\r\nCookie: S=a\r\n\r\n");
        OriginConnection first = await a.Accept();
        await first.ReadRequest();
        await using RawClient other = await proxy.Connect();
        await other.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
        OriginConnection second = await a.Accept();
        await second.ReadRequest();

        // One that may be sent twice, and later than they, shows that their time is over.
        await using RawClient hedged = await proxy.Connect();
        Assert.Equal(200, (await hedged.Ask("/hedged")).Status);
        await first.Send(OriginConnection.Ok);
        await second.Send(OriginConnection.Ok);
        Assert.Equal((200, 200), ((await client.ReadResponse()).Status, (await other.ReadResponse("POST")).Status));
        Assert.Single(b.Requests);
    }

    [Fact]
    public async Task RouteSaysWhatIsTriedAgain()
    {
        const string Busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Busy);
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("balance = \"first\"")
            .Route("path_prefix = [\"/again\"]", "upstream = \"app\"", "retry = { attempts = 2, on = [\"503\"] }")
            .Route("path_prefix = [\"/\"]", "upstream = \"app\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal((503, 200), ((await client.Ask("/once")).Status, (await client.Ask("/again")).Status));
    }

    [Fact]
    public async Task WhatIsNoHead_SendsTheRequestElsewhere_WhereThatIsWanted()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering("SSH-2.0-x\r\n");
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("balance = \"first\"", "retry = { on = [\"junk_response\"] }"));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(1, await proxy.Metric("nativeproxy_retries_total{cause=\"junk_response\"}"));
        Assert.Single(a.Requests);
    }
}
