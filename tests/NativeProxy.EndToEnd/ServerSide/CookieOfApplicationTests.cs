using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Stickiness by a cookie of the application: modes "prefix", "rewrite" and "passive".</summary>
public sealed class CookieOfApplicationTests
{
    private const string Session = "Set-Cookie: JSESSIONID=123; Path=/; HttpOnly\r\n";

    private static readonly string[] Prefix = ["mode = \"prefix\"", "name = \"JSESSIONID\""];

    [Fact]
    [Trait("promise", "S2.8")]
    public async Task Prefix_IsPutBeforeTheApplicationsValue()
    {
        await using StickyScene scene = await StickyScene.Start(2, _ => Session + "Set-Cookie: x=JSESSIONID=1\r\n", Prefix);
        Assert.Equal("HTTP/1.1 200 OK\r\nSet-Cookie: JSESSIONID=a~123; Path=/; HttpOnly\r\nSet-Cookie: x=JSESSIONID=1\r\nContent-Length: 1\r\n\r\n",
            (await scene.Ask()).Head);
        Assert.Contains("\r\nSet-Cookie: JSESSIONID=b~123; Path=/; HttpOnly\r\n", (await scene.Ask()).Head, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("promise", "S2.9")]
    [InlineData("JSESSIONID=b~123", "JSESSIONID=123")]
    [InlineData("x=1; JSESSIONID=b~123; y=b~2", "x=1; JSESSIONID=123; y=b~2")]
    [InlineData("JSESSIONID2=b~1;JSESSIONID=b~a~2", "JSESSIONID2=b~1;JSESSIONID=a~2")]
    [InlineData("JSESSIONID=\"b~123\"", "JSESSIONID=\"123\"")]
    [InlineData("JSESSIONID=b~", "JSESSIONID=")]
    public async Task Prefix_ChoosesTheServerAndIsTakenOff(string sent, string received)
    {
        await using StickyScene scene = await StickyScene.Start(Prefix);
        for (int i = 0; i < 2; i++)
            Assert.Equal("b", (await scene.Ask(sent)).Body);
        Assert.Equal(Enumerable.Repeat($"GET / HTTP/1.1\r\nHost: test\r\nCookie: {received}\r\n\r\n", 2), scene.RequestsOf(1));
    }

    [Fact]
    [Trait("promise", "S2.10")]
    public async Task AClientThatHoldsOneCookieOnly_NeedsNoSecondOne()
    {
        await using StickyScene scene = await StickyScene.Start(3,
            request => request.Contains("JSESSIONID=123", StringComparison.Ordinal) ? "" : Session, Prefix);
        HttpResponse first = await scene.Ask();
        string onlyCookie = first.Field("Set-Cookie")!.Split(';')[0];
        for (int i = 0; i < 4; i++)
        {
            HttpResponse next = await scene.Ask(onlyCookie);
            Assert.Equal((first.Body, null), (next.Body, next.Field("Set-Cookie")));
        }
    }

    [Fact]
    [Trait("promise", "ARCH-6")]
    public async Task ThePrefixRecipe_Holds()
    {
        await using StickyScene scene = await StickyScene.Start(2,
            request => request.StartsWith("GET /login ", StringComparison.Ordinal) ? Session : "", Prefix);
        await using RawClient client = await scene.Proxy.Connect();

        // Before any session a request may go anywhere, and a response without the cookie is untouched.
        string order = "";
        for (int i = 0; i < 4; i++)
        {
            HttpResponse free = await client.Ask("/", "Cookie: other=a~1\r\n");
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", free.Head);
            order += free.Body;
        }
        Assert.Equal("abab", order);

        HttpResponse login = await client.Ask("/login");
        Assert.Equal("JSESSIONID=a~123; Path=/; HttpOnly", login.Field("Set-Cookie"));
        for (int i = 0; i < 4; i++)
        {
            HttpResponse page = await client.Ask("/page", "Cookie: JSESSIONID=a~123\r\n");
            Assert.Equal(("a", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"), (page.Body, page.Head));
        }
        Assert.Equal("GET /page HTTP/1.1\r\nHost: test\r\nCookie: JSESSIONID=123\r\n\r\n", scene.RequestsOf(0).Last());
    }

    [Fact]
    public async Task PrefixOfAServerThatIsGone_IsTakenOffToo_AndTheNewServersIsPutOn()
    {
        await using StickyScene scene = await StickyScene.Start(1, _ => Session, Prefix);
        Assert.Equal("JSESSIONID=a~123; Path=/; HttpOnly", (await scene.Ask("JSESSIONID=gone~77")).Field("Set-Cookie"));
        Assert.Equal(["GET / HTTP/1.1\r\nHost: test\r\nCookie: JSESSIONID=77\r\n\r\n"], scene.RequestsOf(0));
    }

    [Fact]
    public async Task Rewrite_ReplacesTheValueOnlyWhereTheServerSetTheCookie()
    {
        await using StickyScene scene = await StickyScene.Start(
            2, request => request.StartsWith("GET /set ", StringComparison.Ordinal) ? "Set-Cookie: S=whatever; Path=/\r\n" : "", "mode = \"rewrite\"",
            "name = \"S\"");
        await using RawClient client = await scene.Proxy.Connect();
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", (await client.Ask()).Head);
        Assert.Equal("HTTP/1.1 200 OK\r\nSet-Cookie: S=b; Path=/\r\nContent-Length: 1\r\n\r\n", (await client.Ask("/set")).Head);
        for (int i = 0; i < 3; i++)
            Assert.Equal("b", (await client.Ask("/", "Cookie: S=b\r\n")).Body);
        Assert.Equal("GET / HTTP/1.1\r\nHost: test\r\nCookie: S=b\r\n\r\n", scene.RequestsOf(1).Last());
    }

    [Fact]
    public async Task Passive_OnlyReads()
    {
        await using StickyScene scene = await StickyScene.Start(2, _ => "Set-Cookie: S=b\r\n", "mode = \"passive\"", "name = \"S\"");
        for (int i = 0; i < 3; i++)
        {
            HttpResponse response = await scene.Ask("x=1; S=b");
            Assert.Equal(("b", "HTTP/1.1 200 OK\r\nSet-Cookie: S=b\r\nContent-Length: 1\r\n\r\n"), (response.Body, response.Head));
        }
        Assert.Equal("GET / HTTP/1.1\r\nHost: test\r\nCookie: x=1; S=b\r\n\r\n", scene.RequestsOf(1).First());
        Assert.Equal("a", (await scene.Ask()).Body);
    }

    [Fact]
    public async Task AHeadThatGrowsBeyondTheRoomForIt_IsRefused_AndTheProxyGoesOn()
    {
        string many = string.Concat(Enumerable.Repeat($"Set-Cookie: JSESSIONID={new string('x', 100)}\r\n", 250));
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
            $"HTTP/1.1 200 OK\r\n{(request.StartsWith("GET /many ", StringComparison.Ordinal) ? many : Session)}Content-Length: 1\r\n\r\na");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            StickyScene.Config(Prefix, origin.Address).EachServer($"cookie = \"{new string('s', 256)}\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(502, (await client.Ask("/many")).Status);
        Assert.Equal(new string('s', 256) + "~123", (await proxy.AskOnce()).Field("Set-Cookie")!.Split(';')[0]["JSESSIONID=".Length..]);
    }
}
