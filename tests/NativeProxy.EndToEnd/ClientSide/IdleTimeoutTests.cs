using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>The idle time of client connections. No test asks how late a close comes, only that it is not early and does come.</summary>
public sealed class IdleTimeoutTests
{
    [Fact]
    [Trait("promise", "S1.2")]
    public async Task TimeoutZero_TheProxySendsFinAtOnce_AndNoKeepAliveFields()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener("keepalive = { timeout = \"0s\", advertise = true, connection_header = \"always\" }"));
        HttpResponse response = await scene.Client.Ask();
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", response.Head);

        // The client has not closed: this FIN is the proxy's own.
        await scene.Client.ExpectFin();
    }

    [Fact]
    [Trait("promise", "S1.3")]
    [Trait("promise", "S3.3")]
    public async Task SilenceAfterAResponse_IsEndedWithFinAfterTheTimeout_NotEarlier()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("keepalive.timeout = \"400ms\""));
        var time = new PassingTime();
        await scene.Client.Ask();
        await scene.Client.ExpectFin();
        time.AssertAtLeast(400);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_timeouts_total{kind=\"keep_alive\"}"));
    }

    [Fact]
    [Trait("promise", "S1.4")]
    public async Task TheTimeoutStartsAnewAtEachResponse_SoTheConnectionLivesUntilTheLastOnePlusTheTimeout()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("keepalive.timeout = \"5s\""));
        var life = new PassingTime();
        await scene.Client.Ask();
        await PassingTime.Of(2600);
        await scene.Client.Ask();
        await PassingTime.Of(2600);
        life.AssertAtLeast(5000);
        var idle = new PassingTime();
        Assert.Equal("ok", (await scene.Client.Ask()).Body);
        await scene.Client.ExpectFin();
        idle.AssertAtLeast(5000);
    }

    [Fact]
    [Trait("promise", "S1.5")]
    public async Task TheTimeoutStartsAtTheEndOfTheResponse_NotAtAcceptAndNotAtTheRequest()
    {
        await using ScriptedOrigin slow = ScriptedOrigin.Driven();
        await using ScriptedOrigin quick = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(slow).Listener("keepalive.timeout = \"3s\"")
                .AddUpstream("quick", quick.Address).AddListener("quick", "quick").Listener("keepalive.timeout = \"3s\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/slow");
        OriginConnection server = await slow.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");

        // Another connection of the same proxy measures the time: it is accepted later and idles for the whole timeout.
        await using RawClient clock = await proxy.Connect("quick");
        await clock.Ask();
        await clock.ExpectFin();
        await server.Send("cd");
        Assert.Equal("abcd", (await client.ReadResponse()).Body);
        var idle = new PassingTime();
        await client.SendGet("/again");
        await server.Answer();
        Assert.Equal("ok", (await client.ReadResponse()).Body);
        await client.ExpectFin();
        idle.AssertAtLeast(3000);
    }

    [Fact]
    [Trait("promise", "S1.6")]
    [Trait("promise", "S1.7")]
    public async Task ARequestAfterTheProxysFin_IsNeitherAnsweredNorForwarded()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener("keepalive.timeout = \"200ms\"", "timeouts.linger = \"300ms\""));
        await scene.Client.Ask("/first");
        await scene.Client.ExpectFin();
        await scene.Client.SendGet("/late");
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", scene.Client.Received);
        Assert.Single(scene.Origin.Requests);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_requests_total"));
    }

    [Fact]
    [Trait("promise", "S1.7")]
    public async Task ARequestThatCrossesTheClose_SeesACleanEnd_NeverATruncatedResponse()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.timeout = \"200ms\"", "timeouts.linger = \"0s\""));
        for (int round = 0; round < 5; round++)
        {
            await using RawClient client = await proxy.Connect();
            await client.Ask("/first");
            await client.ExpectFin();

            // The kernel answers this with RST: there is no HTTP on a closed connection.
            await client.SendGet("/late");
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", client.Received);
        }
        await proxy.WaitUntilIdle();
        Assert.Equal(5, origin.Requests.Count);
    }

    [Fact]
    [Trait("promise", "S3.3")]
    public async Task AClientThatNeverSendsAnything_IsClosed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.request_header = \"300ms\""));
        var time = new PassingTime();
        await using RawClient client = await proxy.Connect();
        await client.ExpectFin();
        time.AssertAtLeast(300);
    }

    [Fact]
    [Trait("promise", "S4.4")]
    public async Task NextRequestNotStartedInTime_ClosesTheConnection()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("keepalive.timeout = \"300ms\""));
        var time = new PassingTime();
        await scene.Client.Ask();
        await scene.Client.ExpectFin();
        time.AssertAtLeast(300);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_closes_total{reason=\"idle_timeout\"}"));
    }

    [Fact]
    [Trait("promise", "S4.4")]
    public async Task NextRequestStartedInTime_MayBeFinishedLater()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("keepalive.timeout = \"3s\""));
        await scene.Client.Ask();
        await scene.Client.Send("GET /slowly HTTP/1.1\r\n");

        // The other connection idles for the whole timeout; it begins later.
        await using RawClient clock = await scene.Proxy.Connect();
        await clock.Ask();
        await clock.ExpectFin();
        await scene.Client.Send("Host: test\r\n\r\n");
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    public async Task AStrayEmptyLineAfterARequest_IsNotABegunRequest()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener("timeouts.request_header = \"200ms\"", "keepalive.timeout = \"1s\""));
        await scene.Client.Send(RawClient.Post("/", "abc") + "\r\n");
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        await scene.Client.Send("\r\n");

        // A 408 here would look like the answer to the next request.
        await scene.Client.ExpectFin();
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_timeouts_total{kind=\"request_header\"}"));
    }

    [Fact]
    public async Task EmptyLinesInPieces_DoNotKeepAnIdleConnectionOpen()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("keepalive.timeout = \"500ms\""));
        await scene.Client.Ask();

        // As many as are skipped before a request. If each began the idle time anew, the request behind them would still be answered.
        for (int i = 0; i < 4; i++)
        {
            await scene.Client.Send("\r");
            await PassingTime.Of(150);
            await scene.Client.Send("\n");
            await PassingTime.Of(150);
        }
        await scene.Client.SendGet("/late");
        await scene.Client.ExpectEnd();
        Assert.Single(scene.Origin.Requests);
    }

    [Fact]
    public async Task AFloodOfEmptyLines_IsRefused_HoweverTheyArrive()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        for (int request = 0; request < 3; request++)
        {
            for (int i = 0; i < 4; i++)
            {
                await scene.Client.Send("\r\n");
                await scene.Proxy.Metric("nativeproxy_requests_total");
            }
            Assert.Equal("ok", (await scene.Client.Ask()).Body);
        }
        for (int i = 0; i < 5; i++)
        {
            await scene.Client.Send("\r\n");
            await scene.Proxy.Metric("nativeproxy_requests_total");
        }
        Assert.Equal(400, (await scene.Client.ReadResponse()).Status);
        await scene.Client.ExpectFin();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SilentClient_IsTakenAndClosedInTheEnd_WithAndWithoutDeferredAccept(bool defers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener($"defer_accept = {(defers ? "true" : "false")}", "timeouts.request_header = \"2s\""));
        await using RawClient silent = await proxy.Connect();
        await using RawClient speaking = await proxy.Connect();
        Assert.Equal(200, (await speaking.Ask()).Status);
        await silent.ExpectFin();
        Assert.Equal(2, await proxy.Metric("nativeproxy_client_connections_accepted_total"));
    }
}
