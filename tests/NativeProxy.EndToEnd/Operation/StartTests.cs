using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

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
        using var settings = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1").Replace("workers = 1", $"workers = {workers}", StringComparison.Ordinal)
            + "[log]\naccess = \"/nonexistent/access.log\"\n");

        FinishedCommand run = await ProxyBinary.Run("run", "-c", settings.Path);

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
        int port = FreePorts.Take(1)[0];
        using var settings = new SettingsText(SettingsText.Sound(port, origin.Address).Replace("workers = 1", $"workers = {workers}", StringComparison.Ordinal));
        using Process process = ProxyBinary.StartThrough($"exec \"$0\" \"$@\" {closed}", "run", "-c", settings.Path);
        await Serves(process, port);

        LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
        await Deadline.For(process.WaitForExitAsync(), () => "the end");
        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData("ulimit -n 16", 1, "the limit of open files is 16, and this configuration needs")]
    [InlineData("ulimit -n 16", 2, "the limit of open files is 16, and this configuration needs")]
    [InlineData("ulimit -v 800000", 1, "the limit of address space is ")]
    [InlineData("ulimit -v 800000", 2, "the limit of address space is ")]
    public async Task LimitThatIsTooLow_IsSaidInASentence(string limit, int workers, string sentence)
    {
        using var settings = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1").Replace("workers = 1", $"workers = {workers}", StringComparison.Ordinal));

        FinishedCommand run = await ProxyBinary.RunThrough($"{limit}; exec \"$0\" \"$@\"", "run", "-c", settings.Path);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(sentence, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>The limits that are asked for suffice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task LimitsThatJustSuffice_Serve(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        using var settings = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1").Replace("workers = 1", $"workers = {workers}", StringComparison.Ordinal));
        FinishedCommand refused = await ProxyBinary.RunThrough("ulimit -n 16; exec \"$0\" \"$@\"", "run", "-c", settings.Path);
        string needed = System.Text.RegularExpressions.Regex.Match(refused.Errors, @"needs (\d+) before").Groups[1].Value;

        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).StartedThrough($"ulimit -n {needed}; ulimit -v 1048576; exec \"$0\" \"$@\""));

        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    /// <summary>What supervisor and workers share has no path: they need no place for it.</summary>
    [PrivateMountsTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SharedMemoryThatCannotBeWritten_IsNoReasonNotToServe(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).StartedThrough(PrivateMounts.SharedMemoryReadOnly));
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
        int port = FreePorts.Take(1)[0];
        using var settings = new SettingsText(SettingsText.Sound(port, origin.Address).Replace("workers = 1", $"workers = {workers}", StringComparison.Ordinal));
        using Process process = ProxyBinary.StartThrough($"head -c 65536 /dev/zero >&{descriptor}; exec \"$0\" \"$@\"", "run", "-c", settings.Path);
        await Serves(process, port);
        for (int i = 0; i < 20; i++)
            LinuxSignals.Send(process.Id, LinuxSignals.HangUp);

        LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
        await Deadline.For(process.WaitForExitAsync(), () => "the end of a process whose output nobody reads");
        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task OutputThatBlocks_TheSecondSignalStillEndsEverything(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        int port = FreePorts.Take(1)[0];
        using var settings = new SettingsText(SettingsText.Sound(port, origin.Address).Replace("workers = 1", $"workers = {workers}\ndrain_timeout = \"1h\"", StringComparison.Ordinal));
        using Process process = ProxyBinary.StartThrough("head -c 65536 /dev/zero >&2; head -c 65536 /dev/zero; exec \"$0\" \"$@\"", "run", "-c", settings.Path);
        await using RawClient client = await ConnectWhenOpen(process, port);
        await client.SendGet();
        await (await origin.Accept()).ReadRequest();

        LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
        await Deadline.Until(() => !ProcessView.ListensOn(process.Id, port), () => "the address to be given up");
        await Deadline.Until(
            () =>
            {
                if (!process.HasExited)
                    LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
                return process.HasExited;
            },
            () => "the end of a process whose output nobody reads");
        Assert.Equal(3, process.ExitCode);
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

    private static async Task Serves(Process process, int port)
    {
        await using RawClient client = await ConnectWhenOpen(process, port);
        Assert.Equal(200, (await client.Ask()).Status);
    }

    private static async Task<RawClient> ConnectWhenOpen(Process process, int port)
    {
        await Deadline.Until(
            () => process.HasExited ? throw new XunitException($"the proxy ended with code {process.ExitCode}") : ProcessView.ListensOn(process.Id, port), () => "the proxy to listen");
        return await RawClient.Connect(port);
    }
}
