using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>What happens when connections or descriptors run short: idle connections go, the oldest first, and nothing else does.</summary>
public sealed class PressureTests
{
    internal const string Shed = "nativeproxy_shed_connections_total";
    private const string ShedClients = Shed + "{side=\"client\",resource=\"descriptors\"}";
    private const string ShedServers = Shed + "{side=\"server\",resource=\"descriptors\"}";
    private const string Pressure = "nativeproxy_pressure{resource=\"descriptors\"}";

    /// <summary>A head that does not fit into a small block, without its end.</summary>
    internal static readonly string HalfHead = "GET /half HTTP/1.1\r\nHost: test\r\nX-Long: " + new string('x', 3000);

    [Fact]
    [Trait("promise", "S1.9")]
    public async Task NearTheLimit_TheOldestIdleClientsSeeFin_AndBusyHalfReadAndYoungerOnesGoOn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin slow = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddUpstream("slow", slow.Address).AddListener("slow", "slow").Runtime("max_connections = 50"));
        await using RawClient busy = await proxy.Connect("slow");
        await busy.SendGet();
        OriginConnection server = await slow.Accept();
        await using RawClient halfRead = await proxy.Connect();
        await halfRead.Send(HalfHead);
        await proxy.WaitForMetric("nativeproxy_buffer_lent_bytes{purpose=\"receive_tail\"}", 16 * 1024);
        var clients = new List<RawClient>();
        for (int i = 0; i < 43; i++)
            clients.Add(await AskedClient(proxy));

        // The 45th connection is the high mark; what is above the low one, 41, goes.
        foreach (RawClient client in clients[..4])
            await client.ExpectFin();
        foreach (RawClient client in clients[4..])
            Assert.Equal((200, null), Outcome(await client.Ask("/again")));
        await server.Answer();
        Assert.Equal((200, null), Outcome(await busy.ReadResponse()));
        await halfRead.Send("\r\n\r\n");
        Assert.Equal((200, null), Outcome(await halfRead.ReadResponse()));
        Assert.Equal(4, await proxy.Metric(ShedClients));
        Assert.Equal(4, await proxy.MetricSum(Shed));
        Assert.Equal(4, await proxy.Metric("nativeproxy_client_closes_total{reason=\"descriptor_pressure\"}"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_pressure_episodes_total{resource=\"descriptors\"}"));
        Assert.Equal(0, await proxy.Metric(Pressure));
        await proxy.Errors.WaitFor("pressure: this worker runs short of connections or descriptors (45 client");
        Assert.Single(proxy.Errors.Lines, line => line.Contains("pressure: ", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("promise", "S1.9")]
    public async Task ConnectionUsedAgain_IsYoungAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Runtime("max_connections = 20"));
        var clients = new List<RawClient>();
        for (int i = 0; i < 17; i++)
            clients.Add(await AskedClient(proxy));
        await PassingTime.Of(10);
        await clients[0].Ask();
        clients.Add(await AskedClient(proxy));
        await clients[1].ExpectFin();
        Assert.Equal((200, null), Outcome(await clients[0].Ask()));
        Assert.Equal((200, null), Outcome(await clients[2].Ask()));
        Assert.Equal(1, await proxy.Metric(ShedClients));
    }

    [Fact]
    [Trait("promise", "S1.9")]
    public async Task ClientThatHasNotAskedYet_HasASecondToDoSo()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("defer_accept = false")
            .Runtime("max_connections = 10"));
        var time = new PassingTime();
        var clients = new List<RawClient>();
        for (int i = 0; i < 9; i++)
            clients.Add(await proxy.Connect());
        await clients[0].ExpectFin();
        time.AssertAtLeast(1000);
        Assert.Equal((200, null), Outcome(await clients[^1].Ask()));
        Assert.Equal(1, await proxy.Metric(ShedClients));
    }

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("close", "client:listener_pressure")]
    public async Task ListenerNearItsOwnLimit_ClosesItsOwnIdleClientsOnly()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddListener("small", "app").Listener("limits.max_connections = 10"));
        await using RawClient other = await AskedClient(proxy);
        var clients = new List<RawClient>();
        for (int i = 0; i < 30; i++)
            clients.Add(await AskedClient(proxy, "small"));
        foreach (RawClient client in clients[..22])
            await client.ExpectFin();
        foreach (RawClient client in clients[22..])
            Assert.Equal((200, null), Outcome(await client.Ask()));
        Assert.Equal((200, null), Outcome(await other.Ask()));
        Assert.Equal(22, await proxy.Metric(ShedClients));
        Assert.Equal(22, await proxy.Metric("nativeproxy_client_closes_total{reason=\"listener_pressure\"}"));
    }

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("layer", "no")] // a client that waits to be accepted has no handshake yet
    public async Task SwitchedOff_IdleClientsStay_AndAReloadSwitchesItOn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        ProxyConfig Config(int percent) => ProxyConfig.For(origin).Runtime("max_connections = 20", $"shed_idle_at = {percent}");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(0));
        var clients = new List<RawClient>();
        for (int i = 0; i < 20; i++)
            clients.Add(await AskedClient(proxy));
        RawClient waiting = await proxy.Connect();
        await waiting.SendGet();
        foreach (RawClient client in clients)
            Assert.Equal((200, null), Outcome(await client.Ask()));
        Assert.Equal(0, await proxy.MetricSum(Shed));
        await proxy.Reload(Config(50));

        // The mark is 10 now, the low one 9. The client that waited is the tenth: one more goes.
        foreach (RawClient client in clients[..12])
            await client.ExpectFin();
        Assert.Equal(200, (await waiting.ReadResponse()).Status);
        Assert.Equal((200, null), Outcome(await clients[^1].Ask()));
        Assert.Equal(12, await proxy.Metric(ShedClients));
    }

    [Fact]
    [Trait("promise", "S4.9")]
    [Trait("promise", "S4.10")]
    [Trait("close", "client:descriptor_pressure")]
    public async Task WhileAllConnectionsAreBusy_ResponsesSayClose_UntilTheLowMark()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Runtime("max_connections = 20"));
        var clients = new List<RawClient>();
        var servers = new List<OriginConnection>();
        for (int i = 0; i < 18; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[i].SendGet();
            servers.Add(await origin.Accept());
        }
        Assert.Equal(1, await proxy.Metric(Pressure));
        Assert.Equal(1, await proxy.Metric("nativeproxy_worker_pressure{worker=\"0\",resource=\"descriptors\"}"));
        await servers[0].Answer();
        Assert.Equal((200, "close"), Outcome(await clients[0].ReadResponse()));
        await clients[0].ExpectFin();
        clients[0].Close();
        await proxy.WaitForMetric(Pressure, 0);
        await servers[1].Answer();
        Assert.Equal((200, null), Outcome(await clients[1].ReadResponse()));
        Assert.Equal(1, await proxy.Metric("nativeproxy_client_closes_total{reason=\"descriptor_pressure\"}"));
        Assert.Equal(0, await proxy.MetricSum(Shed));
        await proxy.Output.WaitFor("rs=descriptor_pressure");
        for (int i = 2; i < servers.Count; i++)
            await servers[i].Answer();
    }

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("layer", "no")] // descriptors are counted for the product and not for the runtime of the tests
    public async Task AcceptFails_IdleClientsMakeRoom_AndTheNewClientIsServed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        var clients = new List<RawClient>();
        for (int i = 0; i < 20; i++)
            clients.Add(await AskedClient(proxy));
        int limit = DescriptorLimit.Set(proxy.Id, ProcessView.LowestFreeDescriptor(proxy.Id));
        await using RawClient late = await proxy.Connect();
        await late.SendGet();
        Assert.Equal(200, (await late.ReadResponse()).Status);
        await clients[0].ExpectFin();
        DescriptorLimit.Set(proxy.Id, limit);
        Assert.InRange(await proxy.Metric("nativeproxy_accept_failures_total"), 1, 100);
        Assert.InRange(await proxy.MetricSum(Shed), 1, 19);
        Assert.Equal(200, (await clients[^1].Ask()).Status);
    }

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("layer", "no")] // descriptors are counted for the product and not for the runtime of the tests
    public async Task MoreIdleClientsThanDescriptors_EveryNewOneIsServed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithDescriptors(200));
        var clients = new List<RawClient>();
        for (int i = 0; i < 300; i++)
            clients.Add(await AskedClient(proxy));
        await clients[0].ExpectFin();
        Assert.Equal((200, null), Outcome(await clients[^2].Ask()));
        Assert.InRange(await proxy.Metric(ShedClients), 100, 299);
        Assert.Equal(0, await proxy.Metric("nativeproxy_accept_failures_total"));
    }

    [Fact]
    [Trait("promise", "S1.9")]
    [Trait("close", "server:descriptor_pressure")]
    public async Task SpareServerConnections_GoBeforeClients()
    {
        await using ScriptedOrigin one = ScriptedOrigin.Driven();
        await using ScriptedOrigin two = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();

        // Some 140 descriptors for pairs: the clients' mark is about 42, that of all connections about 84, of which 60 are soon spare ones.
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CloseScene.WithConnectionLog(
            ProxyConfig.For(other).WithDescriptors(200).Runtime("shed_idle_at = 60")
                .AddUpstream("one", one.Address).AddListener("one", "one").AddUpstream("two", two.Address).AddListener("two", "two")));
        var servers = new List<OriginConnection>();
        foreach ((string listener, ScriptedOrigin origin) in new[] { ("one", one), ("two", two) })
        {
            var askers = new List<RawClient>();
            int before = servers.Count;
            for (int i = 0; i < 30; i++)
            {
                askers.Add(await proxy.Connect(listener));
                await askers[i].SendGet();
                servers.Add(await origin.Accept());
            }
            for (int i = 0; i < askers.Count; i++)
            {
                await servers[before + i].Answer();
                await askers[i].ReadResponse();
                askers[i].Close();
            }
            await proxy.WaitUntilIdle();
        }
        Assert.Equal(60, await proxy.Metric("nativeproxy_server_connections_idle"));
        await PassingTime.Of(1100);
        var clients = new List<RawClient>();
        long shed = 0;
        for (int i = 0; i < 200 && shed == 0; i++)
        {
            clients.Add(await AskedClient(proxy));
            shed = await proxy.Metric(ShedServers);
        }
        Assert.InRange(shed, 1, 30);
        Assert.Equal(0, await proxy.Metric(ShedClients));
        Assert.Equal(shed, await proxy.Metric("nativeproxy_server_closes_total{reason=\"descriptor_pressure\"}"));
        foreach (OriginConnection server in servers.Take((int)shed))
            await server.ExpectFin();
        await proxy.Output.WaitFor("rs=descriptor_pressure");
    }

    internal static async Task<RawClient> AskedClient(ProxyUnderTest proxy, string listener = "web")
    {
        RawClient client = await proxy.Connect(listener);
        Assert.Equal((200, null), Outcome(await client.Ask()));
        return client;
    }

    internal static (int Status, string? Connection) Outcome(HttpResponse response) => (response.Status, response.Connection);
}
