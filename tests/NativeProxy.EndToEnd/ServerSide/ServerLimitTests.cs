using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary><c>max_connections</c> of a server: further requests wait in line, each with a deadline.</summary>
public class ServerLimitTests
{
    [Fact]
    public async Task RequestBeyondTheLimit_WaitsAndIsServedOnTheConnectionThatBecomesFree()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet("/first");
        await using OriginConnection connection = await origin.Accept();
        await connection.ReadRequest();

        await second.Send(RawClient.Post("/second", "body"));
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);
        await connection.Send(OriginConnection.Ok);

        Assert.Equal(200, (await first.ReadResponse()).Status);
        string waited = await connection.Answer();
        Assert.StartsWith("POST /second ", waited);
        Assert.EndsWith("body", waited);
        Assert.Equal(200, (await second.ReadResponse()).Status);
        Assert.Equal(1, origin.ConnectionCount);
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 0);
    }

    [Fact]
    [Trait("promise", "ARCH-20")]
    public async Task RequestThatWaitsTooLong_IsAnsweredWith503AndNeverReachesTheServer()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Upstream("[upstream.timeouts]", "queue = \"100ms\"").EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet("/first");
        await using OriginConnection connection = await origin.Accept();
        await connection.ReadRequest();

        HttpResponse refused = await second.Ask("/second");
        await connection.Send(OriginConnection.Ok);

        Assert.Equal(503, refused.Status);
        Assert.Equal(200, (await first.ReadResponse()).Status);
        await first.SendGet("/third");
        Assert.StartsWith("GET /third ", await connection.Answer());
        Assert.Equal(200, (await first.ReadResponse()).Status);
    }

    [Fact]
    [Trait("promise", "ARCH-22")]
    public async Task ClientThatLeavesTheLine_CostsTheServerNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet("/first");
        await using OriginConnection connection = await origin.Accept();
        await connection.ReadRequest();
        await second.SendGet("/second");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        second.Close();
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 0);
        await connection.Send(OriginConnection.Ok);

        Assert.Equal(200, (await first.ReadResponse()).Status);
        await first.SendGet("/third");
        Assert.StartsWith("GET /third ", await connection.Answer());
        Assert.Equal(200, (await first.ReadResponse()).Status);
    }

    [Fact]
    public async Task ConnectionThatTheServerCloses_MakesRoomForTheNextInLine()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet("/first");
        await using OriginConnection connection = await origin.Accept();
        await connection.ReadRequest();
        await second.SendGet("/second");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        await connection.Send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        await using OriginConnection fresh = await origin.Accept();

        Assert.StartsWith("GET /second ", await fresh.Answer());
        Assert.Equal(200, (await second.ReadResponse()).Status);
        Assert.Equal(200, (await first.ReadResponse()).Status);
    }
}
