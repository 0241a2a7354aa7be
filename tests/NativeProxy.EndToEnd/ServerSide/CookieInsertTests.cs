using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A cookie that the proxy itself sets: <c>mode = "insert"</c>, with and without <c>indirect</c> and <c>nocache</c>.</summary>
public sealed class CookieInsertTests
{
    private static readonly string[] Insert = ["mode = \"insert\"", "name = \"SERVERID\""];
    private static readonly string[] Indirect = [.. Insert, "indirect = true"];

    [Fact]
    [Trait("promise", "S2.2")]
    public async Task TheFirstResponse_SetsTheCookieOfTheServerThatAnswered()
    {
        await using StickyScene scene = await StickyScene.Start(Insert);
        await using RawClient client = await scene.Proxy.Connect();
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nSet-Cookie: SERVERID=a; Path=/\r\n\r\n", (await client.Ask()).Head);
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nSet-Cookie: SERVERID=b; Path=/\r\n\r\n", (await client.Ask()).Head);
        Assert.Equal(["GET / HTTP/1.1\r\nHost: test\r\n\r\n"], scene.RequestsOf(0));
    }

    [Fact]
    [Trait("promise", "S2.3")]
    public async Task ARequestWithTheCookie_GoesToItsServer()
    {
        await using StickyScene scene = await StickyScene.Start(4, _ => "", Indirect);
        await using RawClient kept = await scene.Proxy.Connect();
        foreach (string server in (string[])["c", "a", "d", "c", "b", "b", "a"])
        {
            Assert.Equal(server, (await scene.Ask($"x=1; SERVERID={server}; y=2")).Body);
            Assert.Equal(server, (await kept.Ask("/", $"Cookie: x=1\r\nCookie: SERVERID={server}\r\n")).Body);
        }
    }

    [Theory]
    [Trait("promise", "S2.4")]
    [InlineData("Cookie: SERVERID=b\r\n", "")]
    [InlineData("Cookie: SERVERID=b; x=1\r\n", "Cookie: x=1\r\n")]
    [InlineData("Cookie: x=1; SERVERID=b\r\n", "Cookie: x=1\r\n")]
    [InlineData("Cookie: x=1; SERVERID=b; y=2\r\n", "Cookie: x=1; y=2\r\n")]
    [InlineData("Cookie: x=1;SERVERID=b;y=2\r\n", "Cookie: x=1;y=2\r\n")]
    [InlineData("Cookie: x=\"1\"; SERVERID=\"b\"; y=\"2\"\r\n", "Cookie: x=\"1\"; y=\"2\"\r\n")]
    [InlineData("Cookie: SERVERID=b; SERVERID2=1; XSERVERID=2; serverid=3\r\n", "Cookie: SERVERID2=1; XSERVERID=2; serverid=3\r\n")]
    [InlineData("Cookie: SERVERID=b; x=1; SERVERID=a\r\n", "Cookie: x=1\r\n")]
    [InlineData("X: 1\r\ncookie: x=1\r\nCookie: SERVERID=b\r\nCookie: y=2; SERVERID=b\r\nY: 2\r\n", "X: 1\r\ncookie: x=1\r\nCookie: y=2\r\nY: 2\r\n")]
    public async Task Indirect_RemovesExactlyThatCookieFromTheRequest(string sent, string received)
    {
        await using StickyScene scene = await StickyScene.Start(Indirect);
        await using RawClient client = await scene.Proxy.Connect();
        Assert.Equal("b", (await client.Ask("/", sent)).Body);
        Assert.Equal([$"GET / HTTP/1.1\r\nHost: test\r\n{received}\r\n"], scene.RequestsOf(1));
    }

    [Fact]
    public async Task WithoutIndirect_TheServerSeesTheCookie()
    {
        await using StickyScene scene = await StickyScene.Start(Insert);
        Assert.Equal("b", (await scene.Ask("x=1; SERVERID=b")).Body);
        Assert.Equal(["GET / HTTP/1.1\r\nHost: test\r\nCookie: x=1; SERVERID=b\r\n\r\n"], scene.RequestsOf(1));
    }

    [Theory]
    [Trait("promise", "S2.5")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AClientThatHasTheCookie_IsNotGivenItAgain(bool isIndirect)
    {
        await using StickyScene scene = await StickyScene.Start(isIndirect ? Indirect : Insert);
        await using RawClient client = await scene.Proxy.Connect();
        for (int i = 0; i < 3; i++)
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", (await client.Ask("/", "Cookie: SERVERID=b\r\n")).Head);
    }

    [Fact]
    [Trait("promise", "S2.6")]
    public async Task AnApplicationThatKeepsContextOnItsServer_LosesItByPlainBalancing_AndKeepsItWithTheCookie()
    {
        foreach (bool isSticky in (bool[])[false, true])
        {
            await using ScriptedOrigin a = Shop();
            await using ScriptedOrigin b = Shop();
            await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
                StickyScene.Config(isSticky ? Indirect : ["mode = \"off\""], a.Address, b.Address));
            var cookies = new ConcurrentDictionary<string, string> { ["user"] = "eve" };
            string counts = "";
            for (int i = 0; i < 4; i++)
            {
                // A new connection per click, as after an idle time: only the cookie says whose it is.
                await using RawClient browser = await proxy.Connect();
                HttpResponse page = await browser.Ask("/add",
                    $"Cookie: {string.Join("; ", cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"))}\r\n");
                if (page.Field("Set-Cookie") is { } set)
                {
                    cookies[set[..set.IndexOf('=', StringComparison.Ordinal)]] = set[(set.IndexOf('=', StringComparison.Ordinal)
                        + 1)..set.IndexOf(';', StringComparison.Ordinal)];
                }

                counts += page.Body;
            }
            Assert.Equal(isSticky ? "1234" : "1122", counts);
        }
    }

    [Fact]
    [Trait("promise", "ARCH-2")]
    [Trait("promise", "S2.7")]
    public async Task EveryRequestOfAConnection_IsAnalysed_PipelinedOnesToo()
    {
        await using StickyScene scene = await StickyScene.Start(Indirect);
        await using RawClient client = await scene.Proxy.Connect();
        await client.Send(RawClient.Get("/1", "Cookie: SERVERID=b; x=1\r\n") + RawClient.Get("/2", "Cookie: SERVERID=a\r\n")
            + RawClient.Post("/3", "body", "Cookie: y=2; SERVERID=b\r\n") + RawClient.Get("/4", "Cookie: SERVERID=b\r\n"));
        string order = "";
        for (int i = 0; i < 4; i++)
        {
            HttpResponse response = await client.ReadResponse();
            Assert.Null(response.Field("Set-Cookie"));
            order += response.Body;
        }
        Assert.Equal("babb", order);
        Assert.Equal(["GET /2 HTTP/1.1\r\nHost: test\r\n\r\n"], scene.RequestsOf(0));
        Assert.Equal(
            [
                "GET /1 HTTP/1.1\r\nHost: test\r\nCookie: x=1\r\n\r\n",
                "POST /3 HTTP/1.1\r\nHost: test\r\nCookie: y=2\r\nContent-Length: 4\r\n\r\nbody",
                "GET /4 HTTP/1.1\r\nHost: test\r\n\r\n",
            ],
            scene.RequestsOf(1));
    }

    [Fact]
    [Trait("promise", "ARCH-13")]
    public async Task Nocache_MakesExactlyTheResponsesPrivateIntoWhichTheCookieIsPut()
    {
        await using StickyScene scene = await StickyScene.Start(2, _ => "Cache-Control: max-age=60\r\n", [.. Indirect, "nocache = true"]);
        const string Own = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 1\r\n";
        Assert.Equal(Own + "Set-Cookie: SERVERID=a; Path=/\r\nCache-Control: private\r\n\r\n", (await scene.Ask()).Head);
        Assert.Equal(Own + "\r\n", (await scene.Ask("SERVERID=a")).Head);
        Assert.Equal(Own + "Set-Cookie: SERVERID=b; Path=/\r\nCache-Control: private\r\n\r\n", (await scene.Ask("SERVERID=gone")).Head);
        Assert.Equal(Own + "\r\n", (await scene.Ask("x=1; SERVERID=b")).Head);
    }

    [Theory]
    [InlineData("SERVERID=gone")]
    [InlineData("SERVERID=")]
    [InlineData("SERVERID=A")]
    [InlineData("SERVERID2=a")]
    public async Task AValueThatNamesNoServer_IsBalancedAndGetsANewCookie(string cookies)
    {
        await using StickyScene scene = await StickyScene.Start(Indirect);
        HttpResponse first = await scene.Ask(cookies);
        HttpResponse second = await scene.Ask(cookies);
        Assert.Equal(("a", "SERVERID=a; Path=/"), (first.Body, first.Field("Set-Cookie")));
        Assert.Equal(("b", "SERVERID=b; Path=/"), (second.Body, second.Field("Set-Cookie")));
    }

    [Fact]
    public async Task TheServersOwnCookieOfThatName_DoesNotReachTheClient()
    {
        await using StickyScene scene = await StickyScene.Start(1, _ => "Set-Cookie: SERVERID=evil\r\nSet-Cookie: x=1\r\n", Indirect);
        Assert.Equal("HTTP/1.1 200 OK\r\nSet-Cookie: x=1\r\nContent-Length: 1\r\nSet-Cookie: SERVERID=a; Path=/\r\n\r\n", (await scene.Ask()).Head);
        Assert.Equal("HTTP/1.1 200 OK\r\nSet-Cookie: x=1\r\nContent-Length: 1\r\n\r\n", (await scene.Ask("SERVERID=a")).Head);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\n\r\n", "")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", "")]
    [InlineData("GET", "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx", "x")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "x")]
    public async Task EveryKindOfServerResponse_CarriesTheCookie_AndTheConnectionGoesOn(string method, string response, string body)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(response);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Indirect, origin.Address));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 2; i++)
        {
            await client.Send($"{method} / HTTP/1.1\r\nHost: test\r\n\r\n");
            HttpResponse received = await client.ReadResponse(method);
            Assert.Equal(("SERVERID=a; Path=/", body), (received.Field("Set-Cookie"), received.Body));
        }
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task AnAnswerOfTheProxyItself_CarriesNone()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(StickyScene.Config(Indirect, dead.Address));
        HttpResponse response = await proxy.AskOnce();
        Assert.Equal((502, null), (response.Status, response.Field("Set-Cookie")));
    }

    [Fact]
    public async Task ASwitchedConnection_IsSticky()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream(["[upstream.cookie]", .. Indirect]).Listener("upgrade = [\"websocket\"]"));
        foreach ((string cookie, string set) in ((string, string)[])[("", "Set-Cookie: SERVERID=a; Path=/\r\n"), ("Cookie: SERVERID=a\r\n", "")])
        {
            await using RawClient client = await proxy.Connect();
            await client.SendGet("/", "Connection: upgrade\r\nUpgrade: websocket\r\n" + cookie);
            await using OriginConnection server = await a.Accept();
            await server.ReadHead();
            await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            Assert.Equal($"HTTP/1.1 101 Switching Protocols\r\n{set}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", await client.ReadHead());
        }
    }

    [Fact]
    public async Task TheLog_SaysWhatBecameOfTheCookie()
    {
        await using StickyScene scene = await StickyScene.Start(1,
            request => request.Contains("/set", StringComparison.Ordinal) ? "Set-Cookie: SERVERID=own\r\n" : "", Indirect);
        await using RawClient client = await scene.Proxy.Connect();
        await client.Ask();
        await client.Ask("/", "Cookie: SERVERID=gone\r\n");
        await client.Ask("/", "Cookie: SERVERID=a\r\n");
        await client.Ask("/set", "Cookie: SERVERID=a\r\n");
        string[] states = [.. (await scene.Proxy.Output.WaitForCount(4)).Select(line => line.Split(' ')[9])];
        Assert.Equal(["--NI", "--II", "--VN", "--VD"], states);
    }

    /// <summary>An application that counts the clicks of each user in the memory of its server.</summary>
    private static ScriptedOrigin Shop()
    {
        var clicks = new ConcurrentDictionary<string, int>();
        return ScriptedOrigin.Answering(request =>
        {
            string user = HttpResponse.FieldOf(request, "Cookie") ?? "";
            return $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{clicks.AddOrUpdate(user, 1, (_, count) => count + 1)}";
        });
    }
}
