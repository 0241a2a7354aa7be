using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.ServerSide.LoginScene;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// NTLM and Negotiate authenticate a connection, not a request: the server connection then belongs to one client and waits for it outside
/// of the pool.
/// </summary>
public sealed class ConnectionAuthenticationTests
{
    [Fact]
    [Trait("promise", "S4.12")]
    public async Task Handshake_GoesOverOneServerConnection_AndSoDoesEverythingBehindIt()
    {
        await using DrivenScene scene = await DrivenScene.Start(config => config.Upstream("keepalive.reuse = \"safe\""));
        await scene.Client.SendGet("/1");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Null(HttpResponse.FieldOf(await server.Answer(Offer), "Authorization"));
        Assert.Equal(Offer, await scene.Client.Read(Offer.Length));
        await scene.Client.SendGet("/2", First);
        Assert.Equal("NTLM TlRMTVNTUAABAAAA", HttpResponse.FieldOf(await server.Answer(Challenge), "Authorization"));
        Assert.Equal(Challenge, await scene.Client.Read(Challenge.Length));
        await scene.Client.SendGet("/3", Last);
        Assert.Equal("NTLM TlRMTVNTUAADAAAA", HttpResponse.FieldOf(await server.Answer(), "Authorization"));
        Assert.Equal(OriginConnection.Ok, await scene.Client.Read(OriginConnection.Ok.Length));

        // The server knows the user now; even what may not use a pooled connection comes on this one.
        await scene.Client.SendGet("/4");
        Assert.StartsWith("GET /4 ", await server.Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
        await scene.Client.Send(RawClient.Post("/5", "body"));
        Assert.EndsWith("\r\n\r\nbody", await server.Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
        Assert.Equal(1, scene.Origin.ConnectionCount);
        await scene.Proxy.WaitForMetric(PinnedNow, 1);
        await scene.Proxy.WaitForMetric(Idle, 0);
    }

    [Fact]
    [Trait("promise", "S4.13")]
    public async Task SecondClient_GetsAnotherConnection_EvenWhileTheFirstIsIdle()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, first);

        await second.SendGet("/of-second");
        OriginConnection other = await origin.Accept();
        Assert.StartsWith("GET /of-second ", await other.Answer(), StringComparison.Ordinal);
        await second.ReadResponse();
        await first.SendGet("/of-first");
        Assert.StartsWith("GET /of-first ", await server.Answer(), StringComparison.Ordinal);
        await first.ReadResponse();
        await second.SendGet("/of-second-again");
        Assert.StartsWith("GET /of-second-again ", await other.Answer(), StringComparison.Ordinal);
        await second.ReadResponse();
        Assert.Equal(2, origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S4.13")]
    public async Task ConnectionFromThePool_IsNeverBackThere_OnceAClientHasAuthenticatedOnIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await second.SendGet();
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await second.ReadResponse();
        await proxy.WaitForMetric(Idle, 1);

        await first.SendGet("/1", Last);
        Assert.StartsWith("GET /1 ", await server.Answer(), StringComparison.Ordinal);
        await first.ReadResponse();
        await second.SendGet("/2");
        Assert.StartsWith("GET /2 ", await (await origin.Accept()).Answer(), StringComparison.Ordinal);
        await second.ReadResponse();
        await proxy.WaitForMetric(PinnedNow, 1);
        await proxy.WaitForMetric(Idle, 1);
    }

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData("", "WWW-Authenticate: Negotiate\r\n", true)]
    [InlineData("", "Proxy-Authenticate: Basic realm=\"a\", NTLM\r\n", true)]
    [InlineData("", "WWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: negotiate oYG2\r\n", true)]
    [InlineData("", "WWW-Authenticate: Basic realm=\"NTLM\"\r\n", false)]
    [InlineData("", "WWW-Authenticate: NTLMx\r\n", false)]
    [InlineData("Authorization: negotiate YII=\r\n", "", true)]
    [InlineData("Proxy-Authorization: NTLM TlRM\r\n", "", true)]
    [InlineData("Authorization: Basic TlRMTTpOVExN\r\n", "", false)]
    [InlineData("Authorization: Bearer NTLM\r\n", "", false)]
    public async Task WhatNamesAConnectionScheme_Pins_AndALookAlikeIsPooled(string requestLine, string responseLine, bool isPinned)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\n{responseLine}Content-Length: 2\r\n\r\nok");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.Ask("/first", requestLine);
        await proxy.WaitForMetric(isPinned ? PinnedNow : Idle, 1);
        await proxy.WaitForMetric(isPinned ? Idle : PinnedNow, 0);
        await second.Ask("/second");
        await first.Ask("/first-again");
        Assert.Equal(isPinned ? [1, 2, 1] : [1, 1, 1], origin.RequestConnections);
    }

    [Fact]
    public async Task FirstStepOfALogin_OnAPooledConnectionThatIsStale_IsRetried()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection stale = await scene.Exchange();
        await scene.Client.SendGet("/1", First);
        await stale.ReadRequest();
        stale.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        await fresh.Answer(Challenge);
        Assert.Equal(401, (await scene.Client.ReadResponse()).Status);
        await scene.Client.SendGet("/2", Last);
        Assert.StartsWith("GET /2 ", await fresh.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task PinnedConnection_CountsUnderTheServersLimit_UntilItsClientLeaves()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        OriginConnection server = await Authenticate(origin, first);
        await second.SendGet("/second");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);
        await first.SendGet("/first");
        Assert.StartsWith("GET /first ", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await first.ReadResponse()).Status);
        Assert.Equal((1, 1), (origin.ConnectionCount, (int)await proxy.Metric("nativeproxy_queue_waiting")));

        first.Close();
        Assert.StartsWith("GET /second ", await (await origin.Accept()).Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await second.ReadResponse()).Status);
    }

    [Fact]
    public async Task PipelinedRequests_StayOnThePinnedConnection()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Send(RawClient.Get("/1", Last) + RawClient.Get("/2") + RawClient.Get("/3"));
        for (int i = 0; i < 3; i++)
            await scene.Client.ReadResponse();
        await scene.Proxy.AskOnce();
        Assert.Equal([1, 1, 1, 2], scene.Origin.RequestConnections);
    }

    [Fact]
    public async Task ReloadWithTheSameServer_KeepsThePinnedConnection()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await Authenticate(scene);
        await scene.Proxy.Reload(static text => text + "weight = 2\n");
        await scene.Proxy.WaitForMetric("nativeproxy_reloads_total{outcome=\"done\"}", 1);
        await scene.Client.SendGet("/again");
        Assert.StartsWith("GET /again ", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    public async Task ManyClients_NeverShare_AndNothingIsLeft()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.max_idle = 4"));
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.Connect()));
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < clients.Length; i++)
                await clients[i].Ask($"/{i}", i % 2 == 0 && round == 0 ? Last : "");
        }
        string[] authenticated = [.. Enumerable.Range(0, 10).Select(i => $"GET /{i * 2} ")];
        int[][] connections =
        [
            .. authenticated.Select(start => origin.Requests
                .Where(request => request.Request.StartsWith(start, StringComparison.Ordinal)).Select(request => request.Connection).Distinct()
                .ToArray()),
        ];
        Assert.All(connections, own => Assert.Single(own));
        Assert.Equal(10, connections.SelectMany(own => own).Distinct().Count());
        Assert.DoesNotContain(
            origin.Requests.Where(request => !authenticated.Any(start => request.Request.StartsWith(start, StringComparison.Ordinal))),
            request => connections.Any(own => own.Contains(request.Connection)) && IsBehindLogin(origin, request));
        foreach (RawClient client in clients)
            await client.DisposeAsync();
        await proxy.WaitForMetric(PinnedNow, 0);
        Assert.Equal(10, await proxy.Metric(ServerClosed));
    }

    /// <summary>Whether a login had gone over the connection before this request came on it.</summary>
    private static bool IsBehindLogin(ScriptedOrigin origin, (int Connection, string Request) request) =>
        origin.Requests.TakeWhile(earlier => earlier != request)
            .Any(earlier => earlier.Connection == request.Connection && earlier.Request.Contains("Authorization: NTLM", StringComparison.Ordinal));
}
