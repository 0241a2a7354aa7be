using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A stop that balancers and clients can follow: /health says so first, then the ports close; idle clients may ask once more.</summary>
public sealed class DrainTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task DuringTheDrainDelay_HealthSaysDraining_AndAllIsServedAsBefore(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).Runtime("drain_delay = \"1h\""));
        Assert.Equal((200, "ok\n"), await Health(proxy));
        await using RawClient kept = await proxy.Connect();
        Assert.Null((await kept.Ask()).Connection);

        proxy.Signal(LinuxSignals.Terminate);
        await Deadline.Until(async () => await Health(proxy) == (503, "draining\n"), () => "/health to say that it drains");
        Assert.Null((await kept.Ask()).Connection);
        Assert.Equal("ok", (await proxy.AskOnce("/new")).Body);
        Assert.True(ProcessView.ListensOn(proxy.Id, proxy.Port()));
        await proxy.Errors.WaitFor("stopping in 3600 s; until then everything is served");

        // Another signal ends the wait.
        await proxy.SignalAgain(LinuxSignals.Terminate);
        kept.Close();
        await proxy.WaitForExit();
    }

    [Theory]
    [InlineData(1, "0s")]
    [InlineData(2, "0s")]
    [InlineData(2, "300ms")]
    public async Task AfterTheDelay_ThePortsClose_AndHealthAnswersUntilTheEnd(int workers, string delay)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Runtime($"drain_delay = \"{delay}\""));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet("/busy");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();

        proxy.Signal(LinuxSignals.Terminate);
        await Deadline.Until(() => !ProcessView.ListensOn(proxy.Id, proxy.Port()), () => "the address to be given up");
        Assert.Equal((503, "draining\n"), await Health(proxy));
        Assert.Contains("nativeproxy_client_connections_open", await proxy.MetricsText(), StringComparison.Ordinal);
        await server.Send(OriginConnection.Ok);
        Assert.Equal("close", (await busy.ReadResponse()).Connection);
        busy.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WithDrainWait_AnIdleClientGetsOneLastAnswerWithClose(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Runtime("drain_timeout = \"2h\"").Listener("keepalive.drain_wait = \"1h\"", "keepalive.timeout = \"2h\""));
        await using RawClient idle = await proxy.Connect();
        Assert.Null((await idle.Ask("/first")).Connection);
        await using RawClient silent = await proxy.Connect();

        proxy.Signal(LinuxSignals.Terminate);
        await Deadline.Until(() => !ProcessView.ListensOn(proxy.Id, proxy.Port()), () => "the address to be given up");
        HttpResponse last = await idle.Ask("/last");
        Assert.Equal((200, "close", "ok"), (last.Status, last.Connection, last.Body));
        await idle.ExpectFin();
        idle.Close();
        silent.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Fact]
    public async Task IdleClientsThatDoNotAskInTime_AreClosed_AndTheProcessEnds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("keepalive.drain_wait = \"200ms\""));
        await using RawClient idle = await proxy.Connect();
        await idle.Ask();

        proxy.Signal(LinuxSignals.Terminate);
        await idle.ExpectFin();
        idle.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    private static async Task<(int Status, string Body)> Health(ProxyUnderTest proxy)
    {
        await using RawClient admin = await RawClient.Connect(proxy.AdminPort);
        HttpResponse response = await admin.Ask("/health", "Connection: close\r\n");
        return (response.Status, response.Body);
    }
}
