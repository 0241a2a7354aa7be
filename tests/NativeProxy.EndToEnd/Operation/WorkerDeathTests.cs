using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// What happens when a worker is not there any more: others accept its connections, it comes back, and the supervisor falls over nothing.
/// </summary>
[Trait("promise", "B17")]
public sealed class WorkerDeathTests
{
    /// <summary>With so many connections, each of two workers has some.</summary>
    private const int Enough = 40;

    [Fact]
    public async Task TenKillsInARow_DelayNoRestart_AndLoseNoNewConnection()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        for (int kill = 1; kill <= 10; kill++)
        {
            LinuxSignals.Send(ProcessView.Children(proxy.Id)[^1], LinuxSignals.Kill);
            for (int i = 0; i < 5; i++)
                await AskAnew(proxy);
            int count = kill;
            await Deadline.Until(() => CountOf(proxy, " started again") == count,
                () => $"worker to start again for the {count}th time:\n{proxy.Errors.Text}");
        }

        Assert.Equal(10, CountOf(proxy, "ended with code 137; it starts again at once"));
        Assert.Equal(10, await proxy.Metric("nativeproxy_worker_restarts_total"));
    }

    /// <summary>The supervisor cannot start anybody while it has no descriptor left: it goes on with what it has, and tries again.</summary>
    [Fact]
    [Trait("layer", "no")] // the runtime of the tests loads its parts as it needs them and cannot without a descriptor; the product has all of itself
    public async Task WorkerThatCannotBeStarted_IsStoodInFor_UntilItCan()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        int before = DescriptorLimit.Set(proxy.Id, ProcessView.LowestFreeDescriptor(proxy.Id));
        int[] workers = ProcessView.Children(proxy.Id);
        LinuxSignals.Send(workers[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("the process could not be started: ");

        for (int i = 0; i < Enough; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal([workers[1]], ProcessView.Children(proxy.Id));

        DescriptorLimit.Set(proxy.Id, before);
        await proxy.Errors.WaitFor(" started again");
        for (int i = 0; i < Enough; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(2, ProcessView.Children(proxy.Id).Length);
    }

    /// <summary>
    /// A reload mends what kept a worker from starting, and adds an address: the one who stands in accepts there, too, and the one who comes back.
    /// </summary>
    [Fact]
    public async Task ReloadWhileAWorkerIsMissing_ReachesWhoStandsInAndWhoComesBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string directory = Directory.CreateTempSubdirectory("nativeproxy-gone-").FullName;
        string log = Path.Combine(directory, "logs", "access.log");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Log($"access = \"{log}\""));
        Directory.Delete(Path.GetDirectoryName(log)!, recursive: true);
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("before it served: log.access: ");
        HttpResponse degraded = await Health(proxy);
        Assert.Equal(299, degraded.Status);
        Assert.StartsWith("degraded: worker 0 of 2 is not there: log.access: ", degraded.Body, StringComparison.Ordinal);
        int added = FreePorts.Take(1)[0];

        await proxy.Reload(text => text.Replace(log, "off", StringComparison.Ordinal)
            .Replace("bind = [\"127.0.0.1:" + proxy.Port(), $"bind = [\"127.0.0.1:{added}\", \"127.0.0.1:" + proxy.Port(), StringComparison.Ordinal));

        Assert.Contains(" reloaded: ", proxy.Errors.Text, StringComparison.Ordinal);
        await AskManyTimes(added);
        await AskManyTimes(proxy.Port());
        await proxy.Errors.WaitFor(" started again");
        await Deadline.Until(async () => (await Health(proxy)).Status == 200, () => "all to be well again");
        await AskManyTimes(added);
        await AskManyTimes(proxy.Port());
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>The worker that comes back has the proxy's own page instead; a reload is told that the file is gone.</summary>
    [Fact]
    public async Task PageWhoseFileIsGone_KeepsNoWorkerFromComingBack()
    {
        string page = Path.GetTempFileName();
        await File.WriteAllTextAsync(page, "away");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app", "127.0.0.1:1").AddListener("web", "app")
            .WithWorkers(2).Listener($"error_pages = {{ 5xx = \"file:{page}\" }}"));
        Assert.Equal((502, "away"), await Answer());
        File.Delete(page);

        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor(" started again");

        for (int i = 0; i < Enough; i++)
            Assert.Equal(502, (await Answer()).Status);
        LinuxSignals.Send(proxy.Id, LinuxSignals.HangUp);
        await proxy.Errors.WaitFor($"the file \"{page}\" cannot be read: ");

        async Task<(int Status, string Body)> Answer()
        {
            HttpResponse response = await proxy.AskOnce();
            return (response.Status, response.Body);
        }
    }

    /// <summary>Nobody is left to stand in: a client that is refused can go elsewhere, one that waits cannot.</summary>
    [Fact]
    public async Task WithoutAnyWorker_ClientsAreRefused_UntilOneIsBack()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string directory = Directory.CreateTempSubdirectory("nativeproxy-gone-").FullName;
        string log = Path.Combine(directory, "access.log");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Log($"access = \"{log}\""));
        Directory.Delete(directory, recursive: true);
        foreach (int worker in ProcessView.Children(proxy.Id))
            LinuxSignals.Send(worker, LinuxSignals.Kill);

        await Deadline.Until(() => IsRefused(proxy.Port()), () => "the address to be given up:\n" + proxy.Errors.Text);

        Directory.CreateDirectory(directory);
        await Deadline.Until(() => CountOf(proxy, " started again") == 2, () => "both workers to be back:\n" + proxy.Errors.Text);
        await AskManyTimes(proxy.Port());
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("rm -f {0}")]
    [InlineData("printf '#!/bin/sh\\nexit 9\\n' > {0}.new; chmod +x {0}.new; mv {0}.new {0}")]
    [Trait("layer", "no")] // the product is one file, what speaks records is several
    public async Task BinaryThatWasDeletedOrReplaced_TheRunningOneIsStartedAgain(string change)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string directory = Directory.CreateTempSubdirectory("nativeproxy-binary-").FullName;
        string copy = Path.Combine(directory, "nativeproxy");
        File.Copy(ProxyBinary.Path, copy);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).StartedThrough($"exec {copy} \"$@\""));
        using (System.Diagnostics.Process changing = System.Diagnostics.Process.Start("/bin/sh",
            ["-c", string.Format(System.Globalization.CultureInfo.InvariantCulture, change, copy)]))
        {
            await changing.WaitForExitAsync();
        }

        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);

        await proxy.Errors.WaitFor(" started again");
        await AskManyTimes(proxy.Port());
        Assert.All(ProcessView.Children(proxy.Id), static id => Assert.Equal("nativeproxy", File.ReadAllText($"/proc/{id}/comm").Trim()));
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A stopped process is one whose loop does not turn; its share of new connections must not wait for ever.</summary>
    [Fact]
    public async Task WorkerThatHangs_IsNamedKilledAndReplaced()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Runtime("worker_hang_timeout = \"2s\""));
        int victim = ProcessView.Children(proxy.Id)[0];
        LinuxSignals.Send(victim, LinuxSignals.Stop);
        await Deadline.Until(() => ProcessView.IsStopped(victim), () => "the worker to be stopped: what it has accepted before ends with it");

        var clients = new List<Task<int>>();
        for (int i = 0; i < Enough; i++)
            clients.Add(Task.Run(async () => (await proxy.AskOnce()).Status));
        Assert.All(await Task.WhenAll(clients), static status => Assert.Equal(200, status));

        string line = await proxy.Errors.WaitFor("shows no sign of life for 2 s");
        Assert.Contains($"(process {victim})", line, StringComparison.Ordinal);
        Assert.Contains("its process is stopped by a signal or a debugger", line, StringComparison.Ordinal);
        Assert.Contains("was last seen waiting for events", line, StringComparison.Ordinal);
        await proxy.Errors.WaitFor(" started again");
        Assert.DoesNotContain(victim, ProcessView.Children(proxy.Id));
    }

    /// <summary>The engine is one of the keys that change with a restart only: of the proxy, not of one worker.</summary>
    [Fact]
    public async Task WorkerThatStartsAfterAReload_IsLikeItsSiblings()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Runtime("drain_timeout = \"20s\""));
        string other = ProxyConfig.Engine == "epoll" ? "saea" : "epoll";
        string[] threads = ThreadsOf(ProcessView.Children(proxy.Id)[0]);

        await proxy.Reload(text => text.Replace($"engine = \"{ProxyConfig.Engine}\"", $"engine = \"{other}\"", StringComparison.Ordinal));
        await proxy.Reload(static text => text.Replace("20s", "21s", StringComparison.Ordinal));
        Assert.Equal(2, CountOf(proxy, "runtime.engine changes with a restart only; the value of the start stays in force"));
        await proxy.Reload(text => text.Replace($"engine = \"{other}\"", $"engine = \"{ProxyConfig.Engine}\"", StringComparison.Ordinal));
        Assert.Equal(2, CountOf(proxy, "changes with a restart only"));
        await proxy.Reload(text => text.Replace($"engine = \"{ProxyConfig.Engine}\"", $"engine = \"{other}\"", StringComparison.Ordinal));
        Assert.Equal((3, 1), (CountOf(proxy, " reloaded: nothing changed"), CountOf(proxy, " reloaded: runtime.drain_timeout 20s -> 21s")));

        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor(" started again");
        Assert.Equal(EngineOf(threads), EngineOf(ThreadsOf(ProcessView.Children(proxy.Id)[^1])));
    }

    /// <summary>A stop that comes in the middle of a reload is as orderly as any other.</summary>
    [Fact]
    public async Task StopDuringReloads_FinishesTheRunningExchange()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        for (int i = 0; i < 20; i++)
            proxy.Signal(LinuxSignals.HangUp);

        proxy.Signal(LinuxSignals.Terminate);
        await proxy.Errors.WaitFor("stopping: ");
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");

        Assert.Equal("done", (await busy.ReadResponse()).Body);
        busy.Close();
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.DoesNotContain("killed", proxy.Errors.Text, StringComparison.Ordinal);
    }

    private static async Task<HttpResponse> Health(ProxyUnderTest proxy)
    {
        await using RawClient client = await RawClient.Connect(proxy.AdminPort);
        return await client.Ask("/health", "Connection: close\r\n");
    }

    private static string EngineOf(string[] threads) => threads.Contains("loop") ? "epoll" : "saea";

    private static string[] ThreadsOf(int processId) =>
        [.. Directory.GetDirectories($"/proc/{processId}/task").Select(static task => File.ReadAllText(Path.Combine(task, "comm")).Trim())];

    private static int CountOf(ProxyUnderTest proxy, string part) => proxy.Errors.Lines.Count(line => line.Contains(part, StringComparison.Ordinal));

    private static async Task AskManyTimes(int port)
    {
        for (int i = 0; i < Enough; i++)
        {
            await using RawClient client = await RawClient.Connect(port);
            Assert.Equal(200, (await client.Ask()).Status);
        }
    }

    /// <summary>A connection that the dying worker had accepted is lost with it, before any answer; whoever asks again must be served.</summary>
    private static async Task AskAnew(ProxyUnderTest proxy)
    {
        string answer = "";
        try
        {
            await using RawClient client = await proxy.Connect();
            await client.SendGet();
            answer = await client.ReadToHeadOrEnd();
        }
        catch (SocketException)
        {
            // Reset while it was sent.
        }
        if (answer.Length == 0)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        else
            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    private static bool IsRefused(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(System.Net.IPAddress.Loopback, port);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
