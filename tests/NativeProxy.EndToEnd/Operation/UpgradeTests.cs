using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Runtime.Versioning;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>SIGUSR2: another process takes over addresses, memory and idle clients; what runs is finished where it began.</summary>
[Trait("promise", "B5")]
[Trait("layer", "no")] // what a layer knows of its connection does not go to another process
[SupportedOSPlatform("linux")]
public sealed class UpgradeTests
{
    /// <summary>Every engine hands over to itself, and each way a process can be built.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "B18")]
    public async Task IdleClients_GoOnWithTheNextProcess(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        var clients = new List<RawClient>();
        for (int i = 0; i < 20; i++)
        {
            clients.Add(await proxy.Connect());
            if (i > 0)
                Assert.Equal(200, (await clients[i].Ask("/before")).Status);
        }
        int first = proxy.Id;

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        await WaitForEnd(first, proxy);

        foreach (RawClient client in clients)
        {
            HttpResponse response = await client.Ask("/after");
            Assert.Equal((200, null), (response.Status, response.Connection));
        }

        // The silent one waits in the kernel for a while (defer_accept): whoever listens when it speaks has it.
        long taken = await proxy.Metric("nativeproxy_client_connections_taken_over_total");
        Assert.InRange(taken, clients.Count - 1, clients.Count);
        Assert.Equal(taken, await proxy.Metric("nativeproxy_client_closes_total{reason=\"handed_over\"}"));
        Assert.Equal(clients.Count, await proxy.Metric("nativeproxy_client_connections_open"));

        // A client is the same in the log of both: connection, and which of its requests it is. Lines come a little later than answers.
        await Deadline.Until(() => ClientsOf(proxy, "/after").Length == clients.Count, () => "the lines of the next process");
        string[] before = ClientsOf(proxy, "/before");
        string[] after = ClientsOf(proxy, "/after");
        Assert.Equal((19, 20, 19), (before.Length, after.Length, after.Intersect(before).Count()));
        foreach (RawClient client in clients)
            await client.DisposeAsync();
        await proxy.WaitUntilIdle();
    }

    [Fact]
    [Trait("promise", "B18")]
    public async Task TenUpgrades_KeepTheSameClients()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        await using RawClient one = await proxy.Connect();
        await using RawClient other = await proxy.Connect();
        for (int i = 0; i < 10; i++)
        {
            int before = proxy.Id;
            Assert.Equal(200, (await one.Ask()).Status);
            Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
            await WaitForEnd(before, proxy);
            Assert.Equal(200, (await other.Ask()).Status);
        }
        Assert.Equal(20, await proxy.Metric("nativeproxy_requests_total"));
    }

    /// <summary>The client sees one answer after another, and never the seam.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task RunningExchange_IsFinishedWhereItBegan_AndItsClientGoesOnAfterwards(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        int first = proxy.Id;
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/running");
        OriginConnection running = await origin.Accept();
        await running.ReadRequest();

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        Assert.True(ProcessView.IsRunning(first));
        await running.Send(OriginConnection.Ok);
        HttpResponse response = await client.ReadResponse();
        Assert.Equal((200, null), (response.Status, response.Connection));
        await WaitForEnd(first, proxy);
        await running.ExpectEnd();

        await client.SendGet("/next");
        OriginConnection next = await origin.Accept();
        await next.Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    [Fact]
    public async Task Tunnel_LivesOnInTheProcessThatIsReplaced()
    {
        await using CloseScene scene = await CloseScene.Start("upgrade = [\"websocket\"]");
        int first = scene.Proxy.Id;
        OriginConnection server = await scene.EnterTunnel();

        Assert.True(await scene.Proxy.Upgrade(), scene.Proxy.Errors.Text);
        await scene.Client.Send("ping");
        await server.ReadThrough("ping");
        await server.Send("pong");
        await scene.Client.ReadThrough("pong");
        Assert.True(ProcessView.IsRunning(first));

        scene.Client.Close();
        await server.ExpectEnd();
        await server.DisposeAsync();
        await WaitForEnd(first, scene.Proxy);
    }

    [Fact]
    public async Task LimitOfTheUpgrade_CutsWhatIsLeft()
    {
        await using CloseScene scene = await CloseScene.Start(
            static config => config.Listener("upgrade = [\"websocket\"]").Runtime("upgrade_timeout = \"1s\""));
        await scene.EnterTunnel();
        await using var proxy = new Ending(scene.Proxy);

        Assert.True(await scene.Proxy.Upgrade(), scene.Proxy.Errors.Text);

        await scene.Proxy.Output.WaitFor(
            static line => CloseLine.IsOf("client", line) && CloseLine.Parse(line).Reason == "stopped", "the client of the tunnel to be cut");
    }

    [Fact]
    [Trait("close", "client:handed_over")]
    public async Task ClientThatIsHandedOver_HasThatReason()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange();
        Assert.True(await scene.Proxy.Upgrade(), scene.Proxy.Errors.Text);
        CloseLine line = await scene.ExpectClose("client", "handed_over", "proxy");
        Assert.Equal(1, line.Uses);
        OriginConnection server = await scene.Ask();
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    /// <summary>Its client speaks half a request: the rest of it is in the process that is replaced.</summary>
    [Fact]
    [Trait("close", "client:handed_over")]
    public async Task ClientWithHalfARequest_IsServedFirst()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        int first = proxy.Id;
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\nHost:");
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 1);
        await Deadline.Until(
            async () => await proxy.Metric("nativeproxy_bytes_total{peer=\"client\",direction=\"in\"}") > 0, () => "its bytes to be read");

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        Assert.True(ProcessView.IsRunning(first));
        await client.Send(" h\r\n\r\n");
        HttpResponse response = await client.ReadResponse();
        Assert.Equal((200, null), (response.Status, response.Connection));
        await WaitForEnd(first, proxy);
        Assert.Equal(200, (await client.Ask()).Status);
    }

    /// <summary>The keys of its connection are in the process that is replaced: nobody closes it under its hands.</summary>
    [Fact]
    [Trait("close", "client:upgraded")]
    public async Task ClientOverTls_StaysUntilItsNextResponse()
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.Listening());
        int first = scene.Proxy.Id;
        await using TlsClient client = await scene.Connect();
        Assert.Null((await client.Ask()).Connection);

        Assert.True(await scene.Proxy.Upgrade(), scene.Proxy.Errors.Text);
        HttpResponse last = await client.Ask();
        Assert.Equal((200, "close"), (last.Status, last.Connection));
        await client.DisposeAsync();
        string line = await scene.Proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "the client to be closed");
        Assert.Equal(("upgraded", "proxy"), (CloseLine.Parse(line).Reason, CloseLine.Parse(line).By));
        await WaitForEnd(first, scene.Proxy);
        await using TlsClient next = await scene.Connect();
        Assert.Equal(200, (await next.Ask()).Status);
    }

    /// <summary>What an operator has set stands in the memory that goes over.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ServerThatAnOperatorHasTakenOut_StaysOut(int workers)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        string token = Path.GetTempFileName();
        await File.WriteAllTextAsync(token, "0123456789abcdef0123456789abcdef");
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).WithWorkers(workers).Admin($"write_token_file = \"{token}\""));
        Assert.Equal(0, (await ProxyBinary.Run("server", "maintenance", "-c", proxy.ConfigPath, "app/a")).ExitCode);
        long requests = await proxy.Metric("nativeproxy_requests_total");

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Empty(a.Requests);

        // Other workers than before: memory of its own, and where servers stand is said.
        await File.WriteAllTextAsync(proxy.ConfigPath, (await File.ReadAllTextAsync(proxy.ConfigPath)).Replace(
            $"workers = {workers}", "workers = 7", StringComparison.Ordinal));
        Assert.Equal(requests + 8, await proxy.Metric("nativeproxy_requests_total"));
        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Empty(a.Requests);
        File.Delete(token);
    }

    /// <summary>Both processes have the same memory, in which the next one's file counts when it serves.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task StateInTheFileOfTheNextProcess_Holds(int workers)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).WithWorkers(workers));
        string text = await File.ReadAllTextAsync(proxy.ConfigPath);
        await File.WriteAllTextAsync(
            proxy.ConfigPath, text.Replace("name = \"a\"", "name = \"a\"\nstate = \"maintenance\"", StringComparison.Ordinal));

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);

        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Empty(a.Requests);
        Assert.Equal(2, await proxy.Metric("nativeproxy_server_operator_state{upstream=\"app\",server=\"a\"}"));
    }

    [Fact]
    public async Task FileThatCannotBeUsed_LeavesTheRunningProcessInPlace()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        await using RawClient client = await proxy.Connect();
        await client.Ask();
        int before = proxy.Id;
        string text = await File.ReadAllTextAsync(proxy.ConfigPath);
        await File.WriteAllTextAsync(proxy.ConfigPath, text + "wieght = 2\n");

        Assert.False(await proxy.Upgrade());

        Assert.Contains("did you mean \"weight\"", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(before, proxy.Id);
        Assert.Equal(200, (await client.Ask()).Status);
        await File.WriteAllTextAsync(proxy.ConfigPath, text);
        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        Assert.Equal(200, (await client.Ask()).Status);
    }

    /// <summary>The program may be broken as a whole.</summary>
    [Fact]
    public async Task ProgramThatDoesNotRun_LeavesTheRunningProcessInPlace()
    {
        using var program = new ReplaceableProgram();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).StartedThrough(program.Script));
        await using RawClient client = await proxy.Connect();
        await client.Ask();
        program.Remove();
        Assert.False(await proxy.Upgrade());
        program.Put("exit 1");
        Assert.False(await proxy.Upgrade());
        Assert.Equal(200, (await client.Ask()).Status);

        program.PutBack();
        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
        Assert.Equal(200, (await client.Ask()).Status);
    }

    /// <summary>Nobody who asks all the time sees anything of it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "B18")]
    public async Task ClientsThatAskAllTheTime_SeeNothingOfThreeUpgrades(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        using var over = new CancellationTokenSource();
        Task<int>[] askers = [.. Enumerable.Range(0, 8).Select(number => Ask(proxy, isKept: number % 2 == 0, over.Token))];
        for (int i = 0; i < 3; i++)
        {
            int before = proxy.Id;
            Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
            await WaitForEnd(before, proxy);
        }
        await over.CancelAsync();
        foreach (int count in await Task.WhenAll(askers))
            Assert.True(count > 0);
    }

    [Fact]
    public async Task UnixSocket_IsListenedOnWithoutAGap()
    {
        string path = Path.Combine(Path.GetTempPath(), $"nativeproxy-upgrade-{Environment.ProcessId}.sock");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).AlsoBinding($"unix:{path}")))
        {
            await using RawClient idle = await RawClient.ConnectUnix(path);
            Assert.Equal(200, (await idle.Ask()).Status);
            int before = proxy.Id;
            Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
            await WaitForEnd(before, proxy);
            Assert.Equal(200, (await idle.Ask()).Status);
            await using RawClient fresh = await RawClient.ConnectUnix(path);
            Assert.Equal(200, (await fresh.Ask()).Status);
        }
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task UnixSocketThatTheNextProcessDoesNotListenOn_LeavesNoFile()
    {
        string path = Path.Combine(Path.GetTempPath(), $"nativeproxy-left-{Environment.ProcessId}.sock");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).AlsoBinding($"unix:{path}"));
        string text = await File.ReadAllTextAsync(proxy.ConfigPath);
        Assert.True(File.Exists(path));
        await File.WriteAllTextAsync(proxy.ConfigPath, text.Replace($", \"unix:{path}\"", "", StringComparison.Ordinal));

        Assert.True(await proxy.Upgrade(), proxy.Errors.Text);

        Assert.False(File.Exists(path));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    /// <summary>The port is that of the process before, on whichever of its addresses.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AddressThatHoldsTheOneBefore_OrIsHeldByIt_IsListenedOn(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        string one = await File.ReadAllTextAsync(proxy.ConfigPath);
        string all = one.Replace($"\"127.0.0.1:{proxy.Port()}\"", $"\"*:{proxy.Port()}\"", StringComparison.Ordinal);
        Assert.NotEqual(one, all);
        await using RawClient client = await proxy.Connect();
        Assert.Equal(200, (await client.Ask()).Status);
        foreach (string text in (string[])[all, one])
        {
            await File.WriteAllTextAsync(proxy.ConfigPath, text);
            int before = proxy.Id;
            Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
            await WaitForEnd(before, proxy);
            Assert.Equal(200, (await proxy.AskOnce()).Status);
            Assert.Equal(200, (await client.Ask()).Status);
        }
    }

    /// <summary>Whoever rotates logs knows one process, that of the pid file.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task LogsThatAreOpenedAnew_AreSoInTheProcessThatIsReplacedToo(int workers)
    {
        string directory = Directory.CreateTempSubdirectory("nativeproxy-log-").FullName;
        string log = Path.Combine(directory, "access.log");
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).Listener("upgrade = [\"websocket\"]").Log($"access = \"{log}\"")))
        {
            int first = proxy.Id;
            await using RawClient client = await proxy.Connect();
            await client.Send(CloseScene.Upgrade);
            OriginConnection server = await origin.Accept();
            await server.ReadRequest();
            await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            await client.ReadHead();
            Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
            File.Move(log, log + ".1");

            proxy.Signal(LinuxSignals.User1);

            await Deadline.Until(() => ProcessView.WithOpenFile(log + ".1").Count == 0, () => $"all to leave the old file:\n{proxy.Errors.Text}");
            Assert.True(ProcessView.IsRunning(first));
            client.Close();
            await server.ExpectEnd();
            await server.DisposeAsync();
            await WaitForEnd(first, proxy);
            Assert.Contains("GET /chat ", await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        }
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A program that never says that it serves is not waited for by who has to stop.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task StopDuringAnUpgrade_EndsBoth(int workers)
    {
        using var program = new ReplaceableProgram();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).StartedThrough(program.Script));
        program.Remove();
        program.Put("exec sleep 600");
        proxy.Signal(LinuxSignals.User2);
        string line = await proxy.Errors.WaitFor("was started and is to take over");
        int started = int.Parse(Regex.Match(line, @"process (\d+) was started").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        proxy.Signal(LinuxSignals.Terminate);

        Assert.Equal(0, await proxy.WaitForExit());
        Assert.False(ProcessView.IsRunning(started));
    }

    /// <summary>It has the socket already when it finds that it cannot serve: the file stays with the one that does.</summary>
    [Fact]
    public async Task UnixSocketOfAnUpgradeThatIsRefused_StaysWhereItIs()
    {
        string path = Path.Combine(Path.GetTempPath(), $"nativeproxy-refused-{Environment.ProcessId}.sock");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).AlsoBinding($"unix:{path}"));
        string text = await File.ReadAllTextAsync(proxy.ConfigPath);
        await File.WriteAllTextAsync(proxy.ConfigPath, text.Replace($"\"unix:{path}\"", $"\"unix:{path}\", \"{origin.Address}\"",
            StringComparison.Ordinal));

        Assert.False(await proxy.Upgrade());

        await proxy.Errors.WaitFor("is in use by another program");
        await using RawClient client = await RawClient.ConnectUnix(path);
        Assert.Equal(200, (await client.Ask()).Status);
    }

    [Fact]
    public async Task VariableOfAnUpgradeThatAStrangerSets_IsTold()
    {
        foreach (string value in (string[])["7", "990,991", "0,1", "x,y"])
        {
            FinishedCommand run = await ProxyBinary.RunThrough($"NATIVEPROXY_TAKE_OVER={value} exec \"$0\" \"$@\"", "run", "-c", "/nowhere.toml");
            Assert.Equal(2, run.ExitCode);
            Assert.Contains("NATIVEPROXY_TAKE_OVER is set by a proxy for the one that comes after it", run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task PidFile_NamesWhoServes()
    {
        string path = Path.Combine(Path.GetTempPath(), $"nativeproxy-upgrade-{Environment.ProcessId}.pid");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Runtime($"pid_file = \"{path}\"")))
        {
            int before = proxy.Id;
            Assert.True(await proxy.Upgrade(), proxy.Errors.Text);
            await WaitForEnd(before, proxy);
            Assert.Equal(proxy.Id.ToString(CultureInfo.InvariantCulture), (await File.ReadAllTextAsync(path)).Trim());
        }
        Assert.False(File.Exists(path));
    }

    private static async Task<int> Ask(ProxyUnderTest proxy, bool isKept, CancellationToken over)
    {
        int count = 0;
        RawClient client = await proxy.Connect();
        while (!over.IsCancellationRequested)
        {
            HttpResponse response = await client.Ask();
            Assert.Equal((200, null), (response.Status, response.Connection));
            count++;
            if (isKept)
                continue;
            await client.DisposeAsync();
            client = await proxy.Connect();
        }
        await client.DisposeAsync();
        return count;
    }

    /// <summary>The numbers of the client connections on which this was asked for.</summary>
    private static string[] ClientsOf(ProxyUnderTest proxy, string target) =>
    [
        .. proxy.Output.Lines.Where(line => line.Contains(target, StringComparison.Ordinal))
            .Select(static line => Regex.Match(line, @" cc=(\d+)").Groups[1].Value),
    ];

    private static Task WaitForEnd(int processId, ProxyUnderTest proxy) =>
        Deadline.Until(() => !ProcessView.IsRunning(processId), () => $"process {processId} to end:\n{proxy.Errors.Text}");

    /// <summary>A proxy of which something is cut: that is told when it ends, and is right.</summary>
    private sealed class Ending(ProxyUnderTest proxy) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            proxy.Signal(LinuxSignals.Terminate);
            Assert.Equal(3, await proxy.WaitForExit());
        }
    }
}
