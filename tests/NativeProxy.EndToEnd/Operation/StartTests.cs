using System;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Unusual ways to start the proxy, and what is said when it cannot start: with one process (1) and with workers (2).</summary>
[Trait("promise", "B17")]
public sealed class StartTests
{
    private const string FromPipe = "fifo=\"$3.fifo\"; mkfifo \"$fifo\"; cat \"$3\" > \"$fifo\" & exec \"$0\" run -c \"$fifo\"";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task LogThatCannotBeOpened_EndsTheStartWithItsKey(int workers)
    {
        FinishedCommand run = await StartScene.Failed(workers, "[log]\naccess = \"/nonexistent/access.log\"");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(": log.access cannot be written: there is no directory /nonexistent", run.Errors, StringComparison.Ordinal);
        Assert.Contains("nothing was started", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("again", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>A pipe is read once: workers get what was read, also one that starts later, and a reload says why it cannot be.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SettingsFromAPipe_StartEveryWorker_AndAreNotReadAgain(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).StartedThrough(FromPipe));
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        proxy.Signal(LinuxSignals.HangUp);
        await proxy.Errors.WaitFor("is a pipe, which can be read only once");
        await proxy.Errors.WaitFor("reload refused; the running configuration stays in force");
        if (workers > 1)
        {
            LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
            await proxy.Errors.WaitFor(" started again");
        }
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SettingsFromStandardInput_Start(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).StartedThrough("exec \"$0\" run -c /dev/stdin < \"$3\""));

        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Theory]
    [InlineData(1, "0<&-")]
    [InlineData(1, "0<&- 1>&- 2>&-")]
    [InlineData(2, "1>&-")]
    [InlineData(2, "2>&-")]
    [InlineData(2, "0<&- 1>&- 2>&-")]
    public async Task ClosedStandardDescriptors_AreNoReasonNotToServe(int workers, string closed)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using StartScene scene = StartScene.Through($"exec \"$0\" \"$@\" {closed}", origin, workers);
        await scene.ExpectService();

        scene.Signal(LinuxSignals.Terminate);
        await scene.ExpectExit(0);
    }

    [Theory]
    [InlineData("ulimit -n 16", 1, "the limit of open files is 16, and this configuration needs")]
    [InlineData("ulimit -n 16", 2, "the limit of open files is 16, and this configuration needs")]
    [InlineData("ulimit -v 800000", 1, "the limit of address space is ")]
    [InlineData("ulimit -v 800000", 2, "the limit of address space is ")]
    [Trait("layer", "no")] // limits for the product and not for the runtime of the tests
    public async Task LimitThatIsTooLow_IsSaidInASentence(string limit, int workers, string sentence)
    {
        FinishedCommand run = await StartScene.Failed(workers, limit: limit);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(sentence, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>The limits that are asked for suffice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [Trait("layer", "no")] // limits for the product and not for the runtime of the tests
    public async Task LimitsThatJustSuffice_Serve(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        FinishedCommand refused = await StartScene.Failed(workers, limit: "ulimit -n 16");
        string needed = System.Text.RegularExpressions.Regex.Match(refused.Errors, @"needs (\d+) before").Groups[1].Value;

        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).StartedThrough($"ulimit -n {needed}; ulimit -v 2097152; exec \"$0\" \"$@\""));

        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    /// <summary>What supervisor and workers share has no path: they need no place for it.</summary>
    [PrivateMountsTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SharedMemoryThatCannotBeWritten_IsNoReasonNotToServe(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .StartedThrough(PrivateMounts.SharedMemoryReadOnly));
        Assert.Contains(File.ReadLines($"/proc/{proxy.Id}/mounts"), static line => line.Contains(" /dev/shm tmpfs ro", StringComparison.Ordinal));
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        if (workers > 1)
        {
            LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
            await proxy.Errors.WaitFor(" started again");
        }
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.True(await proxy.Metric("nativeproxy_requests_total") >= 2);
    }

    /// <summary>Nobody reads stderr or stdout, and the pipe is full from the start: the proxy serves, stops and says so by its exit code.</summary>
    [Theory]
    [InlineData(1, "2")]
    [InlineData(2, "2")]
    [InlineData(1, "1")]
    [InlineData(2, "1")]
    public async Task OutputThatBlocks_StopsNobody(int workers, string descriptor)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using StartScene scene = StartScene.Through($"head -c 65536 /dev/zero >&{descriptor}; exec \"$0\" \"$@\"", origin, workers);
        await scene.ExpectService();
        for (int i = 0; i < 20; i++)
            scene.Signal(LinuxSignals.HangUp);

        scene.Signal(LinuxSignals.Terminate);
        await scene.ExpectExit(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task OutputThatBlocks_TheSecondSignalStillEndsEverything(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using StartScene scene = StartScene.Through("head -c 65536 /dev/zero >&2; head -c 65536 /dev/zero; exec \"$0\" \"$@\"", origin, workers,
            "drain_timeout = \"1h\"");
        await using RawClient client = await scene.Connect();
        await client.SendGet();
        await (await origin.Accept()).ReadRequest();

        scene.Signal(LinuxSignals.Terminate);
        await Deadline.Until(() => !scene.IsListening, () => "the address to be given up");
        await Deadline.Until(
            () =>
            {
                scene.Signal(LinuxSignals.Terminate);
                return scene.HasExited;
            },
            () => "the end of a process whose output nobody reads");
        await scene.ExpectExit(3);
    }

    /// <summary>
    /// An idle supervisor sleeps. Measured in the workers' own time, which wake once a second for their figures: so often may it wake for each time
    /// that one of them does.
    /// </summary>
    [Fact]
    public async Task IdleSupervisor_Sleeps()
    {
        const int WorkerWakes = 8;
        const int PerWorkerWake = 4;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Log("access = \"off\""));
        int worker = ProcessView.Children(proxy.Id)[0];
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        long workerBefore = ProcessView.VoluntarySwitches(worker);
        long before = ProcessView.VoluntarySwitches(proxy.Id);

        await Deadline.Until(() => ProcessView.VoluntarySwitches(worker) >= workerBefore + WorkerWakes, () => "the worker to refresh its figures");

        Assert.InRange(ProcessView.VoluntarySwitches(proxy.Id) - before, 0, WorkerWakes * PerWorkerWake);
    }
}
