using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.ServerSide.LoginScene;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A client connection and the server connection on which it has authenticated end together, and neither is replaced.</summary>
public sealed class PinnedConnectionEndTests
{
    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClientThatLeaves_TakesItsServerConnectionAlong(bool withReset)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        if (withReset)
            scene.Client.Reset();
        else
            scene.Client.Close();
        await server.ExpectFin();
        await scene.Proxy.WaitForMetric(PinnedNow, 0);
        Assert.Equal(1, await scene.Proxy.Metric(ServerClosed));
    }

    [Fact]
    public async Task ClientThatAskedToClose_TakesItsServerConnectionAlong()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Exchange(request: RawClient.Get("/", Last + "Connection: close\r\n"));
        await server.ExpectFin();
        Assert.Equal((1, 0), (await scene.Proxy.Metric(ServerClosed), await scene.Proxy.Metric(Idle)));
    }

    [Fact]
    public async Task ClientThatIdlesTooLong_IsClosed_WithItsServerConnection_WhateverThePoolsIdleTime()
    {
        await using DrivenScene scene = await DrivenScene.Start(
            config => config.Listener("keepalive.timeout = \"2s\"").Upstream("keepalive.idle_timeout = \"50ms\""));
        OriginConnection server = await Authenticate(scene);
        var passing = new PassingTime();
        await scene.Client.SendGet("/again");
        await server.Answer();
        await scene.Client.ReadResponse();
        await scene.Client.ExpectFin();
        passing.AssertAtLeast(2000);
        await server.ExpectFin();
        Assert.Equal(1, await scene.Proxy.Metric(ServerClosed));
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServerThatClosesThePinnedConnectionWhileIdle_EndsTheClientConnection(bool withReset)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        if (withReset)
            server.Reset();
        else
            server.Close();
        await scene.Client.ExpectFin();
        Assert.Equal((1, 0), (await scene.Proxy.Metric(ClientClosed), await scene.Proxy.Metric(PinnedNow)));
    }

    [Fact]
    public async Task ServerThatClosesAPooledConnectionWhileIdle_LeavesTheClientAlone()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Exchange(request: RawClient.Get("/", "Authorization: Basic TlRMTTpOVExN\r\n"));
        server.Close();
        await scene.Proxy.WaitForMetric(Idle, 0);
        await scene.Client.SendGet("/again");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    [Trait("promise", "B10")]
    public async Task BytesThatNobodyAskedFor_OnAPinnedConnection_EndBoth()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        await server.Send(OriginConnection.Ok);
        await scene.Client.ExpectFin();
        await server.ExpectReset();
    }

    [Theory]
    [InlineData("HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false)]
    [InlineData("HTTP/1.0 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\nok", false)]
    [InlineData("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"NTLM\"\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true)]
    public async Task ResponseThatEndsThePinnedServerConnection_EndsTheClientConnectionToo(string response, bool isKept)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(response);
        HttpResponse answer = await scene.Client.Ask();
        Assert.Equal((401, "ok", isKept ? null : "close"), (answer.Status, answer.Body, answer.Connection));
        if (isKept)
            await scene.Client.Ask();
        else
            await scene.Client.ExpectFin();
        Assert.Equal(isKept ? 0 : 1, await scene.Proxy.Metric(ClientClosed));
        Assert.EndsWith(isKept ? "rs=- why=-" : "rs=pinned_server_closed why=-", await scene.Proxy.Output.WaitFor("401"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerKeepAliveOff_ALoginCannotLast_AndTheClientIsTold()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Upstream("keepalive.enabled = false"));
        Assert.Null((await scene.Client.Ask()).Connection);
        Assert.Equal("close", (await scene.Client.Ask("/", Last)).Connection);
        await scene.Client.ExpectFin();
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServerThatClosesUnderARequest_IsNotReplaced_TheClientSeesTheEnd(bool withReset)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        await scene.Client.SendGet("/again");
        await server.ReadRequest();
        if (withReset)
            server.Reset();
        else
            server.Close();
        await scene.Client.ExpectFin();
        Assert.Equal((1, 1), (scene.Origin.ConnectionCount, (int)await scene.Proxy.Metric(ClientClosed)));
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_retries_total{cause=\"stale_reuse\"}"));
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EndThatCrossesTheRequest_IsNotReplacedEither(bool withReset)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        await scene.Proxy.Freeze();
        await scene.Client.SendGet("/again");
        if (withReset)
            server.Reset();
        else
            server.Close();
        scene.Proxy.Thaw();
        await scene.Client.ExpectEnd();
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task ReloadThatRemovesTheServer_EndsTheAuthenticatedClients_AndOnlyThem()
    {
        await using ScriptedOrigin old = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(old);
        await using RawClient client = await proxy.Connect();
        await using RawClient bystander = await proxy.Connect();
        OriginConnection server = await Authenticate(old, client);
        await bystander.SendGet();
        await (await old.Accept()).Answer();
        await bystander.ReadResponse();

        await proxy.Reload(text => text.Replace(old.Address, other.Address, StringComparison.Ordinal));

        await client.ExpectFin();
        await server.ExpectFin();
        Assert.Equal(200, (await bystander.Ask()).Status);
        Assert.Equal(1, await proxy.Metric(ClientClosed));
    }

    [Fact]
    public async Task Drain_ClosesAnIdleClientAndItsPinnedConnection()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        scene.Proxy.Signal(LinuxSignals.Terminate);
        await scene.Client.ExpectFin();
        await server.ExpectFin();
        scene.Client.Close();
        Assert.Equal(0, await scene.Proxy.WaitForExit());
    }

    [Fact]
    public async Task UpgradeOnThePinnedConnection_TakesItIntoTheTunnel()
    {
        await using DrivenScene scene = await DrivenScene.Start("upgrade = [\"websocket\"]");
        OriginConnection server = await Authenticate(scene);
        await scene.Client.SendGet("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        await server.Answer("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
        await scene.Client.ReadThrough("\r\n\r\nhello");
        await scene.Client.Send("hi");
        Assert.Equal("hi", await server.Read(2));
        scene.Client.Close();
        await server.ExpectFin();
        server.Close();
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Fact]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task ServerThatGoesDown_EndsTheClientsThatHadAuthenticatedOnIt()
    {
        bool isUp = true;
        await using AnsweringScene scene = await AnsweringScene.Start(
            request => request.StartsWith("GET /up ", StringComparison.Ordinal) && !isUp
                ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
                : OriginConnection.Ok,
            config => config.Upstream("[upstream.health]", "type = \"http\"", "path = \"/up\"", "interval = \"50ms\"", "timeout = \"2s\""));
        Assert.Equal(200, (await scene.Client.Ask("/", Last)).Status);
        isUp = false;
        await scene.Client.ExpectFin();
        Assert.Equal((1, 0), (await scene.Proxy.Metric(ClientClosed), await scene.Proxy.Metric(PinnedNow)));
    }
}
