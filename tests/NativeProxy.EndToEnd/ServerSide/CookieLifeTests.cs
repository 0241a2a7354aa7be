using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Inserted cookies that grow old, that name nobody, or that the server itself may set.</summary>
public sealed class CookieLifeTests
{
    private static readonly string[] Insert = ["mode = \"insert\"", "name = \"SRV\""];

    [Fact]
    public async Task CookieThatIsTooOld_NamesNoServer_AndEachUseRenewsIt()
    {
        await using StickyScene scene = await StickyScene.Start([.. Insert, "max_idle = \"10m\"", "max_life = \"1h\"", "indirect = true"]);
        string first = CookieOf(await scene.Ask())!;
        Assert.Matches("^SRV=a\\|[A-Za-z0-9_-]{6}\\|[A-Za-z0-9_-]{6}$", first);

        // Dates are in seconds.
        await PassingTime.Of(1100);
        HttpResponse next = await scene.Ask(first);
        Assert.Equal("a", next.Body);
        Assert.StartsWith("SRV=a|", CookieOf(next), StringComparison.Ordinal);
        Assert.NotEqual(first, CookieOf(next));
        Assert.Equal(first[^6..], CookieOf(next)![^6..]);

        foreach ((string cookie, string state) in new[] { ("SRV=a|AAAAAB|" + first[^6..], "--EI"), (first[..^6] + "AAAAAB", "--OI") })
        {
            await using RawClient client = await scene.Proxy.Connect();
            HttpResponse late = await client.Ask("/" + state, $"Cookie: {cookie}\r\n");
            Assert.StartsWith($"SRV={late.Body}|", CookieOf(late), StringComparison.Ordinal);
            Assert.Contains($" {state} ", await scene.Proxy.Output.WaitFor("/" + state), StringComparison.Ordinal);
        }
        Assert.All(scene.RequestsOf(0), static request => Assert.DoesNotContain("SRV", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CookieWithoutDates_IsTaken_AndGetsThem()
    {
        await using StickyScene scene = await StickyScene.Start([.. Insert, "max_life = \"1h\""]);

        HttpResponse response = await scene.Ask("SRV=b");

        Assert.Equal("b", response.Body);
        Assert.StartsWith("SRV=b|", CookieOf(response), StringComparison.Ordinal);
        Assert.Null(CookieOf(await scene.Ask(CookieOf(response))));
    }

    [Fact]
    public async Task DynamicKey_HidesTheNames_AndIsTheSameOnTwoProxies()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        ProxyConfig config = ProxyConfig.For(a, b).Upstream(["[upstream.cookie]", .. Insert, "dynamic_key = \"secret\""]);
        await using ProxyUnderTest one = await ProxyUnderTest.Start(config);
        await using ProxyUnderTest two = await ProxyUnderTest.Start(config);
        var cookies = new Dictionary<string, string>();
        for (int i = 0; i < 2; i++)
        {
            HttpResponse response = await one.AskOnce();
            cookies[response.Body] = CookieOf(response)!;
        }
        Assert.Equal(2, cookies.Values.Distinct().Count());
        foreach ((string server, string cookie) in cookies)
        {
            Assert.Matches("^SRV=[0-9a-f]{16}$", cookie);
            await using RawClient client = await two.Connect();
            for (int i = 0; i < 3; i++)
                Assert.Equal(server, (await client.Ask("/", $"Cookie: {cookie}\r\n")).Body);
        }

        // The name is no value any more.
        await using RawClient forging = await two.Connect();
        Assert.NotEqual((await forging.Ask("/", "Cookie: SRV=a\r\n")).Body, (await forging.Ask("/", "Cookie: SRV=a\r\n")).Body);
    }

    [Fact]
    public async Task SecretOfADynamicKey_IsNotInTheLineOfAReload()
    {
        await using ScriptedOrigin a = Named('a');
        ProxyConfig Config(string key) => ProxyConfig.For(a).Upstream(["[upstream.cookie]", .. Insert, $"dynamic_key = \"{key}\""]);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config("first-secret"));

        await proxy.Reload(Config("second-secret"));

        string line = await proxy.Errors.WaitFor("cookie.dynamic_key changed");
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "SRV=own; Path=/; Max-Age=0")]
    [InlineData(false, "SRV=a; Path=/")]
    public async Task CookieThatTheServerSetsItself_PassesWithPreserveOnly(bool preserves, string expected)
    {
        await using StickyScene scene = await StickyScene.Start(
            1, _ => "Set-Cookie: SRV=own; Path=/; Max-Age=0\r\n", [.. Insert, $"preserve = {(preserves ? "true" : "false")}"]);

        HttpResponse response = await scene.Ask();

        Assert.Equal(1, response.Head.Split("Set-Cookie:").Length - 1);
        Assert.Equal(expected, response.Field("Set-Cookie"));
        Assert.Contains(preserves ? "--NP" : "--NI", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    private static string? CookieOf(HttpResponse response) => response.Field("Set-Cookie")?.Split(';')[0];

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
