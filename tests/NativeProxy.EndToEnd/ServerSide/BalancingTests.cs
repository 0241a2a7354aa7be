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
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app").Upstream($"server = [{servers}]")
            .AddListener("web", "app"));
        await using RawClient client = await proxy.Connect();
        string order = "";
        for (int i = 0; i < 76; i++)
            order += (await client.Ask()).Body;
        Assert.Equal((12, 12, 26, 26),
            (order.Count(x => x == 'a'), order.Count(x => x == 'b'), order.Count(x => x == 'c'), order.Count(x => x == 'd')));
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
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app").Upstream($"server = [{servers}]")
            .AddListener("web", "app"));
        for (int i = 0; i < 4; i++)
            Assert.Equal("b", (await proxy.AskOnce()).Body);
        Assert.Equal(0, a.ConnectionCount);
    }

    [Theory]
    [InlineData("least_connections")]
    [InlineData("random_two")]
    public async Task BusyServer_IsAvoidedByAllWorkers(string balance)
    {
        await using ScriptedOrigin a = Holding('a');
        await using ScriptedOrigin b = Holding('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).WithWorkers(2).Upstream($"balance = \"{balance}\""));
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        await Deadline.Until(() => a.Requests.Count + b.Requests.Count == 1, () => "the request that is held");
        string free = a.Requests.Count == 0 ? "a" : "b";

        // Both workers ask, and each request is over before the next one comes.
        for (int i = 0; i < 24; i++)
        {
            Assert.Equal(free, (await proxy.AskOnce()).Body);
            await proxy.WaitForMetric($"nativeproxy_server_requests_running{{upstream=\"app\",server=\"{free}\"}}", 0);
        }
        holding.Close();
    }

    [Fact]
    [Trait("promise", "S2.1")]
    [Trait("promise", "B9")]
    public async Task LeastConnections_AmongIdleServersTakesTurnsByWeight_AndPrefersAReadyConnectionAtFirst()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        string servers = $"{{ name = \"a\", address = \"{a.Address}\", weight = 3 }}, {{ name = \"b\", address = \"{b.Address}\" }}";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            new ProxyConfig().AddUpstream("app").Upstream("balance = \"least_connections\"", $"server = [{servers}]").AddListener("web", "app"));
        await using RawClient client = await proxy.Connect();
        string order = "";
        for (int i = 0; i < 32; i++)
            order += (await client.Ask()).Body;

        // The first connection serves until its server is ahead; then both have one, and what the other has lent comes back.
        Assert.StartsWith("aaaaaa", order, System.StringComparison.Ordinal);
        Assert.Equal((24, 8), (order.Count(static x => x == 'a'), order.Count(static x => x == 'b')));
        Assert.EndsWith("aabaaaba", order, System.StringComparison.Ordinal);
        Assert.Equal((1, 1), (a.ConnectionCount, b.ConnectionCount));
    }

    [Fact]
    public async Task First_FillsTheServersInTheirOrder()
    {
        await using ScriptedOrigin a = Holding('a');
        await using ScriptedOrigin b = Holding('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).EachServer("max_connections = 1")
            .Upstream("balance = \"first\""));
        for (int i = 0; i < 4; i++)
            Assert.Equal("a", (await proxy.AskOnce()).Body);
        await using RawClient holding = await proxy.Connect();
        await holding.SendGet("/hold");
        await Deadline.Until(() => a.Requests.Count == 5, () => "the request that is held");
        for (int i = 0; i < 4; i++)
            Assert.Equal("b", (await proxy.AskOnce()).Body);
        holding.Close();
    }

    /// <summary>Never answers "/hold".</summary>
    private static ScriptedOrigin Holding(char name) => ScriptedOrigin.Answering(
        request => request.StartsWith("GET /hold ", System.StringComparison.Ordinal) ? "" : $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
