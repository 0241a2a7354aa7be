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
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        if (withReset)
            client.Reset();
        else
            client.Close();
        await server.ExpectFin();
        await proxy.WaitForMetric(PinnedNow, 0);
        Assert.Equal(1, await proxy.Metric(ServerClosed));
    }

    [Fact]
    public async Task ClientThatAskedToClose_TakesItsServerConnectionAlong()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", Last + "Connection: close\r\n");
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await client.ReadResponse();
        await server.ExpectFin();
        Assert.Equal((1, 0), (await proxy.Metric(ServerClosed), await proxy.Metric(Idle)));
    }

    [Fact]
    public async Task ClientThatIdlesTooLong_IsClosed_WithItsServerConnection_WhateverThePoolsIdleTime()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive.timeout = \"2s\"").Upstream("keepalive.idle_timeout = \"50ms\""));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        var passing = new PassingTime();
        await client.SendGet("/again");
        await server.Answer();
        await client.ReadResponse();
        await client.ExpectFin();
        passing.AssertAtLeast(2000);
        await server.ExpectFin();
        Assert.Equal(1, await proxy.Metric(ServerClosed));
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServerThatClosesThePinnedConnectionWhileIdle_EndsTheClientConnection(bool withReset)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        if (withReset)
            server.Reset();
        else
            server.Close();
        await client.ExpectFin();
        Assert.Equal((1, 0), (await proxy.Metric(ClientClosed), await proxy.Metric(PinnedNow)));
    }

    [Fact]
    public async Task ServerThatClosesAPooledConnectionWhileIdle_LeavesTheClientAlone()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", "Authorization: Basic TlRMTTpOVExN\r\n");
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await client.ReadResponse();
        server.Close();
        await proxy.WaitForMetric(Idle, 0);
        await client.SendGet("/again");
        await (await origin.Accept()).Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    [Fact]
    [Trait("promise", "B10")]
    public async Task BytesThatNobodyAskedFor_OnAPinnedConnection_EndBoth()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        await server.Send(OriginConnection.Ok);
        await client.ExpectFin();
        await server.ExpectReset();
    }

    [Theory]
    [InlineData("HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false)]
    [InlineData("HTTP/1.0 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\nok", false)]
    [InlineData("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"NTLM\"\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true)]
    public async Task ResponseThatEndsThePinnedServerConnection_EndsTheClientConnectionToo(string response, bool isKept)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(response);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        HttpResponse answer = await client.Ask();
        Assert.Equal((401, "ok", isKept ? null : "close"), (answer.Status, answer.Body, answer.Connection));
        if (isKept)
            await client.Ask();
        else
            await client.ExpectFin();
        Assert.Equal(isKept ? 0 : 1, await proxy.Metric(ClientClosed));
        Assert.EndsWith(isKept ? "rs=- why=-" : "rs=pinned_server_closed why=-", await proxy.Output.WaitFor("401"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerKeepAliveOff_ALoginCannotLast_AndTheClientIsTold()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.enabled = false"));
        await using RawClient client = await proxy.Connect();
        Assert.Null((await client.Ask()).Connection);
        Assert.Equal("close", (await client.Ask("/", Last)).Connection);
        await client.ExpectFin();
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServerThatClosesUnderARequest_IsNotReplaced_TheClientSeesTheEnd(bool withReset)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        await client.SendGet("/again");
        await server.ReadRequest();
        if (withReset)
            server.Reset();
        else
            server.Close();
        await client.ExpectFin();
        Assert.Equal((1, 1), (origin.ConnectionCount, (int)await proxy.Metric(ClientClosed)));
        Assert.Equal(0, await proxy.Metric("nativeproxy_retries_total{cause=\"stale_reuse\"}"));
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EndThatCrossesTheRequest_IsNotReplacedEither(bool withReset)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        await proxy.Freeze();
        await client.SendGet("/again");
        if (withReset)
            server.Reset();
        else
            server.Close();
        proxy.Thaw();
        await client.ExpectEnd();
        Assert.Equal(1, origin.ConnectionCount);
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
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        proxy.Signal(LinuxSignals.Terminate);
        await client.ExpectFin();
        await server.ExpectFin();
        client.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Fact]
    public async Task UpgradeOnThePinnedConnection_TakesItIntoTheTunnel()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, client);
        await client.SendGet("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        await server.Answer("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
        await client.ReadThrough("\r\n\r\nhello");
        await client.Send("hi");
        Assert.Equal("hi", await server.Read(2));
        client.Close();
        await server.ExpectFin();
        server.Close();
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task ServerThatGoesDown_EndsTheClientsThatHadAuthenticatedOnIt()
    {
        bool isUp = true;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
            request.StartsWith("GET /up ", StringComparison.Ordinal) && !isUp
                ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
                : OriginConnection.Ok);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Upstream("[upstream.health]", "type = \"http\"", "path = \"/up\"", "interval = \"50ms\"", "timeout = \"2s\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(200, (await client.Ask("/", Last)).Status);
        isUp = false;
        await client.ExpectFin();
        Assert.Equal((1, 0), (await proxy.Metric(ClientClosed), await proxy.Metric(PinnedNow)));
    }
}
