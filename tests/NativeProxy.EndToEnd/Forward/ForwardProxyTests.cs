using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Forward;

/// <summary>Requests with an absolute http:// target go to the origin that it names.</summary>
public sealed class ForwardProxyTests
{
    [Fact]
    public async Task AbsoluteTarget_BecomesOriginForm_WithTheHostOfTheTarget()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.Send($"GET {scene.Url}/p/a?q=%20 HTTP/1.1\r\nHost: decoy.test\r\nAccept: */*\r\nProxy-Connection: keep-alive\r\n"
            + "Proxy-Authorization: Basic c2VjcmV0\r\nAuthorization: Basic b3JpZ2lu\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal(
            $"GET /p/a?q=%20 HTTP/1.1\r\nHost: {scene.Origin.Address}\r\nAccept: */*\r\n"
            + "Authorization: Basic b3JpZ2lu\r\nVia: 1.1 us\r\n\r\n", await server.ReadHead());
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 inner\r\n\r\nok");
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 inner\r\nVia: 1.1 us\r\n\r\nok", await scene.Client.ReadThrough("\r\n\r\nok"));
    }

    [Theory]
    [InlineData("GET", "", "GET / ")]
    [InlineData("GET", "?q", "GET /?q ")]
    [InlineData("OPTIONS", "", "OPTIONS * ")]
    [InlineData("OPTIONS", "/", "OPTIONS / ")]
    [InlineData("TRACE", "/x", "TRACE /x ")]
    public async Task TargetWithoutAPath_IsCompleted(string method, string rest, string line)
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Send($"{method} {scene.Url}{rest} HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.StartsWith(line, scene.Origin.Requests[0].Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestOfHttp10_NeedsNoHost_AndTheViaFieldsSayTheVersions()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.Send($"GET {scene.Url}/ HTTP/1.0\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal($"GET / HTTP/1.1\r\nHost: {scene.Origin.Address}\r\nVia: 1.0 us\r\n\r\n", await server.ReadHead());
        await server.Send("HTTP/1.0 200 OK\r\n\r\nbody");
        server.Close();
        Assert.Equal(("HTTP/1.1 200 OK\r\nVia: 1.0 us\r\nConnection: close\r\n\r\nbody", StreamEnd.Fin), await scene.Client.ReadToEnd());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("forwarded.x_forwarded_for = true", "X-Forwarded-For: 127.0.0.1\r\n")]
    [InlineData("forwarded.x_forwarded_proto = true", "X-Forwarded-Proto: http\r\n")]
    [InlineData("forwarded.x_forwarded_host = true", "X-Forwarded-Host: ORIGIN\r\n")]
    [InlineData("forwarded.x_forwarded_for = \"auto\"", "")]
    public async Task ClientIsNotAnnouncedToTheInternet_UnlessTheSettingsSaySo(string line, string expected)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven().AsDestination();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.Forward(line));
        await using RawClient client = await proxy.Connect();
        await client.Send($"GET http://{origin.Address}/ HTTP/1.1\r\nHost: {origin.Address}\r\n\r\n");

        Assert.Equal(
            $"GET / HTTP/1.1\r\nHost: {origin.Address}\r\n{expected.Replace("ORIGIN", origin.Address, StringComparison.Ordinal)}Via: 1.1 "
            + "nativeproxy\r\n\r\n",
            await (await origin.Accept()).ReadHead());
    }

    [Fact]
    public async Task OneClientConnection_ReachesManyOrigins_AndEachKeepsItsOwnConnections()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await using ScriptedOrigin other = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother").AsDestination();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("ok", (await scene.Client.Ask(scene.Url + "/" + i)).Body);
            Assert.Equal("other", (await scene.Client.Ask($"http://{other.Address}/{i}")).Body);
        }
        Assert.Equal([1, 1, 1], scene.Origin.RequestConnections);
        Assert.Equal([1, 1, 1], other.RequestConnections);
        Assert.Equal(2, await scene.Proxy.Metric("nativeproxy_forward_origins"));
        Assert.All(await scene.Proxy.Output.WaitForCount(6), line => Assert.Contains(" web forward/direct ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PipelinedRequestsToDifferentOrigins_AreAnsweredInOrder()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await using ScriptedOrigin other = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother").AsDestination();
        await scene.Client.Send(RawClient.Get(scene.Url) + RawClient.Post($"http://{other.Address}/", "body") + RawClient.Get(scene.Url));
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("other", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.EndsWith("\r\n\r\nbody", other.Requests[0].Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_IsResolvedOnce_AndItsCaseDoesNotMatter()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        foreach (string host in (string[])["localhost", "LOCALHOST", "LocalHost"])
            Assert.Equal("ok", (await scene.Client.Ask($"http://{host}:{scene.Origin.Port}/")).Body);
        Assert.Equal([1, 1, 1], scene.Origin.RequestConnections);
        Assert.Contains($"Host: LocalHost:{scene.Origin.Port}\r\n", scene.Origin.Requests[2].Request, StringComparison.Ordinal);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_name_lookups_total"));
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_name_lookups_failed_total"));
    }

    [Fact]
    public async Task BodyThatComesWhileTheNameIsLookedUp_IsNotLost()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        string body = new('x', 200_000);
        await scene.Client.Send(RawClient.Post($"http://localhost:{scene.Origin.Port}/", body));
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.EndsWith("\r\n\r\n" + body, scene.Origin.Requests[0].Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NameThatDoesNotExist_IsTheServersFault_AndTheConnectionLivesOn()
    {
        await using ForwardScene scene = await ForwardScene.Answering("forward.timeouts.connect = \"2s\"");

        // 504 where no name server answers in time.
        Assert.Contains((await scene.Client.Ask("http://no-such-name.invalid/")).Status, (int[])[502, 504]);
        Assert.Contains((await scene.Client.Ask("http://no-such-name.invalid/")).Status, (int[])[502, 504]);
        Assert.Equal(200, (await scene.Client.Ask(scene.Url)).Status);
    }

    [Fact]
    public async Task StaleConnection_IsReplacedOnce()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.SendGet(scene.Url);
        OriginConnection first = await scene.Origin.Accept();
        await first.Answer();
        await scene.Client.ReadResponse();
        await scene.Proxy.Freeze();
        await scene.Client.SendGet(scene.Url);
        first.Close();
        scene.Proxy.Thaw();
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    public async Task OriginThatRefuses_Is502()
    {
        using var dead = new DeadServer();
        await using ForwardScene scene = await ForwardScene.Answering();
        Assert.Equal(502, (await scene.Client.Ask($"http://{dead.Address}/")).Status);
        Assert.Equal(200, (await scene.Client.Ask(scene.Url)).Status);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET https://127.0.0.1/ HTTP/1.1\r\nHost: h\r\n\r\n", 501)]
    [InlineData("GET HTTPS://127.0.0.1:8443/ HTTP/1.1\r\nHost: h\r\n\r\n", 501)]
    [InlineData("GET ftp://127.0.0.1/ HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET http://u:p@127.0.0.1:8080/ HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET http://a%41.test/ HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET http://a..test/ HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("GET http://127.0.0.1:0/ HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1 HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("CONNECT http://127.0.0.1:443/ HTTP/1.1\r\nHost: h\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 400)]
    [InlineData("CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    public async Task WhatIsNoRequestToAForwardProxy_IsRefused(string request, int status)
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Send(request);
        HttpResponse response = await scene.Client.ReadResponse(request.Split(' ')[0]);
        Assert.Equal(status, response.Status);
        await scene.Client.ExpectEnd();
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Fact]
    [Trait("layer", "no")] // it speaks records to its clients, and none to destinations
    public async Task ProxyThatIsItsOwnDestination_DoesNotLoop()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        HttpResponse response = await scene.Client.Ask($"http://127.0.0.1:{scene.Proxy.Port()}/");
        Assert.Equal(400, response.Status);
        Assert.Contains("This is a forward proxy", response.Body, StringComparison.Ordinal);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Fact]
    public async Task Reload_KeepsTheConnectionsOfTheOrigins()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Ask(scene.Url);
        await scene.Proxy.Reload(text => text + "\n");
        await scene.Client.Ask(scene.Url);
        Assert.Equal([1, 1], scene.Origin.RequestConnections);
    }

    [Fact]
    [Trait("layer", "no")] // the same server behind both
    public async Task ReverseAndForwardListeners_StandSideBySide()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).AddListener("out", ""));
        Assert.Equal("ok", (await proxy.AskOnce("/reverse")).Body);
        Assert.Equal("ok", (await proxy.AskOnce($"http://{origin.Address}/forward", "out")).Body);
        Assert.Equal(400, (await proxy.AskOnce("/reverse", "out")).Status);
        Assert.Equal([1, 2], origin.RequestConnections);
        await using RawClient client = await proxy.Connect();
        await client.Send(ForwardScene.Connect(origin.Address));
        Assert.Equal(405, (await client.ReadResponse()).Status);
    }

    [Fact]
    public async Task ListenerThatAReloadRemoves_LeavesNoConnectionBehind()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering().AsDestination();
        ProxyConfig both = ProxyConfig.For(origin).AddListener("out", "");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(both);
        await proxy.AskOnce($"http://{origin.Address}/", "out");
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connections_open"));
        await proxy.Reload(ProxyConfig.For(origin));
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        await proxy.WaitForMetric("nativeproxy_forward_origins", 0);
    }
}
