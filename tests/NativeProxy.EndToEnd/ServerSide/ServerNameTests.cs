using System;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.Tests.Upstreams.Naming;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Servers that the settings name: looked up once for all workers, with all their addresses, again when the answers expire.</summary>
public sealed class ServerNameTests : IDisposable
{
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    private readonly ScriptedDns _dns = new();

    public void Dispose() => _dns.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task NameWithADeadAddress_IsServedByTheOther_WhichIsThenTriedFirst(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();

        // Nobody listens on the second address.
        _dns.Set("app.test", 60, "127.0.0.2", "127.0.0.1");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config($"app.test:{origin.Port}")
            .Upstream("keepalive.enabled = false", "retry.attempts = 1").WithWorkers(workers));

        for (int i = 0; i < 10; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);

        Assert.Equal(10, origin.ConnectionCount);
        Assert.InRange(await proxy.MetricSum("nativeproxy_server_connect_failures_total"), 1, workers);
    }

    [Theory]
    [InlineData(1, DnsMood.Answers)]
    [InlineData(1, DnsMood.Silent)]
    [InlineData(2, DnsMood.Fails)]
    internal async Task NameThatDoesNotResolve_IsAServerThatIsDown_UntilItDoes(int workers, DnsMood mood)
    {
        await using ScriptedOrigin late = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        _dns.Feel("late.test", mood);
        ProxyConfig config = Config($"late.test:{late.Port}").WithWorkers(workers);
        await using ProxyUnderTest alone = await ProxyUnderTest.Start(config);
        await using ProxyUnderTest both = await ProxyUnderTest.Start(Config($"late.test:{late.Port}", other.Address).WithWorkers(workers));

        Assert.Equal(503, (await alone.AskOnce()).Status);
        Assert.Equal((0, 1), (await Up(both, "a"), await Up(both, "b")));
        for (int i = 0; i < 4; i++)
            Assert.Equal("ok", (await both.AskOnce()).Body);
        string line = await alone.Errors.WaitFor("the name \"late.test\" cannot be resolved: ");
        Assert.EndsWith("down until it is found: server \"a\" of upstream \"app\"", line, StringComparison.Ordinal);

        _dns.Set("late.test", 60, "127.0.0.1");
        _dns.Feel("late.test", DnsMood.Answers);
        await alone.Errors.WaitFor("the name \"late.test\" stands for 127.0.0.1 now");
        await alone.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 1);
        await Deadline.Until(async () => (await alone.AskOnce()).Body == "late", () => "the late server to answer");
        await both.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 1);
        await Deadline.Until(async () => (await both.AskOnce()).Body == "late", () => "the late server to answer");
    }

    [Theory]
    [Trait("close", "server:address_left")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task OtherAddresses_AreFollowed_AndPooledConnectionsToTheOldOnesClose(int workers)
    {
        await using ScriptedOrigin old = ScriptedOrigin.Driven();
        await using ScriptedOrigin fresh = ScriptedOrigin.AnsweringAt(new IPEndPoint(Second, old.Port),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh");
        _dns.Set("app.test", 0, "127.0.0.1");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config($"app.test:{old.Port}").WithWorkers(workers));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection pooled = await old.Accept();
        await pooled.Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);

        _dns.Set("app.test", 0, "127.0.0.2");

        await pooled.ExpectFin();
        Assert.Equal("fresh", (await client.Ask()).Body);
        await proxy.Errors.WaitFor("the name \"app.test\" stands for other addresses now: 127.0.0.2");
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_address_changes_total"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_closes_total{reason=\"address_left\"}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task HealthCheck_PassesWhenOneAddressDoes_AndFollowsThem(int workers)
    {
        await using ScriptedOrigin old = ScriptedOrigin.Answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        await using ScriptedOrigin fresh = ScriptedOrigin.AnsweringAt(new IPEndPoint(Second, old.Port), OriginConnection.Ok);
        _dns.Set("dead.test", 3600, "127.0.0.3", "127.0.0.2");
        _dns.Set("moves.test", 0, "127.0.0.1");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Config($"dead.test:{old.Port}", $"moves.test:{old.Port}")
            .Upstream("health = { type = \"http\", interval = \"50ms\", timeout = \"2s\", rise = 1 }").WithWorkers(workers));
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"b\"}", 0);
        await Deadline.Until(async () => await proxy.MetricSum("nativeproxy_server_checks_total") > 4, () => "some checks");
        Assert.Equal(1, await Up(proxy, "a"));

        _dns.Set("moves.test", 0, "127.0.0.2");
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"b\"}", 1);
        Assert.Equal(1, await Up(proxy, "a"));
    }

    [Fact]
    public async Task LookUpsThatFailLater_KeepTheLastAddresses()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        _dns.Set("app.test", 0, "127.0.0.1");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config($"app.test:{origin.Port}"));
        _dns.Feel("app.test", DnsMood.Fails);
        await proxy.Errors.WaitFor("the name \"app.test\" cannot be resolved any more");

        Assert.Equal((200, 1), ((await proxy.AskOnce()).Status, await Up(proxy, "a")));
        _dns.Forget("app.test");
        _dns.Feel("app.test", DnsMood.Answers);
        int asked = _dns.Questions.Count;
        await Deadline.Until(() => _dns.Questions.Count >= asked + 4, () => "further look-ups");
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        _dns.Set("app.test", 60, "127.0.0.1");
        await proxy.Errors.WaitFor("the name \"app.test\" can be resolved again");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadWithANameThatDoesNotResolve_IsNoReasonToRefuseIt(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin.Address).WithWorkers(workers));
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        await proxy.Reload(Config($"late.test:{origin.Port}").WithWorkers(workers));
        Assert.Equal(503, (await proxy.AskOnce()).Status);
        _dns.Set("late.test", 60, "127.0.0.1");
        await proxy.Errors.WaitFor("the name \"late.test\" stands for 127.0.0.1 now");
        await Deadline.Until(async () => (await proxy.AskOnce()).Status == 200, () => "the late server to answer");
        await proxy.Reload(Config(origin.Address).WithWorkers(workers));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task NamesAreLookedUpOnceForAllWorkers_AndARestartedOneHasThePresentAddresses()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        _dns.Set("app.test", 5, "127.0.0.2");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config($"app.test:{origin.Port}").WithWorkers(2));
        Assert.Equal(1, _dns.Questions.Count(static question => question == "app.test A udp"));
        _dns.Set("app.test", 3600, "127.0.0.1");
        await proxy.Errors.WaitFor("stands for other addresses now: 127.0.0.1");
        int asked = _dns.Questions.Count;

        foreach (int worker in ProcessView.Children(proxy.Id))
            LinuxSignals.Send(worker, LinuxSignals.Kill);
        await proxy.WaitForMetric("nativeproxy_worker_restarts_total", 2);

        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(asked, _dns.Questions.Count);
    }

    private ProxyConfig Config(params string[] servers) =>
        ProxyConfig.For(servers)
            .Resolver($"servers = [\"{_dns.EndPoint}\"]", "timeout = \"1s\"", "attempts = 1", "min_ttl = \"100ms\"", "negative_ttl = \"200ms\"");

    private static Task<long> Up(ProxyUnderTest proxy, string server) =>
        proxy.Metric(string.Create(CultureInfo.InvariantCulture, $"nativeproxy_server_up{{upstream=\"app\",server=\"{server}\"}}"));
}
