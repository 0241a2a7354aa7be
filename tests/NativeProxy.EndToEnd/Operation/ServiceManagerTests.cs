using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// What a service manager is told of start, reload and stop (sd_notify(3)). 1 worker = one process, 2 = a supervisor and its workers.
/// </summary>
public sealed class ServiceManagerTests
{
    private const string Refusal = "READY=1\nSTATUS=reload refused; the running configuration stays in force";

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task StartReloadAndStop_AreToldInTheirOrder(int workers, bool isAbstract)
    {
        using var manager = new NotifySocket(isAbstract);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Runtime("drain_timeout = \"7s\"").StartedThrough(manager.Script()));
        await manager.WaitFor(1);
        string serving = $"READY=1\nSTATUS=web on 127.0.0.1:{proxy.Port()} to app";
        Assert.Equal(serving, manager.Messages[0]);
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        long before = Microseconds();
        await proxy.Reload(static text => text.Replace("\"7s\"", "\"8s\"", StringComparison.Ordinal));
        await manager.WaitFor(3);
        Assert.InRange(ReloadingSince(manager.Messages[1]), before, Microseconds());
        Assert.Equal(serving, manager.Messages[2]);

        await proxy.Reload(static text => text + "nonsense\n");
        await manager.WaitFor(5);
        Assert.InRange(ReloadingSince(manager.Messages[3]), before, Microseconds());
        Assert.Equal(Refusal, manager.Messages[4]);

        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        await manager.WaitFor(6);
        Assert.Equal("STOPPING=1\nEXTEND_TIMEOUT_USEC=18000000\nSTATUS=finishing what runs", manager.Messages[5]);
        Assert.Equal(6, manager.Messages.Count);
    }

    /// <summary>It says that it begins, too: `systemctl reload` would wait for that.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadThatIsRefusedWithoutReading_IsReadyAgain(int workers)
    {
        using var manager = new NotifySocket();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).StartedThrough(manager.Script()));
        proxy.Signal(LinuxSignals.PauseListening);
        await proxy.Errors.WaitFor(" paused: ");
        proxy.Signal(LinuxSignals.HangUp);
        await manager.WaitFor(3);
        Assert.Equal(["READY", "RELOADING", "READY"], manager.Words);
        Assert.Equal(Refusal, manager.Messages[2]);
        proxy.Signal(LinuxSignals.ResumeListening);
        await proxy.Errors.WaitFor(" listening again");
    }

    [Fact]
    public async Task Workers_DoNotHaveItsAddress()
    {
        using var manager = new NotifySocket();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).StartedThrough(manager.Script("WATCHDOG_USEC=60000000 KEPT=yes")));
        int[] workers = [.. ProcessView.Children(proxy.Id)];
        Assert.Equal(2, workers.Length);
        foreach (int worker in workers)
        {
            string[] variables = (await File.ReadAllTextAsync($"/proc/{worker}/environ")).Split('\0');
            Assert.Contains("KEPT=yes", variables);
            Assert.DoesNotContain(
                variables,
                static variable => variable.StartsWith("NOTIFY_", StringComparison.Ordinal)
                    || variable.StartsWith("WATCHDOG_", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SignsOfLife_ComeAsOftenAsTheyAreAskedFor(int workers)
    {
        using var manager = new NotifySocket();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).StartedThrough(manager.Script("WATCHDOG_USEC=200000")));
        await manager.WaitFor(10);
        Assert.Equal(["READY"], manager.Words);
        Assert.All(manager.Messages.Where(static message => message[0] == 'W'), static message => Assert.Equal("WATCHDOG=1", message));
    }

    /// <summary>They are for another process, or for nobody.</summary>
    [Theory]
    [InlineData("WATCHDOG_USEC=100000 WATCHDOG_PID=1")]
    [InlineData("WATCHDOG_USEC=0")]
    [InlineData("WATCHDOG_USEC=soon")]
    public async Task SignsOfLife_DoNotComeUnasked(string variables)
    {
        using var manager = new NotifySocket();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).StartedThrough(manager.Script(variables)));
        await proxy.Reload(static text => text);
        await manager.WaitFor(3);
        Assert.Equal(["READY", "RELOADING", "READY"], manager.Messages.Select(static message => message.Split('=')[0]));
    }

    /// <summary>Nobody listens there, or it is no address.</summary>
    [Theory]
    [InlineData("/nonexistent/notify")]
    [InlineData("@nativeproxy-nobody")]
    [InlineData("vsock:2:1234")]
    [InlineData("/")]
    [InlineData("/tmp/1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task ManagerThatCannotBeReached_DisturbsNobody(string address)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).StartedThrough($"exec env NOTIFY_SOCKET={address} \"$0\" \"$@\""));
        await proxy.Reload(static text => text);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task StartThatFails_IsNeverReady(int workers)
    {
        using var manager = new NotifySocket();
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var settings = new SettingsText(SettingsText.Sound(holder.Port, "127.0.0.1:1", workers: workers));
        FinishedCommand command = await ProxyBinary.RunThrough(manager.Script(), "run", "-c", settings.Path);
        Assert.Equal((2, 0), (command.ExitCode, manager.Messages.Count));
    }

    /// <summary>As CLOCK_MONOTONIC has them.</summary>
    private static long Microseconds() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);

    private static long ReloadingSince(string message)
    {
        const string Start = "RELOADING=1\nMONOTONIC_USEC=";
        Assert.StartsWith(Start, message, StringComparison.Ordinal);
        return long.Parse(message.AsSpan(Start.Length), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
