using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>SIGHUP again and again, with one process and with workers, while clients go on.</summary>
public sealed class ReloadUnderTrafficTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task IdleClientAndServerConnections_SurviveAReload(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        ProxyConfig config = ProxyConfig.For(origin).WithWorkers(workers);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(config);
        await using RawClient client = await proxy.Connect();
        await client.Ask("/before");
        for (int i = 0; i < 3; i++)
        {
            await proxy.Reload(config);
            Assert.Equal(200, (await client.Ask("/after")).Status);
        }
        Assert.Equal([1, 1, 1, 1], origin.RequestConnections);
        Assert.Equal(3, await proxy.Metric("nativeproxy_reloads_total{outcome=\"done\"}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Listeners_ComeAndGo(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        ProxyConfig one = ProxyConfig.For(origin).WithWorkers(workers);
        ProxyConfig two = ProxyConfig.For(origin).WithWorkers(workers).AddListener("second", "app");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(one);
        await proxy.Reload(two);
        await using RawClient idle = await proxy.Connect("second");

        // A client that has not sent a byte is still the kernel's (defer_accept).
        await idle.Send("\r\n");
        await using RawClient busy = await proxy.Connect("second");
        await busy.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await proxy.Reload(one);
        await idle.ExpectFin();

        // Every worker has heard of it then, that of the busy client too.
        await Deadline.Until(() => !ProcessView.ListensOn(proxy.Id, proxy.Port("second")), () => "the removed address to be given up");
        await server.Send(OriginConnection.Ok);
        HttpResponse response = await busy.ReadResponse();
        Assert.Equal(("ok", "close"), (response.Body, response.Connection));
        await busy.ExpectFin();
        Assert.True(ProcessView.ListensOn(proxy.Id, proxy.Port()));
    }

    [Fact]
    public async Task ReloadsUnderTraffic_LoseNoRequest()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        ProxyConfig first = ProxyConfig.For(a).WithWorkers(2).Listener("keepalive.max_requests = 0");
        ProxyConfig second = ProxyConfig.For(a, b).WithWorkers(2).Listener("keepalive.max_requests = 0");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(first);
        bool isOver = false;
        async Task Ask()
        {
            await using RawClient client = await proxy.Connect();
            while (!isOver)
                Assert.Equal(200, (await client.Ask()).Status);
        }
        async Task AskAnew()
        {
            while (!isOver)
                Assert.Equal(200, (await proxy.AskOnce()).Status);
        }
        Task[] traffic = [Ask(), Ask(), Ask(), AskAnew(), AskAnew()];
        for (int i = 0; i < 10; i++)
            await proxy.Reload(i % 2 == 0 ? second : first);
        isOver = true;
        await Task.WhenAll(traffic);
    }
}
