using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>Which requests keep the client connection, and what the response says about it.</summary>
public sealed class PersistenceTests
{
    private const string KeepAlive10 = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

    [Fact]
    [Trait("promise", "S0.1")]
    public async Task Http10RequestWithKeepAlive_IsAnsweredWithKeepAlive_AndTheConnectionStaysOpen()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        for (int i = 0; i < 3; i++)
        {
            await scene.Client.Send(KeepAlive10);
            HttpResponse response = await scene.Client.ReadResponse();
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n", response.Head);
        }
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_accepted_total"));
    }

    [Fact]
    [Trait("promise", "S0.2")]
    public async Task Http10RequestWithoutKeepAlive_IsAnsweredWithClose_AndFin()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Send("GET / HTTP/1.0\r\n\r\n");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(("close", "ok"), (response.Connection, response.Body));
        await scene.Client.ExpectFin();
    }

    [Fact]
    [Trait("promise", "S0.3")]
    public async Task Http11RequestWithoutConnectionField_KeepsTheConnection_AndTheResponseNeedNotSaySo()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", (await scene.Client.Ask()).Head);
        Assert.Equal("ok", (await scene.Client.Ask()).Body);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_accepted_total"));
    }

    [Theory]
    [Trait("promise", "S0.4")]
    [InlineData("http10", "1.1", null)]
    [InlineData("http10", "1.0", "keep-alive")]
    [InlineData("always", "1.1", "keep-alive")]
    [InlineData("always", "1.0", "keep-alive")]
    public async Task ConnectionHeaderOption_DecidesWhichKeptResponsesSayKeepAlive(string option, string version, string? expected)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener($"keepalive.connection_header = \"{option}\""));
        for (int i = 0; i < 2; i++)
        {
            await scene.Client.Send($"GET / HTTP/{version}\r\nHost: test\r\n{(version == "1.0" ? "Connection: keep-alive\r\n" : "")}\r\n");
            Assert.Equal(expected, (await scene.Client.ReadResponse()).Connection);
        }
    }

    [Fact]
    [Trait("promise", "S0.4")]
    public async Task ConnectionHeaderAlways_StillSaysCloseWhereTheConnectionEnds()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("keepalive.connection_header = \"always\""));
        Assert.Equal("close", (await scene.Client.Ask("/", "Connection: close\r\n")).Connection);
        await scene.Client.ExpectFin();
    }

    [Fact]
    [Trait("promise", "S0.5")]
    public async Task AfterAResponse_TheNextRequestOnTheSameConnectionIsAnswered()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(request => $"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{request[4..6]}");
        foreach (string target in (string[])["/a", "/b", "/c", "/d"])
            Assert.Equal(target, (await scene.Client.Ask(target)).Body);
    }

    [Fact]
    [Trait("promise", "S0.6")]
    public async Task NextRequestIsNotTakenBeforeTheLastBodyByteOfTheResponseWasWritten()
    {
        const int bodyBytes = 48 * 1024 * 1024;
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 32 * 1024);
        await client.Send(RawClient.Get("/first") + RawClient.Get("/second"));
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        Task sending = SendLarge(server, bodyBytes);
        string head = await client.ReadHead();
        await client.Skip(bodyBytes / 2);

        // A quarter of the body at most fits into the kernel's buffers, so the proxy cannot have written all of it.
        Assert.Equal((0, 1), (server.Socket.Available, origin.ConnectionCount));
        await client.Skip(bodyBytes - (bodyBytes / 2));
        await sending;
        Assert.StartsWith("GET /second ", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal("ok", (await client.ReadResponse()).Body);
        Assert.Contains($"Content-Length: {bodyBytes}\r\n", head, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "S0.7")]
    public async Task NextRequestIsNotTakenBeforeTheTerminatingChunkAndTheTrailersWereWritten()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddUpstream("other", other.Address).AddListener("other", "other"));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/first") + RawClient.Get("/second"));
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        foreach (string part in (string[])["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "0\r\n", "X-Trail: 1\r\n"])
        {
            await server.Send(part);

            // A whole exchange of somebody else: the proxy has dealt with the part above by then.
            await proxy.AskOnce(listener: "other");
            Assert.Equal((0, 1), (server.Socket.Available, origin.ConnectionCount));
        }
        await server.Send("\r\n");
        Assert.StartsWith("GET /second ", await server.Answer(), StringComparison.Ordinal);
        HttpResponse first = await client.ReadResponse();
        Assert.Equal(("abc", "X-Trail: 1\r\n"), (first.Body, first.Trailers));
        Assert.Equal("ok", (await client.ReadResponse()).Body);
    }

    [Fact]
    [Trait("promise", "S0.10")]
    public async Task KeepAliveIsAnOptionOfEachListener()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddListener("single", "app").Listener("keepalive.enabled = false"));
        await using RawClient kept = await proxy.Connect();
        await using RawClient single = await proxy.Connect("single");
        Assert.Null((await kept.Ask()).Connection);
        Assert.Equal("close", (await single.Ask()).Connection);
        await single.ExpectFin();
        Assert.Equal("ok", (await kept.Ask()).Body);
    }

    [Fact]
    [Trait("promise", "S0.11")]
    public async Task ServerSideOff_EachRequestHasItsOwnServerConnection_WhileTheClientConnectionPersists()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Upstream("keepalive.enabled = false"));
        for (int i = 0; i < 3; i++)
            Assert.Null((await scene.Client.Ask()).Connection);
        Assert.Equal([1, 2, 3], scene.Origin.RequestConnections);
        Assert.All(scene.Origin.Requests, request => Assert.Equal("close", HttpResponse.FieldOf(request.Request, "Connection")));
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_accepted_total"));
    }

    [Fact]
    [Trait("promise", "S0.12")]
    public async Task KeepAliveOffEverywhere_EveryResponseSaysCloseAndIsFollowedByFin()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.enabled = false").Upstream("keepalive.enabled = false"));
        foreach (string request in (string[])[RawClient.Get(), KeepAlive10, RawClient.Get("/", "Connection: keep-alive\r\n")])
        {
            await using RawClient client = await proxy.Connect();
            await client.Send(request);
            Assert.Equal("close", (await client.ReadResponse()).Connection);
            await client.ExpectFin();
        }
        Assert.Equal([1, 2, 3], origin.RequestConnections);
    }

    [Fact]
    [Trait("promise", "ARCH-3")]
    public async Task OneRequestPerConnectionOnBothSides_EachRequestSaysWhoTheClientIs()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.enabled = false").Upstream("keepalive.enabled = false"));
        for (int i = 0; i < 3; i++)
            Assert.Equal("close", (await proxy.AskOnce()).Connection);
        Assert.Equal([1, 2, 3], origin.RequestConnections);
        Assert.All(origin.Requests, request => Assert.Equal("127.0.0.1", HttpResponse.FieldOf(request.Request, "X-Forwarded-For")));
    }

    [Fact]
    [Trait("promise", "S4.1")]
    public async Task ClientKeepAliveOff_EveryResponseSaysClose_OwnAnswersOfTheProxyToo()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.enabled = false")
                .AddUpstream("dead", dead.Address).AddListener("dead", "dead").Listener("keepalive.enabled = false"));
        await ExpectClose(proxy, "web", RawClient.Get(), 200);
        await ExpectClose(proxy, "web", KeepAlive10, 200);
        await ExpectClose(proxy, "web", "GET / HTTP/1.1\r\n\r\n", 400);
        await ExpectClose(proxy, "dead", RawClient.Get(), 502);
    }

    [Fact]
    [Trait("promise", "S3.2")]
    public async Task APageWithManyResources_NeedsOneConnection()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        for (int i = 0; i < 50; i++)
            Assert.Equal(200, (await scene.Client.Ask($"/resource/{i}")).Status);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_accepted_total"));
        Assert.Equal(50, await scene.Proxy.Metric("nativeproxy_requests_total"));
    }

    [Theory]
    [Trait("promise", "S3.8")]
    [InlineData("1.1", "close")]
    [InlineData("1.1", "Close")]
    [InlineData("1.1", "x-other, close")]
    [InlineData("1.1", "keep-alive, close")]
    [InlineData("1.0", "close")]
    [InlineData("1.0", "keep-alive, close")]
    public async Task RequestThatSaysClose_EndsTheConnectionAfterItsResponse(string version, string connection)
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Send($"GET / HTTP/{version}\r\nHost: test\r\nConnection: {connection}\r\n\r\n");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(("close", "ok"), (response.Connection, response.Body));
        await scene.Client.ExpectFin();
        Assert.Null(HttpResponse.FieldOf(scene.Origin.Requests.Single().Request, "Connection"));
    }

    [Theory]
    [Trait("promise", "S3.9")]
    [InlineData("1.0")]
    [InlineData("1.1")]
    public async Task RequestThatSaysKeepAlive_KeepsTheConnectionInBothVersions(string version)
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        for (int i = 0; i < 2; i++)
        {
            await scene.Client.Send($"GET / HTTP/{version}\r\nHost: test\r\nConnection: Keep-Alive\r\n\r\n");
            Assert.NotEqual("close", (await scene.Client.ReadResponse()).Connection);
        }
    }

    [Fact]
    [Trait("promise", "S3.10")]
    public async Task WithoutConnectionField_Http10IsClosed_AndHttp11IsKept()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient old = await proxy.Connect();
        await old.Send("GET / HTTP/1.0\r\nHost: test\r\n\r\n");
        Assert.Equal("close", (await old.ReadResponse()).Connection);
        await old.ExpectFin();
        await using RawClient modern = await proxy.Connect();
        await modern.Ask();
        Assert.Equal("ok", (await modern.Ask()).Body);
    }

    [Theory]
    [Trait("promise", "S4.3")]
    [InlineData(true, null)]
    [InlineData(false, "close")]
    public async Task AfterErrorOption_DecidesWhetherAnErrorResponseKeepsTheConnection(bool isKept, string? connection)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request => request.StartsWith("GET /ok", StringComparison.Ordinal)
            ? OriginConnection.Ok : $"HTTP/1.1 {request[5..8]} Error\r\nContent-Length: 1\r\n\r\ne");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener($"keepalive.after_error = {(isKept ? "true" : "false")}"));
        foreach (int status in (int[])[400, 404, 500, 503])
        {
            await using RawClient client = await proxy.Connect();
            Assert.Null((await client.Ask("/ok")).Connection);
            HttpResponse response = await client.Ask($"/{status}");
            Assert.Equal((status, connection), (response.Status, response.Connection));
            if (isKept)
                Assert.Equal("ok", (await client.Ask("/ok")).Body);
            else
                await client.ExpectFin();
        }
    }

    [Fact]
    [Trait("promise", "S1.1")]
    public async Task AdvertisedKeepAlive_NamesTheTimeout_AndCountsTheRequestsDown()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener("keepalive = { timeout = \"10s\", max_requests = 4, advertise = true }"));
        foreach (string expected in (string[])["timeout=10, max=3", "timeout=10, max=2", "timeout=10, max=1"])
            Assert.Equal(expected, (await scene.Client.Ask()).Field("Keep-Alive"));
        HttpResponse last = await scene.Client.Ask();
        Assert.Equal(("close", null), (last.Connection, last.Field("Keep-Alive")));
        await scene.Client.ExpectFin();
    }

    private static async Task ExpectClose(ProxyUnderTest proxy, string listener, string request, int status)
    {
        await using RawClient client = await proxy.Connect(listener);
        await client.Send(request);
        HttpResponse response = await client.ReadResponse();
        Assert.Equal((status, "close"), (response.Status, response.Connection));
        await client.ExpectFin();
    }

    private static async Task SendLarge(OriginConnection server, int bodyBytes)
    {
        await server.Send($"HTTP/1.1 200 OK\r\nContent-Length: {bodyBytes}\r\n\r\n");
        byte[] block = new byte[256 * 1024];
        for (int sent = 0; sent < bodyBytes; sent += block.Length)
            await server.Send(block);
    }
}
