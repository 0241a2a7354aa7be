using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>What a cookie is worth when its server is dead, full, drained or removed.</summary>
public sealed class CookieServerChangeTests
{
    private static readonly string[] Insert = ["mode = \"insert\"", "name = \"SERVERID\"", "indirect = true"];

    [Fact]
    public async Task DeadServer_ItsUsersAreServedByAnotherOne_AndGetItsCookie()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Insert, dead.Address, origin.Address));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
            Assert.Equal("SERVERID=b; Path=/", (await client.Ask("/", "Cookie: SERVERID=a\r\n")).Field("Set-Cookie"));
        Assert.Null((await client.Ask("/", "Cookie: SERVERID=b\r\n")).Field("Set-Cookie"));
        Assert.All(origin.Requests, request => Assert.Equal("GET / HTTP/1.1\r\nHost: test\r\n\r\n", request.Request));
    }

    [Fact]
    public async Task StaleConnection_IsReplayedOnTheSameServer_WithoutANewCookie()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Insert, a.Address, b.Address));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", "Cookie: SERVERID=b\r\n");
        await using OriginConnection first = await b.Accept();
        await first.Answer();
        await client.ReadResponse();

        await client.SendGet("/again", "Cookie: SERVERID=b; x=1\r\n");
        await first.ReadRequest();
        first.Close();
        await using OriginConnection second = await b.Accept();

        Assert.Equal("GET /again HTTP/1.1\r\nHost: test\r\nCookie: x=1\r\n\r\n", await second.Answer());
        Assert.Null((await client.ReadResponse()).Field("Set-Cookie"));
        Assert.Equal(0, a.ConnectionCount);
    }

    [Fact]
    public async Task FullServer_ItsUsersWaitForIt_OthersDoNot()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Insert, a.Address, b.Address)
            .EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient waiting = await proxy.Connect();
        await first.SendGet("/first", "Cookie: SERVERID=a\r\n");
        await using OriginConnection connection = await a.Accept();
        await connection.ReadRequest();
        await waiting.SendGet("/waiting", "Cookie: SERVERID=a\r\n");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        for (int i = 0; i < 3; i++)
            Assert.Equal("SERVERID=b; Path=/", (await proxy.AskOnce()).Field("Set-Cookie"));
        await connection.Send(OriginConnection.Ok);

        Assert.Equal(200, (await first.ReadResponse()).Status);
        Assert.StartsWith("GET /waiting ", await connection.Answer());
        Assert.Null((await waiting.ReadResponse()).Field("Set-Cookie"));
        Assert.DoesNotContain(b.Requests, request => request.Request.Contains("/waiting", StringComparison.Ordinal));
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 0);
    }

    [Fact]
    public async Task FullServer_AWaitThatIsTooLongEndsWith503()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Insert, a.Address, b.Address)
            .Upstream("[upstream.timeouts]", "queue = \"100ms\"").EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet("/first", "Cookie: SERVERID=a\r\n");
        await using OriginConnection connection = await a.Accept();
        await connection.ReadRequest();

        Assert.Equal(503, (await second.Ask("/second", "Cookie: SERVERID=a\r\n")).Status);
        await connection.Send(OriginConnection.Ok);
        Assert.Equal(200, (await first.ReadResponse()).Status);
    }

    [Fact]
    public async Task WaitersOfAServerThatAReloadRemoves_GoToAnotherOneAndGetItsCookie()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Insert, a.Address, b.Address)
            .EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient waiting = await proxy.Connect();
        await first.SendGet("/first", "Cookie: SERVERID=a\r\n");
        await using OriginConnection connection = await a.Accept();
        await connection.ReadRequest();
        await waiting.SendGet("/waiting", "Cookie: SERVERID=a\r\n");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        await proxy.Reload(text => text.Replace($"name = \"a\"\naddress = \"{a.Address}\"", $"name = \"c\"\naddress = \"{b.Address}\"",
            StringComparison.Ordinal));

        HttpResponse moved = await waiting.ReadResponse();
        Assert.Contains(moved.Field("Set-Cookie"), new[] { "SERVERID=b; Path=/", "SERVERID=c; Path=/" });
        await connection.Send(OriginConnection.Ok);
        Assert.Equal(200, (await first.ReadResponse()).Status);
    }

    [Fact]
    public async Task AReload_ChangesTheCookieOfTheNextRequest()
    {
        await using StickyScene scene = await StickyScene.Start(Insert);
        await using RawClient client = await scene.Proxy.Connect();
        Assert.Equal("SERVERID=a; Path=/", (await client.Ask()).Field("Set-Cookie"));
        await scene.Proxy.Reload(static text => text.Replace("SERVERID", "OTHER", StringComparison.Ordinal));
        Assert.Equal("OTHER=b; Path=/", (await client.Ask("/", "Cookie: SERVERID=a\r\n")).Field("Set-Cookie"));
        Assert.Null((await client.Ask("/", "Cookie: OTHER=b\r\n")).Field("Set-Cookie"));
        await scene.Proxy.Reload(static text => text.Replace("\"insert\"", "\"off\"", StringComparison.Ordinal));
        Assert.Null((await client.Ask()).Field("Set-Cookie"));
        Assert.Equal("GET / HTTP/1.1\r\nHost: test\r\nCookie: SERVERID=a\r\n\r\n", scene.RequestsOf(1).First());
    }

    [Fact]
    public async Task WeightZero_DrainsNewUsersWhileCookieHoldersGoOn()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        string servers = $"{{ name = \"a\", address = \"{a.Address}\", weight = 0 }}, {{ name = \"b\", address = \"{b.Address}\" }}";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app")
            .Upstream($"server = [{servers}]", "[upstream.cookie]").Upstream(Insert).AddListener("web", "app"));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal("SERVERID=b; Path=/", (await client.Ask("/new")).Field("Set-Cookie"));
            Assert.Null((await client.Ask("/old", "Cookie: SERVERID=a\r\n")).Field("Set-Cookie"));
        }
        Assert.All(a.Requests, request => Assert.StartsWith("GET /old ", request.Request));
        Assert.Equal((2, 2), (a.Requests.Count, b.Requests.Count));
    }

    [Fact]
    public async Task TwinsWithOneValue_TheFirstUsableOneTakesTheirRequests()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string servers = $"{{ name = \"a\", address = \"{dead.Address}\", cookie = \"x\" }}, "
            + $"{{ name = \"twin\", address = \"{origin.Address}\", cookie = \"x\" }}";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app")
            .Upstream($"server = [{servers}]", "[upstream.cookie]").Upstream(Insert).AddListener("web", "app"));
        await using RawClient client = await proxy.Connect();

        // The twin takes over; the client has its value already.
        Assert.Null((await client.Ask("/", "Cookie: SERVERID=x\r\n")).Field("Set-Cookie"));
        Assert.Equal("SERVERID=x; Path=/", (await client.Ask()).Field("Set-Cookie"));
    }
}
