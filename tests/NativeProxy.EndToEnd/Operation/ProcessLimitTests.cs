using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A system that gives neither a process nor a thread any more (`ulimit -u`, pids.max): nothing that runs may fall over it.</summary>
[Trait("promise", "B17")]
public sealed class ProcessLimitTests
{
    /// <summary>With so many connections, each of two workers has some.</summary>
    private const int Enough = 40;

    /// <summary>More at once than the control plane has threads.</summary>
    private const int AtOnce = 32;

    [OtherUserFact]
    public async Task WorkerThatDiesAtTheLimit_IsStoodInFor_AndIsBackWhenItIsLifted()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).Listener("[listener.forwarded]", "via = \"before\"").StartedThrough(OtherUser.RunScript));
        int[] workers = ProcessView.Children(proxy.Id);
        foreach (int id in (int[])[proxy.Id, .. workers])
            await OtherUser.LimitProcesses(id, 1);

        LinuxSignals.Send(workers[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("is not there: the process could not be started: ");
        await proxy.Errors.WaitFor("it is tried again in 400 ms");

        for (int i = 0; i < Enough; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);

        // Where the engine would take a thread for it, there is none.
        Assert.DoesNotContain("shared listener",
            Directory.GetDirectories($"/proc/{workers[1]}/task").Select(static task => File.ReadAllText(Path.Combine(task, "comm")).Trim()));
        HttpResponse[] states = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Health(proxy)));
        Assert.All(states, static state =>
        {
            Assert.Equal(299, state.Status);
            Assert.Contains(" of 2 is not there: the process could not be started: ", state.Body, StringComparison.Ordinal);
        });
        await proxy.Reload(static text => text.Replace("before", "after", StringComparison.Ordinal));
        Assert.Equal(1, await proxy.Metric("nativeproxy_config_last_reload_successful"));
        Assert.Equal([workers[1]], ProcessView.Children(proxy.Id));

        foreach (int id in (int[])[proxy.Id, workers[1]])
            await OtherUser.LiftLimit(id);
        await proxy.Errors.WaitFor(" started again");
        for (int i = 0; i < Enough; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(2, ProcessView.Children(proxy.Id).Length);
        Assert.Contains("Via: 1.1 after", origin.Requests[^1].Request, StringComparison.Ordinal);
    }

    /// <summary>
    /// Workers with common limits call each other by a thread beside the loop, which is not to be had: a worker gives way to the other all the same.
    /// </summary>
    [OtherUserFact]
    public async Task ReloadThatBringsCommonLimits_IsTaken_AndEverybodyIsServed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).StartedThrough(OtherUser.RunScript));
        int[] workers = ProcessView.Children(proxy.Id);
        foreach (int id in (int[])[proxy.Id, .. workers])
            await OtherUser.LimitProcesses(id, 1);

        await proxy.Reload(static text => text + "max_connections = 1\n");
        Assert.Equal(1, await proxy.Metric("nativeproxy_config_last_reload_successful"));
        for (int i = 0; i < Enough; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);

        Assert.Equal(workers, ProcessView.Children(proxy.Id));
        foreach (int id in (int[])[proxy.Id, .. workers])
            await OtherUser.LiftLimit(id);
    }

    /// <summary>Whoever stops it need not make room for a thread first.</summary>
    [OtherUserTheory]
    [InlineData(1, LinuxSignals.Terminate)]
    [InlineData(2, LinuxSignals.Terminate)]
    [InlineData(2, LinuxSignals.Interrupt)]
    [InlineData(2, LinuxSignals.Quit)]
    public async Task StopAtTheLimit_IsOrderly(int workers, int signal)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .StartedThrough(OtherUser.RunScript));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        foreach (int id in (int[])[proxy.Id, .. ProcessView.Children(proxy.Id)])
            await OtherUser.LimitProcesses(id, 1);

        proxy.Signal(signal);
        await proxy.Errors.WaitFor("stopping: ");
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        client.Close();

        Assert.Equal(0, await proxy.WaitForExit());
    }

    private static async Task<HttpResponse> Health(ProxyUnderTest proxy)
    {
        await using RawClient client = await RawClient.Connect(proxy.AdminPort);
        return await client.Ask("/health", "Connection: close\r\n");
    }
}
