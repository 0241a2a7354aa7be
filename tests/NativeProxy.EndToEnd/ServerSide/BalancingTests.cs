using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>How requests are spread over the servers of a group.</summary>
public sealed class BalancingTests
{
    [Fact]
    [Trait("promise", "S2.1")]
    public async Task FourServersBehindOneAddress_TakeTurns()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ScriptedOrigin d = Named('d');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(a, b, c, d);
        await using RawClient kept = await proxy.Connect();
        string order = "";
        for (int i = 0; i < 8; i++)
            order += (i % 3 == 0 ? await kept.Ask() : await proxy.AskOnce()).Body;
        Assert.Equal("abcdabcd", order);
    }

    [Fact]
    [Trait("promise", "ARCH-8")]
    public async Task Weights12And12And26And26_GiveThatRatio_Interleaved()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ScriptedOrigin d = Named('d');
        string servers = string.Join(", ", new[] { (a, 12), (b, 12), (c, 26), (d, 26) }.Select((server, i) =>
            $"{{ name = \"{(char)('a' + i)}\", address = \"{server.Item1.Address}\", weight = {server.Item2} }}"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app").Upstream($"server = [{servers}]").AddListener("web", "app"));
        await using RawClient client = await proxy.Connect();
        string order = "";
        for (int i = 0; i < 76; i++)
            order += (await client.Ask()).Body;
        Assert.Equal((12, 12, 26, 26), (order.Count(x => x == 'a'), order.Count(x => x == 'b'), order.Count(x => x == 'c'), order.Count(x => x == 'd')));
        Assert.All("abcd", name => Assert.DoesNotContain(new string(name, 2), order));

        // Each quarter has its share: the ratio holds all the time, not only in the end.
        Assert.All([0, 19, 38, 57], start => Assert.InRange(order.Substring(start, 19).Count(x => x is 'a' or 'b'), 5, 7));
    }

    [Fact]
    public async Task WeightZero_GetsNothing()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        string servers = $"{{ name = \"a\", address = \"{a.Address}\", weight = 0 }}, {{ name = \"b\", address = \"{b.Address}\" }}";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app").Upstream($"server = [{servers}]").AddListener("web", "app"));
        for (int i = 0; i < 4; i++)
            Assert.Equal("b", (await proxy.AskOnce()).Body);
        Assert.Equal(0, a.ConnectionCount);
    }

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
