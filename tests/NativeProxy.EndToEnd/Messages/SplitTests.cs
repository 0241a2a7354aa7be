using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Clients that stay on their way of a split.</summary>
public sealed class SplitTests
{
    [Fact]
    public async Task Cookie_KeepsAClientOnItsWay()
    {
        await using SplitScene scene = await SplitScene.Start("split = { app = 50, next = 50 }", "split_cookie = \"version\"");
        var seen = new HashSet<string>();
        for (int i = 0; i < 40 && seen.Count < 2; i++)
        {
            HttpResponse first = await scene.Ask();
            string cookie = first.Field("Set-Cookie")!;
            Assert.Equal($"version={first.Body}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax", cookie);
            Assert.Equal("private", first.Field("Cache-Control"));
            for (int j = 0; j < 8; j++)
            {
                HttpResponse next = await scene.Ask($"Cookie: a=b; {cookie.Split(';')[0]}\r\n");
                Assert.Equal((first.Body, null, null), (next.Body, next.Field("Set-Cookie"), next.Field("Cache-Control")));
            }
            seen.Add(first.Body);
        }
        Assert.Equal(2, seen.Count);
    }

    [Theory]
    [InlineData("version=next", "next", false)]
    [InlineData("version=\"next\"", "next", false)]
    [InlineData("version=other; version=next", "next", false)]
    [InlineData("version=evil", "app", true)]
    [InlineData("version=", "app", true)]
    [InlineData("VERSION=next", "app", true)]
    [InlineData("version=off", "app", true)]
    public async Task CookieThatNamesAWay_CountsWhileTheWayGetsRequests(string cookie, string way, bool isGiven)
    {
        await using SplitScene scene = await SplitScene.Start("split = { app = 1000000, next = 1, off = 0 }", "split_cookie = \"version\"");
        HttpResponse response = await scene.Ask($"Cookie: {cookie}\r\n");

        // One in a million goes the other way, and then says so.
        string expected = isGiven && response.Field("Set-Cookie")!.StartsWith("version=next", System.StringComparison.Ordinal) ? "next" : way;
        Assert.Equal((expected, isGiven), (response.Body, response.Field("Set-Cookie") is not null));
    }

    [Fact]
    public async Task Key_TakesOneWay_AndKeysAreSharedOut()
    {
        await using SplitScene scene = await SplitScene.Start("split = { app = 50, next = 50 }", "split_key = \"header:X-User\"");
        string[] first = await scene.BodiesOf(Enumerable.Range(0, 60).Select(static i => $"X-User: user-{i}\r\n"));
        string[] again = await scene.BodiesOf(Enumerable.Range(0, 60).Select(static i => $"X-User: user-{i}\r\n"));
        Assert.Equal(first, again);
        Assert.InRange(first.Count(static body => body == "next"), 15, 45);
    }

    [Fact]
    public async Task KeysThatWereOnAGrowingWay_StayThere()
    {
        string[] users = [.. Enumerable.Range(0, 60).Select(static i => $"X-User: user-{i}\r\n")];
        await using SplitScene before = await SplitScene.Start("split = { app = 80, next = 20 }", "split_key = \"header:X-User\"");
        await using SplitScene after = await SplitScene.Start("split = { app = 50, next = 50 }", "split_key = \"header:X-User\"");
        string[] old = await before.BodiesOf(users);
        string[] grown = await after.BodiesOf(users);
        Assert.Contains("next", old);
        Assert.All(old.Zip(grown).Where(static pair => pair.First == "next"), static pair => Assert.Equal("next", pair.Second));
    }

    [Fact]
    public async Task AnswerOfTheProxy_GivesNoCookie()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(dead.Address).Route("path_prefix = [\"/\"]", "split = { app = 1 }", "split_cookie = \"version\""));
        HttpResponse response = await proxy.AskOnce("/");
        Assert.Equal((502, null), (response.Status, response.Field("Set-Cookie")));
    }

    private sealed class SplitScene(ScriptedOrigin app, ScriptedOrigin next, ProxyUnderTest proxy, RawClient client) : System.IAsyncDisposable
    {
        public static async Task<SplitScene> Start(params string[] lines)
        {
            ScriptedOrigin app = ScriptedOrigin.Answering(static _ => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp");
            ScriptedOrigin next = ScriptedOrigin.Answering(static _ => "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(app).AddUpstream("next", next.Address)
                .AddUpstream("off", next.Address).Route(["path_prefix = [\"/\"]", .. lines]));
            return new SplitScene(app, next, proxy, await proxy.Connect());
        }

        public Task<HttpResponse> Ask(string lines = "") => client.Ask("/", lines);

        public async Task<string[]> BodiesOf(IEnumerable<string> lines)
        {
            var bodies = new List<string>();
            foreach (string one in lines)
                bodies.Add((await Ask(one)).Body);
            return [.. bodies];
        }

        public async System.Threading.Tasks.ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await proxy.DisposeAsync();
            await app.DisposeAsync();
            await next.DisposeAsync();
        }
    }
}
