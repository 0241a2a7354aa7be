using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>A client that shuts its sending side after a request.</summary>
public sealed class HalfCloseTests
{
    [Fact]
    [Trait("promise", "S4.20")]
    [Trait("promise", "S4.25")]
    public async Task Finish_TheClientGetsTheWholeResponse_ThenFin_AndIsToldClose()
    {
        await using DrivenScene scene = await DrivenScene.Start("half_close = \"finish\"");
        await scene.Client.SendGet();
        scene.Client.HalfClose();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadRequest();
        await scene.Proxy.Metric("nativeproxy_requests_total");
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
        await server.Send("def");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(("close", "abcdef"), (response.Connection, response.Body));
        await scene.Client.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Theory]
    [InlineData("finish", 1)]
    [InlineData("finish", 2)]
    [InlineData("finish", 8)]
    [InlineData("auto", 1)]
    [InlineData("auto", 8)]
    public async Task RequestsThatCameBeforeTheFin_AreAllAnsweredInOrder_TheLastWithClose(string policy, int pipelining)
    {
        string[] requests =
        [
            RawClient.Get("/1"), RawClient.Get("/2"), RawClient.Post("/3", "three"), "\r\n" + RawClient.Get("/4"),
            RawClient.Post("/5", ""), RawClient.Get("/6"),
        ];
        await using ScriptedOrigin origin =
            ScriptedOrigin.Answering(request => $"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{request.Substring(request.IndexOf('/'), 2)}");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener($"half_close = \"{policy}\"", $"pipelining = {pipelining}"));
        await using RawClient client = await proxy.Connect();
        await proxy.Freeze();
        await client.Send(string.Concat(requests));
        client.HalfClose();
        proxy.Thaw();
        for (int i = 1; i <= requests.Length; i++)
        {
            HttpResponse response = await client.ReadResponse();
            Assert.Equal((200, $"/{i}", i < requests.Length ? null : "close"), (response.Status, response.Body, response.Connection));
        }
        await client.ExpectFin();
        await proxy.WaitUntilIdle();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 0);
    }

    [Fact]
    public async Task Finish_AChunkedRequestThatCameWholeBeforeTheFin_IsAnswered()
    {
        const string body = "5\r\nabcde\r\n0\r\nX-T: v\r\n\r\n";
        await using DrivenScene scene = await DrivenScene.Start("half_close = \"finish\"");
        await scene.Proxy.Freeze();
        await scene.Client.Send(RawClient.Get("/1") + "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        scene.Client.HalfClose();
        scene.Proxy.Thaw();
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer();
        Assert.Null((await scene.Client.ReadResponse()).Connection);
        await server.ReadThrough(body);
        await server.Send(OriginConnection.Ok);
        Assert.Equal("close", (await scene.Client.ReadResponse()).Connection);
        await scene.Client.ExpectFin();
    }

    [Theory]
    [Trait("promise", "S4.25")]
    [InlineData("GET /second HTTP/1.1\r\nHost: te")]
    [InlineData("POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")]
    [InlineData("POST /second HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n")]
    [InlineData("\r\n")]
    public async Task Finish_ARequestThatIsNotWhole_IsNotRead_AndTheOneBeforeItSaysClose(string rest)
    {
        await using DrivenScene scene = await DrivenScene.Start("half_close = \"finish\"");
        await scene.Proxy.Freeze();
        await scene.Client.Send(RawClient.Get("/first") + rest);
        scene.Client.HalfClose();
        scene.Proxy.Thaw();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadRequest();
        await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await server.Send(OriginConnection.Ok);
        Assert.Equal("close", (await scene.Client.ReadResponse()).Connection);
        await scene.Client.ExpectFin();
        Assert.Equal(0, server.Socket.Available);
        Assert.Equal(1, scene.Origin.ConnectionCount);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_requests_total"));
        await scene.Proxy.WaitUntilIdle();
    }

    [Theory]
    [InlineData("GET /second HTTP/1.1\r\n\r\n")]
    [InlineData("POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    public async Task Finish_ABadRequestBeforeTheFin_IsRefusedInItsTurn(string bad)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("half_close = \"finish\""));
        await scene.Proxy.Freeze();
        await scene.Client.Send(RawClient.Get("/first") + bad + RawClient.Get("/third"));
        scene.Client.HalfClose();
        scene.Proxy.Thaw();
        HttpResponse first = await scene.Client.ReadResponse();
        Assert.Equal((200, null), (first.Status, first.Connection));
        HttpResponse second = await scene.Client.ReadResponse();
        Assert.Equal((400, "close"), (second.Status, second.Connection));
        await scene.Client.ExpectFin();
        Assert.Single(scene.Origin.Requests);
        await scene.Proxy.WaitUntilIdle();
    }

    [Theory]
    [InlineData("finish")]
    [InlineData("auto")]
    public async Task ARequestThatWaitsBehindAResponseThatTheClientHasNotTaken_IsAnsweredAfterTheFin(string policy)
    {
        const int bodyBytes = 12 * 1024 * 1024;
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener($"half_close = \"{policy}\""));
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 64 * 1024);
        await client.Send(RawClient.Get("/first") + RawClient.Get("/second"));
        client.HalfClose();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        Task sending = server.Send($"HTTP/1.1 200 OK\r\nContent-Length: {bodyBytes}\r\n\r\n" + new string('x', bodyBytes));
        Assert.Null(HttpResponse.FieldOf(await client.ReadHead(), "Connection"));
        await client.Skip(bodyBytes);
        await sending;
        Assert.StartsWith("GET /second ", await server.Answer(), System.StringComparison.Ordinal);
        HttpResponse second = await client.ReadResponse();
        Assert.Equal(("ok", "close"), (second.Body, second.Connection));
        await client.ExpectFin();
    }

    [Fact]
    public async Task Finish_TheServerOfATunnelHearsOfAFinThatCameBeforeIt()
    {
        await using DrivenScene scene = await DrivenScene.Start("half_close = \"finish\"", "upgrade = [\"websocket\"]");
        await scene.Client.SendGet("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        scene.Client.HalfClose();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
        await scene.Client.ReadHead();
        Assert.Equal("hello", await scene.Client.Read(5));
        await server.ExpectFin();
        server.Close();
        await scene.Client.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Fact]
    [Trait("promise", "S4.22")]
    public async Task Finish_AClientThatIsFullyGone_IsNoticedAtTheFirstWrites_WithoutABusyLoopOrALeak()
    {
        await using DrivenScene scene = await DrivenScene.Start("half_close = \"finish\"");
        OriginConnection server = await scene.Ask();
        scene.Client.Close();
        await scene.Proxy.Metric("nativeproxy_requests_total");

        // A half-closed socket stays readable: a loop that asks it again and again would use all of this time.
        long ticks = ProcessView.ProcessorTicks(scene.Proxy.Id);
        await PassingTime.Of(600);
        Assert.InRange(ProcessView.ProcessorTicks(scene.Proxy.Id) - ticks, 0, 20);
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        await Record.ExceptionAsync(async () =>
        {
            for (int i = 0; i < 1000; i++)
                await server.Send(new string('x', 100_000));
        });
        await scene.Proxy.WaitUntilIdle();
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
    }

    /// <summary>Nothing of it can be read behind a FIN, and nothing is written while the server is silent.</summary>
    [Theory]
    [Trait("promise", "S4.22")]
    [InlineData("finish", false)]
    [InlineData("finish", true)]
    [InlineData("auto", false)]
    public async Task ResetBehindTheFin_EndsTheExchange_AndADrain(string policy, bool drains)
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Runtime("drain_timeout = \"1h\"")
            .Listener($"half_close = \"{policy}\""));
        OriginConnection server = await scene.Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        scene.Client.HalfClose();
        await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        if (drains)
        {
            scene.Proxy.Signal(LinuxSignals.Terminate);
            await scene.Proxy.Errors.WaitFor("stopping: no new connections");
        }

        scene.Client.Reset();

        await server.ExpectReset();
        if (drains)
            Assert.Equal(0, await scene.Proxy.WaitForExit());
        else
            await scene.ExpectClose("client", "client_aborted", "peer_reset");
        CloseLine line = CloseLine.Parse(await scene.Proxy.Output.WaitFor(static text => CloseLine.IsOf("client", text), "a closed client"));
        Assert.Equal(("client_aborted", "peer_reset"), (line.Reason, line.By));
    }

    /// <summary>Its server, which is told of the FIN, need not say anything for it.</summary>
    [Fact]
    public async Task ResetBehindTheFin_EndsATunnel()
    {
        await using CloseScene scene = await CloseScene.Start("upgrade = [\"websocket\"]");
        OriginConnection server = await scene.EnterTunnel();
        scene.Client.HalfClose();
        await server.ExpectFin();

        scene.Client.Reset();

        CloseLine line = await scene.ExpectClose("client", "tunnel_ended", "peer_reset");
        Assert.Equal(1, line.Uses);
        await scene.ExpectClose("server", "upgrade_ended", "proxy");
    }

    [Fact]
    [Trait("promise", "S4.21")]
    public async Task Abort_TheExchangeIsGivenUp_AndTheServerIsReset()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        scene.Client.HalfClose();
        await server.ExpectReset();
        await scene.Client.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Theory]
    [Trait("promise", "S4.21")]
    [InlineData("abort")]
    [InlineData("finish")]
    public async Task FinInsideARequest_EndsTheExchangeInBothPolicies(string policy)
    {
        await using DrivenScene scene = await DrivenScene.Start($"half_close = \"{policy}\"");
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("abc");
        scene.Client.HalfClose();
        await server.ExpectReset();
        await scene.Client.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Theory]
    [Trait("promise", "B7")]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: browser\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: tool\r\nConnection: close\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.0\r\nUser-Agent: old\r\nConnection: keep-alive\r\n\r\n", true)]
    public async Task Auto_FinishesForThoseWhoHalfClose_AndGivesUpBrowsersThatLeft(string request, bool isAnswered)
    {
        await using DrivenScene scene = await DrivenScene.Start("half_close = \"auto\"");
        OriginConnection server = await scene.Ask(request);
        scene.Client.HalfClose();
        if (isAnswered)
        {
            await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
            await server.Send(OriginConnection.Ok);
            HttpResponse response = await scene.Client.ReadResponse();
            Assert.Equal(("ok", "close"), (response.Body, response.Connection));
            await scene.Client.ExpectFin();
        }
        else
        {
            await server.ExpectEnd();
            Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_requests_aborted_total"));
        }
        await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 0);
    }

    [Fact]
    [Trait("promise", "S4.24")]
    public async Task AFloodOfHalfClosedClients_IsBounded_AndTheirPlacesAreGivenBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("half_close = \"finish\"", "limits.half_closed = 2").Upstream("keepalive.enabled = false"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await using RawClient third = await proxy.Connect();
        OriginConnection[] servers = new OriginConnection[3];
        RawClient[] clients = [first, second, third];
        for (int i = 0; i < 3; i++)
        {
            await clients[i].SendGet();
            servers[i] = await origin.Accept();
            await servers[i].ReadRequest();
            clients[i].HalfClose();
            await proxy.WaitForMetric(i < 2 ? "nativeproxy_clients_half_closed" : "nativeproxy_requests_aborted_total", i < 2 ? i + 1 : 1);
        }
        await servers[2].ExpectEnd();
        await servers[0].Send(OriginConnection.Ok);
        await servers[1].Send(OriginConnection.Ok);
        Assert.Equal("ok", (await first.ReadResponse()).Body);
        Assert.Equal("ok", (await second.ReadResponse()).Body);
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 0);

        await using RawClient fourth = await proxy.Connect();
        await fourth.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        fourth.HalfClose();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await server.Send(OriginConnection.Ok);
        Assert.Equal("ok", (await fourth.ReadResponse()).Body);
    }
}
