using System;
using System.IO;
using System.Runtime.Versioning;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Listening sockets that a service manager has opened (sd_listen_fds(3)) are served by the listener of their address.</summary>
[Trait("promise", "B5")]
[SupportedOSPlatform("linux")]
public sealed class SocketActivationTests
{
    /// <summary>Whoever connects between two processes waits.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    [Trait("layer", "no")] // nobody shakes hands with a client that waits in the kernel
    public async Task ClientBetweenStopAndStart_IsServedByTheNextProcess(int workers, bool sharesPort)
    {
        using var given = new GivenSocket(sharesPort);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using (ProxyUnderTest first = await Start(given, origin, workers))
        {
            await AskAnew(given, 10);
            first.Signal(LinuxSignals.Terminate);
            Assert.Equal(0, await first.WaitForExit());
        }
        await using RawClient waiting = await RawClient.Connect(given.Port);
        await waiting.SendGet("/");
        await using ProxyUnderTest next = await Start(given, origin, workers);
        Assert.Equal(200, (await waiting.ReadResponse()).Status);
        await AskAnew(given, 10);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WorkerThatEnds_LeavesItsClientsToTheOthers(bool sharesPort)
    {
        using var given = new GivenSocket(sharesPort);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await Start(given, origin, workers: 2);
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[^1], LinuxSignals.Kill);
        await AskAnew(given, 10);
        await proxy.Errors.WaitFor(" started again");
        await AskAnew(given, 10);
    }

    /// <summary>Beside a socket that another user has opened the system gives nobody one of his own: then it is one for all workers.</summary>
    [OtherUserFact]
    public async Task SocketOfAnotherUser_IsSharedByAllWorkers()
    {
        using var given = new GivenSocket(sharesPort: true);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).AlsoBinding(given.Address).StartedThrough(given.ScriptOf(OtherUser.Become)));
        await AskAnew(given, 10);
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[^1], LinuxSignals.Kill);
        await AskAnew(given, 10);
        await proxy.Errors.WaitFor(" started again");
        await AskAnew(given, 10);
    }

    /// <summary>The next one may have more workers than sockets came to it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("layer", "no")] // what a layer knows of its connection does not go to another process
    public async Task Upgrade_KeepsTheSocket(bool sharesPort)
    {
        using var given = new GivenSocket(sharesPort);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await Start(given, origin, workers: 2);
        await using RawClient kept = await RawClient.Connect(given.Port);
        Assert.Equal(200, (await kept.Ask()).Status);
        string text = await File.ReadAllTextAsync(proxy.ConfigPath);
        await File.WriteAllTextAsync(proxy.ConfigPath, text.Replace("workers = 2", "workers = 3", StringComparison.Ordinal));
        int before = proxy.Id;

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        await Deadline.Until(() => !ProcessView.IsRunning(before), () => $"the first process to end:\n{proxy.Errors.Text}");

        Assert.Equal(200, (await kept.Ask()).Status);
        await AskAnew(given, 20);
    }

    /// <summary>Its clients would wait for ever.</summary>
    [Fact]
    public async Task SocketThatNoListenerBinds_IsAnError()
    {
        using var given = new GivenSocket(sharesPort: false);
        FinishedCommand run = await Run(given.Script);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"the service manager listens on {given.Address} for this proxy, but no listener binds that", run.Errors,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3</dev/null", "descriptor 3 of the service manager is no socket")]
    [InlineData("3<&-", "descriptor 3 of the service manager is no socket")]
    public async Task DescriptorThatIsNoListeningSocket_IsAnError(string third, string message)
    {
        FinishedCommand run = await Run(GivenSocket.ScriptWith(third));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
    }

    /// <summary>They were meant for the process that started this one.</summary>
    [Fact]
    public async Task VariablesForAnotherProcess_MeanNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).StartedThrough("export LISTEN_PID=1 LISTEN_FDS=1; exec \"$0\" \"$@\""));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    private static async Task<FinishedCommand> Run(string script)
    {
        string path = Path.GetTempFileName();
        const string Upstream = "[[upstream]]\nname = \"app\"\n[[upstream.server]]\nname = \"a\"\naddress = \"127.0.0.1:1\"\n";
        await File.WriteAllTextAsync(path, ProxyConfig.Before(Upstream).ToToml([FreePorts.Take(1)[0]], FreePorts.Take(1)[0]));
        FinishedCommand run = await ProxyBinary.RunThrough(script, "run", "-c", path);
        File.Delete(path);
        return run;
    }

    private static Task<ProxyUnderTest> Start(GivenSocket given, ScriptedOrigin origin, int workers) =>
        ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).AlsoBinding(given.Address).StartedThrough(given.Script));

    private static async Task AskAnew(GivenSocket given, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await using RawClient client = await RawClient.Connect(given.Port);
            Assert.Equal(200, (await client.Ask()).Status);
        }
    }
}
