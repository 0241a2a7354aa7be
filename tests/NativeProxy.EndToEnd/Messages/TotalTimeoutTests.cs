using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Routes that say how long an exchange may take in all, and how long a connect.</summary>
public sealed class TotalTimeoutTests
{
    private const string Total = "timeouts.total = \"1s\"";
    private const string Counter = "nativeproxy_timeouts_total{kind=\"total\"}";
    private const string Chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";

    private static string[] All => ["path_prefix = [\"/\"]", Total];

    [Fact]
    public async Task RequestWithoutAnAnswer_Gets504_AndIsNotTriedAgain_AndItsClientGoesOn()
    {
        await using DrivenScene scene = await DrivenScene.Start(static config => config.Route(All).Log("format = \"json\"")
            .Upstream("retry.on = [\"response_timeout\", \"connect_failure\", \"502\", \"503\", \"504\"]"));
        var time = new PassingTime();
        OriginConnection server = await scene.Ask();
        HttpResponse late = await scene.Client.ReadResponse();
        time.AssertAtLeast(1000);
        Assert.Equal(504, late.Status);
        Assert.Contains("The request was not answered in the time that it may take here", late.Body, System.StringComparison.Ordinal);
        await server.ExpectEnd();
        Assert.Contains("total_timeout", (await scene.Proxy.Output.WaitForCount(1))[0], System.StringComparison.Ordinal);

        // The next request has a time of its own, and another server connection.
        await scene.Exchange();
        Assert.Equal(1, await scene.Proxy.Metric(Counter));
        Assert.Equal(0, await scene.Proxy.MetricSum("nativeproxy_retries_total"));
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }

    /// <summary>Only a reset tells a client of HTTP/1.0 that an answer without a length is cut.</summary>
    [Theory]
    [InlineData("1.1", Chunk)]
    [InlineData("1.1", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]
    [InlineData("1.0", "HTTP/1.0 200 OK\r\n\r\nabc")]
    [Trait("close", "client:total_timeout")]
    public async Task AnswerUnderWay_IsCut_HoweverMuchOfItComes(string version, string answer)
    {
        await using CloseScene scene = await CloseScene.Start(static config => config.Route(All));
        OriginConnection server = await scene.Ask($"GET / HTTP/{version}\r\nHost: h\r\n\r\n");
        await server.Send(answer);
        await scene.Client.ReadThrough("abc");
        bool isReset = version == "1.0";
        await scene.ExpectClientClose("total_timeout", isReset ? "proxy_reset" : "proxy", isReset ? StreamEnd.Reset : StreamEnd.Fin);
        await server.ExpectEnd();
    }

    /// <summary>A policy says it for several routes, and one of them knows better.</summary>
    [Fact]
    public async Task OtherRoutes_HaveAnotherTime_OrNone()
    {
        await using DrivenScene scene = await DrivenScene.Start(static config => config.Policy("name = \"quick\"", Total)
            .Listener("policies = [\"quick\"]").Route("path_prefix = [\"/slow\"]", "timeouts.total = \"1h\""));
        OriginConnection slow = await scene.Ask(RawClient.Get("/slow"));
        await using RawClient other = await scene.Proxy.Connect();
        Assert.Equal(504, (await other.Ask("/quick")).Status);
        await slow.Send(OriginConnection.Ok);
        await scene.ExpectStatus(200);
    }

    [Fact]
    public async Task RequestInLine_AndOneThatIsStillComing_AreAnswered()
    {
        await using DrivenScene scene = await DrivenScene.Start(static config => config.OwnServers("max_connections = 1")
            .Route("path_prefix = [\"/first\"]").Route(All));
        OriginConnection first = await scene.Ask(RawClient.Get("/first"));
        await using RawClient waiting = await scene.Proxy.Connect();
        Assert.Equal(504, (await waiting.Ask("/waits")).Status);
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_queue_waiting"));
        await using RawClient uploading = await scene.Proxy.Connect();
        await uploading.Send("POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
        HttpResponse late = await uploading.ReadResponse();
        Assert.Equal((504, "close"), (late.Status, late.Field("Connection")));
        await first.Send(OriginConnection.Ok);
        await scene.ExpectStatus(200);
        Assert.Equal(2, await scene.Proxy.Metric(Counter));
    }

    /// <summary>Answers of pipelined requests keep their order, and the one that was late is replaced.</summary>
    [Fact]
    public async Task PipelinedRequest_IsAnsweredInItsTurn()
    {
        await using DrivenScene scene = await DrivenScene.Start(static config => config.Listener("pipelining = 4")
            .Route("path_prefix = [\"/first\"]").Route(All));
        await scene.Client.Send(RawClient.Get("/first") + RawClient.Get("/second"));
        OriginConnection one = await scene.Origin.Accept();
        OriginConnection other = await scene.Origin.Accept();
        string request = await one.ReadHead();
        await other.ReadHead();
        bool isFirst = request.StartsWith("GET /first ", System.StringComparison.Ordinal);
        await (isFirst ? other : one).Send(Chunk);
        await scene.Proxy.WaitForMetric(Counter, 1);
        await (isFirst ? one : other).Send(OriginConnection.Ok);
        await scene.ExpectStatus(200);
        await scene.ExpectStatus(504);
    }

    [Fact]
    public async Task Tunnel_HasLeftItBehind()
    {
        await using CloseScene scene = await CloseScene.Start(static config => config.Listener("upgrade = [\"websocket\"]").Route(All));
        OriginConnection server = await scene.EnterTunnel();
        await using RawClient other = await scene.Proxy.Connect();
        Assert.Equal(504, (await other.Ask()).Status);
        await scene.Client.Send("still here");
        Assert.Equal("still here", await server.Read(10));
        scene.Client.Reset();
    }

    /// <summary>A pause between two tries, and a server beside the first one, end with the request.</summary>
    [Theory]
    [InlineData("retry.backoff = \"30s\"")]
    [InlineData("hedge.after = \"50ms\"")]
    public async Task WhatWasUnderWay_EndsWithIt(string upstream)
    {
        await using ScriptedOrigin one = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Driven();
        bool hedges = upstream.StartsWith("hedge", System.StringComparison.Ordinal);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start((hedges ? ProxyConfig.For(one, other) : ProxyConfig.For(one))
            .Upstream(upstream, "retry.redispatch = false").Route(All));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection first = await one.Accept();
        await first.ReadHead();
        if (hedges)
        {
            OriginConnection second = await other.Accept();
            Assert.Equal(504, (await client.ReadResponse()).Status);
            await first.ExpectEnd();
            await second.ReadHead();
            await second.ExpectEnd();
        }
        else
        {
            first.Close();
            Assert.Equal(504, (await client.ReadResponse()).Status);
        }
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        await client.SendGet();
        OriginConnection next = await (hedges ? other : one).Accept();
        await next.ReadHead();
        await next.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }
}
