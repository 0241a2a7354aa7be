using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>How many requests may come in a time: one number, whatever the number of workers.</summary>
[Trait("promise", "B14")]
public sealed class RateLimitTests
{
    private const string Rejected = "nativeproxy_rate_limited_total{action=\"rejected\"}";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Limit_IsOneNumberOverAllWorkers(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers, "rate = \"20/h\""));

        var statuses = new List<int>();
        for (int i = 0; i < 30; i++)
            statuses.Add((await proxy.AskOnce()).Status);

        Assert.Equal([.. Enumerable.Repeat(200, 20), .. Enumerable.Repeat(429, 10)], statuses);
        Assert.Equal(10, (await proxy.AllMetrics())[Rejected]);
    }

    [Fact]
    public async Task ScopeWorker_CountsInEachForItself()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 2, "rate = \"5/h\"", "scope = \"worker\""));

        int passed = 0;
        for (int i = 0; i < 60; i++)
            passed += (await proxy.AskOnce()).Status == 200 ? 1 : 0;

        Assert.Equal(10, passed);
    }

    [Fact]
    public async Task Refusal_SaysWhenToComeBack_KeepsTheConnection_AndNamesTheLimitInTheLog()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 1, "rate = \"1/m\"", "headers = true"));
        await using RawClient client = await proxy.Connect();

        HttpResponse first = await client.Ask("/first");
        HttpResponse second = await client.Ask("/second");

        Assert.Equal((200, "1", "0"), (first.Status, first.Field("RateLimit-Limit"), first.Field("RateLimit-Remaining")));
        Assert.Equal((429, null), (second.Status, second.Connection));
        Assert.InRange(int.Parse(second.Field("Retry-After")!), 1, 60);
        Assert.InRange(int.Parse(second.Field("RateLimit-Reset")!), 1, 60);
        Assert.Equal("Too many requests; try again later.\n", second.Body);
        Assert.Equal("no-store", second.Field("Cache-Control"));
        Assert.EndsWith(" rt=none rs=- why=-", await proxy.Output.WaitFor("/first"), StringComparison.Ordinal);
        string line = await proxy.Output.WaitFor("/second");
        Assert.EndsWith(" why=rate_limit:l", line, StringComparison.Ordinal);
        Assert.Contains(" 429 ", line, StringComparison.Ordinal);
        Assert.Contains(" PR-- ", line, StringComparison.Ordinal);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task OtherStatus_WithoutRetryAfter()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 1, "rate = \"1/h\"", "status = 503", "retry_after = false"));
        await proxy.AskOnce();
        HttpResponse refused = await proxy.AskOnce();
        Assert.Equal((503, null), (refused.Status, refused.Field("Retry-After")));
    }

    [Fact]
    public async Task ActionLog_LetsPass_AndNamesTheLimit()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 1, "rate = \"1/h\"", "action = \"log\""));
        Assert.Equal(200, (await proxy.AskOnce("/first")).Status);
        Assert.Equal(200, (await proxy.AskOnce("/second")).Status);
        Assert.EndsWith(" why=-", await proxy.Output.WaitFor("/first"), StringComparison.Ordinal);
        Assert.EndsWith(" why=rate_limit:l", await proxy.Output.WaitFor("/second"), StringComparison.Ordinal);
        Assert.Equal(1, (await proxy.AllMetrics())["nativeproxy_rate_limited_total{action=\"logged\"}"]);
    }

    [Fact]
    public async Task AllLimitsOfListenerAndRoute_AreAsked_AndTheFirstThatRefusesAnswers()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("rate_limit = [\"wide\"]")
            .RateLimit("name = \"wide\"", "rate = \"4/h\"", "key = \"all\"", "status = 503")
            .RateLimit("name = \"narrow\"", "rate = \"1/h\"", "key = \"header:X-Key\"")
            .Route("name = \"login\"", "path = [\"/login\"]", "rate_limit = [\"narrow\", \"wide\"]"));
        await using RawClient client = await proxy.Connect();

        Assert.Equal(200, (await client.Ask("/login", "X-Key: a\r\n")).Status);
        Assert.Equal(429, (await client.Ask("/login", "X-Key: a\r\n")).Status);
        Assert.Equal(200, (await client.Ask("/login", "X-Key: b\r\n")).Status);
        Assert.Equal(200, (await client.Ask("/other", "X-Key: a\r\n")).Status);
        Assert.Equal(503, (await client.Ask("/other", "X-Key: c\r\n")).Status);
        Assert.Equal(503, (await client.Ask("/login", "X-Key: d\r\n")).Status);
    }

    [Fact]
    public async Task AnswersOfTheProxyItself_AreLimitedToo()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 1, "rate = \"2/h\"", "action = \"delay\"", "headers = true").Route("path = [\"/no\"]", "deny = 403"));
        await using RawClient client = await proxy.Connect();
        HttpResponse first = await client.Ask("/no");
        Assert.Equal((403, "1"), (first.Status, first.Field("RateLimit-Remaining")));
        Assert.Equal(403, (await client.Ask("/no")).Status);
        Assert.Equal(429, (await client.Ask("/no")).Status);
        await client.Send("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
        Assert.Equal(429, (await client.ReadResponse()).Status);
    }

    [Fact]
    public async Task RequestWithABody_IsRefusedBeforeTheBodyIsRead()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 1, "rate = \"1/h\""));
        await proxy.AskOnce();
        await using RawClient client = await proxy.Connect();
        await client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
        HttpResponse refused = await client.ReadResponse();
        Assert.Equal((429, "close"), (refused.Status, refused.Connection));
        Assert.NotNull(refused.Field("Retry-After"));
        await client.ExpectEnd();
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task PipelinedRequests_AreCountedOneByOne_AndAnsweredInOrder()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 1, "rate = \"3/h\"").Listener("pipelining = 8"));
        await using RawClient client = await proxy.Connect();
        await client.Send(string.Concat(Enumerable.Range(0, 6).Select(i => RawClient.Get("/" + i))));
        var statuses = new List<int>();
        for (int i = 0; i < 6; i++)
            statuses.Add((await client.ReadResponse()).Status);
        Assert.Equal([200, 200, 200, 429, 429, 429], statuses);
    }

    [Fact]
    public async Task CountStatus_CountsAnswersOfThatKindOnly()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 1, "rate = \"2/h\"", "count_status = [\"401\", \"500-599\"]"));
        await using RawClient client = await proxy.Connect();
        OriginConnection? server = null;
        foreach (int status in new[] { 200, 401, 404, 200, 502, 0 })
        {
            await client.SendGet();
            if (status > 0)
            {
                server ??= await origin.Accept();
                await server.ReadRequest();
                await server.Send($"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
            }
            Assert.Equal(status == 0 ? 429 : status, (await client.ReadResponse()).Status);
        }
        Assert.Equal(429, (await client.Ask()).Status);
    }

    [Fact]
    [Trait("layer", "no")] // clients of other addresses
    public async Task OneClient_DoesNotUseUpAnothersShare()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 2, "rate = \"3/h\""));
        for (int i = 0; i < 6; i++)
            Assert.Equal(i < 3 ? 200 : 429, await AskFrom("127.0.3.1", proxy));
        for (int i = 0; i < 6; i++)
            Assert.Equal(i < 3 ? 200 : 429, await AskFrom("127.0.3.2", proxy));
    }

    [Fact]
    public async Task DelayedRequests_GoOutOneAfterAnother()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 2, "rate = \"20/s\"", "burst = 1", "action = \"delay\""));
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, 7).Select(_ => proxy.Connect()));
        var watch = new PassingTime();
        foreach (RawClient client in clients)
            await client.SendGet();
        foreach (RawClient client in clients)
            Assert.Equal(200, (await client.ReadResponse()).Status);
        watch.AssertAtLeast(250);
        Assert.InRange((await proxy.AllMetrics())["nativeproxy_rate_limited_total{action=\"delayed\"}"], 5, 6);
        Assert.Equal(0, await proxy.Metric("nativeproxy_rate_limit_waiting"));
        Assert.All(clients, client => client.Close());
    }

    [Fact]
    public async Task DelayedRequestWithABody_ArrivesWhole()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 1, "rate = \"5/s\"", "burst = 1", "action = \"delay\""));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send(OriginConnection.Ok);
        await first.ReadResponse();

        await second.Send(RawClient.Post("/late", new string('b', 3000)));
        (string request, _) = await server.ReadUntil(static text => text.EndsWith("bbb", StringComparison.Ordinal) && text.Length > 3000);
        Assert.Contains("POST /late HTTP/1.1\r\n", request, StringComparison.Ordinal);
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await second.ReadResponse()).Status);
    }

    [Fact]
    public async Task WhoWouldWaitTooLong_IsRefused_AndWhoLeavesNeverReachesTheServer()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 1, "rate = \"2/m\"", "burst = 1", "action = \"delay\"").Upstream("timeouts.queue = \"40s\""));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        RawClient leaving = await proxy.Connect();
        await leaving.SendGet("/leaves");
        await proxy.WaitForMetric("nativeproxy_rate_limit_waiting", 1);

        HttpResponse refused = await proxy.AskOnce();
        leaving.Close();
        await proxy.WaitForMetric("nativeproxy_rate_limit_waiting", 0);

        Assert.Equal(429, refused.Status);
        Assert.InRange(int.Parse(refused.Field("Retry-After")!), 50, 60);
        Assert.Equal(1, origin.ConnectionCount);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Fact]
    public async Task StopWhileARequestWaits_CutsIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Limited(origin, workers: 1, "rate = \"2/m\"", "burst = 1", "action = \"delay\"").Upstream("timeouts.queue = \"60s\"")
                .Runtime("drain_timeout = \"200ms\""));
        await proxy.AskOnce();
        await using RawClient waiting = await proxy.Connect();
        await waiting.SendGet();
        await proxy.WaitForMetric("nativeproxy_rate_limit_waiting", 1);
        proxy.Signal(LinuxSignals.Terminate);
        Assert.NotEqual(0, await proxy.WaitForExit());
        await waiting.ReadToEnd();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Reload_KeepsTheCountsOfALimitThatDoesNotChange(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers, "rate = \"5/h\""));
        for (int i = 0; i < 5; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);

        await proxy.Reload(Limited(origin, workers, "rate = \"5/h\"", "status = 503").RateLimit("name = \"new\"", "rate = \"1/s\""));
        Assert.Equal(503, (await proxy.AskOnce()).Status);

        await proxy.Reload(Limited(origin, workers, "rate = \"6/h\""));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    [Trait("layer", "no")] // kills a worker
    public async Task WorkerThatIsKilled_LosesNoCounts()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Limited(origin, workers: 2, "rate = \"10/h\""));
        for (int i = 0; i < 10; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("ended with code 137");
        for (int i = 0; i < 10; i++)
            Assert.Equal(429, (await proxy.AskOnce()).Status);
    }

    private static ProxyConfig Limited(ScriptedOrigin origin, int workers, params string[] lines) =>
        ProxyConfig.For(origin).Listener("rate_limit = [\"l\"]").RateLimit(["name = \"l\"", .. lines]).WithWorkers(workers);

    private static async Task<int> AskFrom(string address, ProxyUnderTest proxy)
    {
        await using RawClient client = await RawClient.Connect(proxy.Port(), from: IPAddress.Parse(address));
        return (await client.Ask()).Status;
    }
}
