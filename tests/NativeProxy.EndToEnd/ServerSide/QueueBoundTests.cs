using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>How many may wait, who goes first, and how many requests there may be at all: over all workers.</summary>
public sealed class QueueBoundTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task WhoComesToAFullLine_IsRefusedAtOnce_AndTheOthersAreServed(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(LineScene.Limited(origin, 1, workers).Upstream("max_queue = 2"));
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        List<RawClient> waiting = await LineScene.Queue(proxy, 2);

        for (int i = 0; i < 5; i++)
        {
            HttpResponse refused = await proxy.AskOnce("/late");
            Assert.Equal((503, "1"), (refused.Status, refused.Field("Retry-After")));
        }
        Assert.Equal(5, await proxy.Metric("nativeproxy_queue_full_total"));
        Assert.Contains("why=queue_full", await proxy.Output.WaitFor("/late"), StringComparison.Ordinal);

        // Who leaves makes room for another one.
        waiting[1].Close();
        await proxy.WaitForMetric(LineScene.Waiting, 1);
        await using RawClient next = await proxy.Connect();
        await next.SendGet("/next");
        await proxy.WaitForMetric(LineScene.Waiting, 2);
        holding.Close();
        waiting[0].Close();
        next.Close();
    }

    [Fact]
    public async Task WhoHasWaitedTooLong_IsToldWhenToComeBack_UnlessTheFileSaysIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).EachServer("max_connections = 1")
            .Upstream("timeouts.queue = \"50ms\"").Route("path = [\"/own\"]", "response_headers.set = { Retry-After = \"20\" }"));
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        await (await origin.Accept()).ReadRequest();

        HttpResponse late = await proxy.AskOnce("/late");
        Assert.Equal((503, "1"), (late.Status, late.Field("Retry-After")));
        Assert.Contains("why=queue_timeout", await proxy.Output.WaitFor("/late"), StringComparison.Ordinal);
        Assert.Equal("20", (await proxy.AskOnce("/own")).Field("Retry-After"));
        Assert.Equal(2, (await proxy.AllMetrics())["nativeproxy_timeouts_total{kind=\"queue\"}"]);
        holding.Close();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task RequestsOfAnUrgentRoute_GoBeforeThoseThatWait_AndKeepTheirOrder(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request => request.StartsWith("GET /hold ", StringComparison.Ordinal)
            ? ""
            : OriginConnection.Ok);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(LineScene.Limited(origin, 1, workers)
            .Route("path_prefix = [\"/vip\"]", "upstream = \"app\"", "queue_priority = -10")
            .Route("path_prefix = [\"/late\"]", "upstream = \"app\"", "queue_priority = 2000"));
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        OriginConnection server = await origin.Accept();
        await Deadline.Until(() => origin.Requests.Count == 1, () => "the request that holds the server");
        string[] targets = ["/late/1", "/1", "/vip/1", "/2", "/vip/2", "/3"];
        var clients = new List<RawClient>();
        foreach (string target in targets)
        {
            clients.Add(await proxy.Connect());
            await clients[^1].SendGet(target);
            await proxy.WaitForMetric(LineScene.Waiting, clients.Count);
        }

        await server.Send(OriginConnection.Ok);
        foreach (RawClient client in clients)
            Assert.Equal(200, (await client.ReadResponse()).Status);

        Assert.Equal(["/vip/1", "/vip/2", "/1", "/2", "/3", "/late/1"],
            origin.Requests.Skip(1).Select(static request => request.Request.Split(' ')[1]));
        Assert.All(clients, client => client.Close());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task RequestsBeyondMaxRequests_AreRefused_UntilOneEnds(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).Upstream("max_requests = 3"));
        var clients = new List<RawClient>();
        var servers = new List<OriginConnection>();
        for (int i = 0; i < 3; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[i].SendGet("/" + i);
            servers.Add(await origin.Accept());
            await servers[i].ReadRequest();
        }
        for (int i = 0; i < 4; i++)
        {
            HttpResponse refused = await proxy.AskOnce("/late");
            Assert.Equal((503, "1"), (refused.Status, refused.Field("Retry-After")));
        }
        Assert.Contains("why=too_many_requests", await proxy.Output.WaitFor("/late"), StringComparison.Ordinal);

        // One is answered and one is left by its client: there is room for two.
        await servers[0].Send(OriginConnection.Ok);
        Assert.Equal(200, (await clients[0].ReadResponse()).Status);
        clients[1].Reset();
        await proxy.WaitForMetric("nativeproxy_requests_in_flight", 1);
        await using RawClient next = await proxy.Connect();
        await next.SendGet("/next");
        await proxy.WaitForMetric("nativeproxy_requests_in_flight", 2);
        Assert.Equal(4, (await proxy.AllMetrics())["nativeproxy_requests_over_limit_total{limit=\"max_requests\"}"]);
        next.Close();
        Assert.All(clients, client => client.Close());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "ARCH-23")]
    public async Task ServerHasFewRequestsAtLowLoad_AndItsLimitAtFullLoad(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .EachServer("min_connections = 1", "max_connections = 4").Upstream("full_load = 8", "timeouts.queue = \"1m\""));
        var clients = new List<RawClient>();
        for (int i = 1; i <= 8; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[^1].SendGet("/" + i);

            // Two requests in flight for each one at the server: 1, 1, 1, 2, 2, 3, 3, 4.
            int expected = Math.Max(1, i / 2);
            await Deadline.Until(
                async () => origin.ConnectionCount == expected && await proxy.Metric(LineScene.Waiting) == i - expected,
                () => $"{expected} of {i} requests at the server");
        }
        Assert.All(clients, client => client.Close());
    }

    [Fact]
    public async Task WhoseServerHasAFullLine_GoesToAnother()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(request => request.StartsWith("GET /hold ", StringComparison.Ordinal)
            ? ""
            : OriginConnection.Ok);
        await using ScriptedOrigin b = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).EachServer("max_connections = 1", "max_queue = 1")
            .Upstream("[upstream.cookie]", "mode = \"insert\"", "name = \"SRV\""));
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold", "Cookie: SRV=a\r\n");
        await Deadline.Until(() => a.Requests.Count == 1, () => "the request that holds the server");
        await using RawClient waiting = await proxy.Connect();
        await waiting.SendGet("/wait", "Cookie: SRV=a\r\n");
        await proxy.WaitForMetric(LineScene.Waiting, 1);

        await using RawClient third = await proxy.Connect();
        HttpResponse response = await third.Ask("/", "Cookie: SRV=a\r\n");

        Assert.Equal(("b", "SRV=b; Path=/"), (response.Body, response.Field("Set-Cookie")));
    }
}
