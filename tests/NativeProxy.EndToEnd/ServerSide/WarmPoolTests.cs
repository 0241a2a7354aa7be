using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Connections that are opened before a request comes (<c>keepalive.min_idle</c>).</summary>
[Trait("promise", "B6")]
public sealed class WarmPoolTests
{
    private const string Ahead = "nativeproxy_server_connects_ahead_total";

    private const string Idle = "nativeproxy_server_connections_idle";

    [Fact]
    public async Task RequestsFindConnectionsThatAreOpenAlready_AndTheseAreReplaced()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.min_idle = 2"));
        OriginConnection[] servers = [await origin.Accept(), await origin.Accept()];
        await proxy.WaitForMetric(Idle, 2);
        Assert.Equal((2, 0), (await proxy.Metric(Ahead), await proxy.Metric("nativeproxy_server_connects_ahead_used_total")));

        await using RawClient client = await proxy.Connect();
        await client.SendGet("/warm");
        Task<string>[] reads = [servers[0].ReadRequest(), servers[1].ReadRequest()];
        Task<string> read = await Task.WhenAny(reads);
        Assert.StartsWith("GET /warm ", await read, StringComparison.Ordinal);
        await origin.Accept();
        await HasIdle(2);
        await servers[Array.IndexOf(reads, read)].Send(OriginConnection.Ok);
        await client.ReadResponse();
        await HasIdle(3);

        // Where a connect takes long, the request's rate asks for one more.
        Assert.InRange(await proxy.Metric(Ahead), 3, 4);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connects_ahead_used_total"));
        Assert.Equal(0, await proxy.Metric("nativeproxy_server_connection_reuses_total"));

        Task HasIdle(int count) => Deadline.Until(async () => await proxy.Metric(Idle) >= count, () => $"{count} idle connections");
    }

    [Fact]
    public async Task EachWorkerHasItsOwn_AndAllTogetherNotMoreThanTheLimit()
    {
        await using ScriptedOrigin free = ScriptedOrigin.Answering();
        await using ScriptedOrigin limited = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().WithWorkers(2)
            .AddUpstream("free", free.Address).Upstream("keepalive.min_idle = 3").AddListener("web", "free")
            .AddUpstream("limited", limited.Address).Upstream("keepalive.min_idle = 3").OwnServers("max_connections = 4")
            .AddListener("other", "limited"));
        await Deadline.Until(
            () => (free.ConnectionCount, limited.ConnectionCount) == (6, 4), () => $"{free.ConnectionCount} {limited.ConnectionCount}");
        await proxy.WaitForMetric(Idle, 10);
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(200, (await proxy.AskOnce()).Status);
            Assert.Equal(200, (await proxy.AskOnce(listener: "other")).Status);
        }
    }

    [Fact]
    [Trait("layer", "no")] // how many are opened goes by the time of a connect, which a handshake makes long
    public async Task OneThatTheServerClosesUnderARequest_IsReplacedByAFreshOne()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Upstream("keepalive.min_idle = 1", "keepalive.max_idle = 1"));
        OriginConnection warm = await origin.Accept();
        await proxy.WaitForMetric(Idle, 1);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/again");
        await warm.ReadRequest();
        warm.Close();

        // One replaces the one that was taken, one is for the second try.
        OriginConnection one = await origin.Accept();
        OriginConnection other = await origin.Accept();
        Task<string> first = one.ReadRequest();
        Task<string> second = other.ReadRequest();
        Task<string> read = await Task.WhenAny(first, second);
        Assert.StartsWith("GET /again ", await read, StringComparison.Ordinal);
        await (read == first ? one : other).Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(1, await proxy.Metric("nativeproxy_retries_total{cause=\"stale_reuse\"}"));
    }

    [Fact]
    [Trait("layer", "no")] // checks speak no records
    public async Task ServerThatIsDown_LosesThem_AndGetsThemAgainWhenItIsBack()
    {
        string health = OriginConnection.Ok;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(_ => System.Threading.Volatile.Read(ref health));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream(
            "keepalive.min_idle = 2", "health = { type = \"http\", interval = \"50ms\", rise = 1, fall = 1 }"));
        await proxy.WaitForMetric(Idle, 2);
        System.Threading.Volatile.Write(ref health, "HTTP/1.1 500 Down\r\nContent-Length: 0\r\n\r\n");
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 0);
        await proxy.WaitForMetric(Idle, 0);
        long opened = await proxy.Metric(Ahead);
        long checks = await proxy.Metric("nativeproxy_server_checks_failed_total{upstream=\"app\",server=\"a\"}");

        // Longer than the longest time between two looks.
        await Deadline.Until(
            async () => await proxy.Metric("nativeproxy_server_checks_failed_total{upstream=\"app\",server=\"a\"}") > checks + 20,
            () => "further checks");
        Assert.Equal((opened, 0), (await proxy.Metric(Ahead), await proxy.Metric(Idle)));
        System.Threading.Volatile.Write(ref health, OriginConnection.Ok);
        await proxy.WaitForMetric(Idle, 2);
    }

    [Fact]
    public async Task ReloadChangesTheirNumber_AndKeepsThoseThatAreThere()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.min_idle = 1"));
        OriginConnection first = await origin.Accept();
        await proxy.WaitForMetric(Idle, 1);
        await proxy.Reload(text => text.Replace("min_idle = 1", "min_idle = 3", StringComparison.Ordinal));
        await origin.Accept();
        await origin.Accept();
        await proxy.WaitForMetric(Idle, 3);
        await proxy.Reload(text => text.Replace("min_idle = 3", "min_idle = 0", StringComparison.Ordinal));
        first.Close();
        await proxy.WaitForMetric(Idle, 2);
        Assert.Equal(3, origin.ConnectionCount);
    }

    [Fact]
    public async Task DrainOpensNoMore_AndTheProcessEnds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();

        // The greatest number, too: where a connect takes long, the request's rate asks for one more.
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Upstream("keepalive.min_idle = 1", "keepalive.max_idle = 1"));
        OriginConnection warm = await origin.Accept();
        await proxy.WaitForMetric(Idle, 1);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/last");
        await warm.ReadRequest();
        OriginConnection second = await origin.Accept();
        await proxy.WaitForMetric(Idle, 1);
        proxy.Signal(LinuxSignals.Terminate);
        await proxy.Errors.WaitFor("stopping: ");
        second.Close();
        await warm.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(0, await proxy.WaitForExit());
        await warm.ExpectFin();
        Assert.Equal(2, origin.ConnectionCount);
    }
}
