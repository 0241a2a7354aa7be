using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.ServerSide.LoginScene;

namespace NativeProxy.EndToEnd.Forward;

/// <summary>A client of a forward proxy that authenticates to an origin by NTLM or Negotiate has a connection of its own to that origin.</summary>
public sealed class ForwardAuthenticationTests
{
    [Fact]
    [Trait("promise", "S4.12")]
    public async Task LoginAtOneOrigin_PinsItsConnection_OtherOriginsArePooled()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await using ScriptedOrigin other = ScriptedOrigin.Answering().AsDestination();
        await using RawClient second = await scene.Proxy.Connect();
        await scene.Client.Ask(scene.Url + "/login", Last);
        await scene.Client.Ask($"http://{other.Address}/");
        await scene.Client.Ask(scene.Url + "/again");
        await second.Ask(scene.Url + "/");
        await second.Ask($"http://{other.Address}/");
        Assert.Equal([1, 1, 2], scene.Origin.RequestConnections);
        Assert.Equal([1, 1], other.RequestConnections);
    }

    [Fact]
    public async Task LoginAtASecondOrigin_ClosesTheConnectionToTheFirst()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering().AsDestination();
        await scene.Client.SendGet(scene.Url + "/login", Last);
        OriginConnection first = await scene.Origin.Accept();
        await first.Answer();
        await scene.Client.ReadResponse();
        await scene.Client.Ask($"http://{other.Address}/login", Last);
        await first.ExpectFin();
        await scene.Client.Ask($"http://{other.Address}/again");
        Assert.Equal([1, 1], other.RequestConnections);
        await scene.Client.SendGet(scene.Url + "/again");
        Assert.StartsWith("GET /again ", await (await scene.Origin.Accept()).Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    public async Task OriginThatClosesDuringARequestToAnother_EndsTheClientConnectionBehindIt()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Driven().AsDestination();
        await scene.Client.SendGet(scene.Url + "/login", Last);
        OriginConnection first = await scene.Origin.Accept();
        await first.Answer();
        await scene.Client.ReadResponse();
        await scene.Client.SendGet($"http://{other.Address}/");
        OriginConnection second = await other.Accept();
        await second.ReadRequest();
        first.Close();
        await scene.Proxy.WaitForMetric(PinnedNow, 0);
        await second.Send(OriginConnection.Ok);
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(("ok", "close"), (response.Body, response.Connection));
        await scene.Client.ExpectFin();
        Assert.Equal(1, await scene.Proxy.Metric(ClientClosed));
    }

    [Fact]
    public async Task CredentialsForTheProxy_EndThere_AndPinNothing()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await using RawClient second = await scene.Proxy.Connect();
        await scene.Client.Ask(scene.Url + "/", "Proxy-Authorization: NTLM TlRMTVNTUAADAAAA\r\n");
        await second.Ask(scene.Url + "/");
        Assert.Equal([1, 1], scene.Origin.RequestConnections);
        Assert.All(scene.Origin.Requests, request => Assert.Null(HttpResponse.FieldOf(request.Request, "Proxy-Authorization")));
    }

    [Fact]
    public async Task Connect_DoesNotTakeThePinnedConnection_AndEndsIt_SinceNoRequestCanFollow()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.SendGet(scene.Url + "/login", Last);
        OriginConnection pinned = await scene.Origin.Accept();
        await pinned.Answer();
        await scene.Client.ReadResponse();
        OriginConnection tunnel = await scene.Tunnel();
        await scene.Client.Send("bytes");
        Assert.Equal("bytes", await tunnel.Read(5));
        Assert.Equal(2, tunnel.Number);
        await pinned.ExpectFin();
    }
}
