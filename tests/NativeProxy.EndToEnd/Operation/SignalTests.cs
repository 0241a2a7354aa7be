using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>What the operator's signals do, with one process and with workers.</summary>
public sealed class SignalTests
{
    /// <summary>As nohup does, and a script with a command that it puts into the background.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "S3.12")]
    public async Task SignalsThatTheParentIgnored_AreHeard(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).StartedThrough("trap '' HUP INT QUIT TERM USR1 CHLD; exec \"$0\" \"$@\""));

        await proxy.Reload(text => text + "# read again\n");
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        proxy.Signal(LinuxSignals.Quit);

        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Theory]
    [InlineData(1, LinuxSignals.Terminate)]
    [InlineData(1, LinuxSignals.Interrupt)]
    [InlineData(2, LinuxSignals.Terminate)]
    [InlineData(2, LinuxSignals.Interrupt)]
    [InlineData(1, LinuxSignals.Quit)]
    [InlineData(2, LinuxSignals.Quit)]
    [Trait("promise", "S3.12")]
    public async Task FirstSignal_FinishesTheRunningExchangeWithClose_EndsIdleConnections_AndExitsWith0(int workers, int signal)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet("/busy");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await using RawClient idle = await proxy.Connect();
        await idle.SendGet("/idle");
        OriginConnection other = await origin.Accept();
        await other.Answer();
        await idle.ReadResponse();
        await using RawClient silent = await proxy.Connect();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 3);
        Assert.True(ProcessView.ListensOn(proxy.Id, proxy.Port()));

        proxy.Signal(signal);
        await idle.ExpectFin();
        await silent.ExpectFin();
        idle.Close();
        silent.Close();
        await Deadline.Until(() => !ProcessView.ListensOn(proxy.Id, proxy.Port()), () => "the address to be given up");
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
        await server.Send("done");
        HttpResponse response = await busy.ReadResponse();
        Assert.Equal(("close", "done"), (response.Connection, response.Body));
        await busy.ExpectFin();
        busy.Close();
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.Contains("stopped: all exchanges finished", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(2, proxy.Output.Lines.Count);
    }

    [Fact]
    [Trait("promise", "S3.12")]
    public async Task AResponseThatBeganBeforeTheSignal_EndsItsConnectionWhenItIsComplete()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient idle = await proxy.Connect();
        await idle.SendGet();
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await idle.ReadResponse();
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet();
        await server.Answer("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbod");
        Assert.DoesNotContain("close", await busy.ReadHead(), StringComparison.Ordinal);
        proxy.Signal(LinuxSignals.Terminate);
        await idle.ExpectFin();
        await server.Send("y42");
        Assert.Equal("body42", await busy.Read(6));
        await busy.ExpectFin();
        idle.Close();
        busy.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SecondInterrupt_ExitsAtOnce(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).Runtime("drain_timeout = \"1h\""));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        int[] processes = ProcessView.Children(proxy.Id);
        proxy.Signal(LinuxSignals.Interrupt);
        await proxy.Errors.WaitFor("stopping: ");
        await proxy.SignalAgain(LinuxSignals.Interrupt);
        Assert.Equal(3, await proxy.WaitForExit());
        await busy.ExpectEnd();
        Assert.Contains("stopped at once by a second signal", proxy.Errors.Text, StringComparison.Ordinal);
        await Deadline.Until(() => processes.All(id => !Directory.Exists($"/proc/{id}")), () => "the workers to end");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task DrainTimeOver_TheRestIsCut_WithCode3(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Runtime("drain_timeout = \"300ms\""));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        var time = new PassingTime();
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(3, await proxy.WaitForExit());
        time.AssertAtLeast(300);
        await busy.ExpectEnd();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task User1_OpensTheAccessLogAnew(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string directory = Directory.CreateTempSubdirectory("nativeproxy-log-").FullName;
        try
        {
            string log = Path.Combine(directory, "access.log");
            await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).Log($"access = \"{log}\""));
            await proxy.AskOnce("/before");
            await Deadline.Until(() => File.ReadAllText(log).Contains("GET /before ", StringComparison.Ordinal), () => "the first line");
            File.Move(log, log + ".1");
            proxy.Signal(LinuxSignals.User1);
            await Deadline.Until(() => File.Exists(log), () => "the new file");

            // With several workers each opens its file by itself: ask until every one of them writes to the new one.
            await Deadline.Until(
                async () =>
                {
                    await proxy.AskOnce("/after");
                    return File.ReadAllText(log).Contains("GET /after ", StringComparison.Ordinal);
                },
                () => "a line in the new file");
            Assert.DoesNotContain("/before", File.ReadAllText(log), StringComparison.Ordinal);
            Assert.Empty(proxy.Output.Lines);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A service manager, a terminal and timeout(1) signal the whole group, and the last one the process twice.</summary>
    [Theory]
    [InlineData(LinuxSignals.Terminate)]
    [InlineData(LinuxSignals.Interrupt)]
    [Trait("promise", "B17")]
    public async Task StopOfTheWholeGroup_FinishesTheRunningExchange(int signal)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2)
            .StartedThrough("exec setsid \"$0\" \"$@\""));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();

        proxy.Signal(signal);
        LinuxSignals.SendToGroup(proxy.Id, signal);
        await proxy.Errors.WaitFor("stopping: ");
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");

        Assert.Equal("done", (await busy.ReadResponse()).Body);
        await busy.ExpectFin();
        busy.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    /// <summary>1 = the process itself, 2 = a supervisor and its workers.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "B17")]
    public async Task SignalsThatMeanNothing_AreToldAndDoNothing(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        int[] processes = [proxy.Id, .. ProcessView.Children(proxy.Id)];
        (int Number, string Name)[] signals =
        [
            (14, "SIGALRM"), (16, "SIGSTKFLT"), (26, "SIGVTALRM"), (27, "SIGPROF"), (29, "SIGIO"), (30, "SIGPWR"),
            (35, "real-time signal 35"), (50, "real-time signal 50"), (64, "real-time signal 64"),
        ];
        foreach ((int number, string name) in signals)
        {
            Array.ForEach(processes, id => LinuxSignals.Send(id, number));
            await proxy.Errors.WaitFor($"{name} was ignored");
        }

        Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(processes[1..], ProcessView.Children(proxy.Id));
    }

    /// <summary>Signals are taken until the process is gone: none of them kills it on its last steps.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "B17")]
    public async Task SignalsDuringTheEnd_DoNotChangeTheExitCode(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        proxy.Signal(LinuxSignals.Terminate);
        while (LinuxSignals.TrySend(proxy.Id, LinuxSignals.User1) && LinuxSignals.TrySend(proxy.Id, 12) && !proxy.Process.HasExited)
        {
        }

        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Fact]
    public async Task PidFile_HoldsTheProcess_AndIsRemovedAtTheEnd()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string path = Path.Combine(Path.GetTempPath(), $"nativeproxy-{Guid.NewGuid():N}.pid");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Runtime($"pid_file = \"{path}\""));
        Assert.Equal($"{proxy.Id}\n", await File.ReadAllTextAsync(path));
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.False(File.Exists(path));
    }
}
