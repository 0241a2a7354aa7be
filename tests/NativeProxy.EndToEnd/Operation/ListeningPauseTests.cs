using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// SIGTTOU and SIGTTIN: another process gets the addresses while this one serves what it has, and either ends with its last connection or comes back.
/// </summary>
[Trait("promise", "ARCH-17")]
public sealed class ListeningPauseTests
{
    private const string Paused = " paused: ";

    private const string Listening = " listening again";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AnotherProcessTakesOver_OpenConnectionsGoOn_AndTheOldOneEndsWithTheLast(int workers)
    {
        string pidFile = Path.GetTempFileName();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin other = ScriptedOrigin.Answering(static _ => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
        await using ProxyUnderTest old = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).Runtime($"pid_file = \"{pidFile}\"", "drain_timeout = \"1h\""));
        await using RawClient client = await old.Connect();
        Assert.Equal(200, (await client.Ask("/before")).Status);

        old.Signal(LinuxSignals.PauseListening);
        await old.Errors.WaitFor(Paused);
        await ExpectRefusal(old.Port());
        Assert.NotEqual("new", (await client.Ask("/meanwhile")).Body);

        string text = (await File.ReadAllTextAsync(old.ConfigPath)).Replace(origin.Address, other.Address, StringComparison.Ordinal);
        await using ProxyUnderTest? next = await ProxyUnderTest.TryStart(text, old.AdminPort);
        Assert.NotNull(next);
        for (int i = 0; i < 8; i++)
            Assert.Equal("new", (await old.AskOnce()).Body);
        Assert.NotEqual("new", (await client.Ask("/beside")).Body);

        old.Signal(LinuxSignals.Terminate);
        await client.ExpectFin();
        client.Close();
        Assert.Equal(0, await old.WaitForExit());
        Assert.Equal("new", (await old.AskOnce()).Body);
        Assert.Equal($"{next.Id}\n", await File.ReadAllTextAsync(pidFile));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhenTheOtherHasFailed_ItListensAgain_AndWhileTheOtherIsThere_ItSaysSo(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        await using RawClient client = await proxy.Connect();
        proxy.Signal(LinuxSignals.PauseListening);
        await proxy.Errors.WaitFor(Paused);
        using (var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            other.Bind(new IPEndPoint(IPAddress.Loopback, proxy.Port()));
            other.Listen();
            proxy.Signal(LinuxSignals.ResumeListening);
            await proxy.Errors.WaitFor($"cannot listen on 127.0.0.1:{proxy.Port()} again: another program listens there");
            Assert.Equal(200, (await client.Ask()).Status);
        }

        // A process that another test has just forked has the closed socket until it is another program: then it is said once more.
        await Deadline.Until(
            () =>
            {
                if (Count(proxy, Listening) > 0)
                    return true;
                proxy.Signal(LinuxSignals.ResumeListening);
                return false;
            },
            () => $"the end of the pause:\n{proxy.Errors.Text}");
        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(200, (await client.Ask()).Status);
        Assert.True(await proxy.Metric("nativeproxy_client_connections_accepted_total") >= 9);
    }

    /// <summary>From the signal on, a handshake is either answered, and then its connection is served, or not.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task NobodyWhoHasConnected_IsLost(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        for (int round = 1; round <= 2; round++)
        {
            Task<int>[] callers = [.. Enumerable.Range(0, 4).Select(_ => CallUntilRefused(proxy))];
            Task<int> first = CallUntilRefused(proxy);
            proxy.Signal(LinuxSignals.PauseListening);
            Assert.All(await Task.WhenAll([.. callers, first]), static served => Assert.True(served >= 0));
            await Deadline.Until(() => Count(proxy, Paused) == round, () => "the pause");
            proxy.Signal(LinuxSignals.ResumeListening);
            await Deadline.Until(() => Count(proxy, Listening) == round, () => "the end of the pause");
        }
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    /// <summary>By default both signals stop a process in its tracks, if somebody of its session is outside of its group.</summary>
    [Fact]
    public async Task SignalsToTheWholeGroup_StopNoWorker()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).StartedThrough("exec perl -e 'setpgrp; exec @ARGV' \"$0\" \"$@\""));
        await using RawClient client = await proxy.Connect();
        LinuxSignals.SendToGroup(proxy.Id, LinuxSignals.PauseListening);
        await proxy.Errors.WaitFor(Paused);
        Assert.Equal(200, (await client.Ask()).Status);
        LinuxSignals.SendToGroup(proxy.Id, LinuxSignals.ResumeListening);
        await proxy.Errors.WaitFor(Listening);
        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task WorkerThatEndsMeanwhile_IsReplacedWhenItMayListenAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        proxy.Signal(LinuxSignals.PauseListening);
        await proxy.Errors.WaitFor(Paused);
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("it starts again when listening does");

        proxy.Signal(LinuxSignals.ResumeListening);
        await proxy.Errors.WaitFor(" started again");
        IReadOnlyList<string> lines = proxy.Errors.Lines;
        Assert.True(IndexOf(lines, Listening) < IndexOf(lines, " started again"));
        for (int i = 0; i < 8; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadMeanwhile_IsRefused_AndWorksAfterwards(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        proxy.Signal(LinuxSignals.PauseListening);
        await proxy.Errors.WaitFor(Paused);
        await proxy.Reload(static text => text + "# again\n");
        Assert.Contains("reload refused: listening is paused", proxy.Errors.Text, StringComparison.Ordinal);
        proxy.Signal(LinuxSignals.ResumeListening);
        await proxy.Errors.WaitFor(Listening);
        await proxy.Reload(static text => text + "# and again\n");
        Assert.Contains(" reloaded: ", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(1, await proxy.Metric("nativeproxy_reloads_total{outcome=\"refused\"}"));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task FileOfAUnixSocket_MakesRoom_AndComesBack(int workers)
    {
        string directory = Directory.CreateTempSubdirectory("nativeproxy-pause-").FullName;
        string path = Path.Combine(directory, "web.sock");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AlsoBinding("unix:" + path).WithWorkers(workers));
        await using RawClient client = await RawClient.ConnectUnix(path);
        proxy.Signal(LinuxSignals.PauseListening);
        await proxy.Errors.WaitFor(Paused);
        Assert.False(File.Exists(path));
        Assert.Equal(200, (await client.Ask()).Status);
        using (var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            other.Bind(new UnixDomainSocketEndPoint(path));
            other.Listen();
            proxy.Signal(LinuxSignals.ResumeListening);
            await proxy.Errors.WaitFor($"cannot listen on unix:{path} again: another program listens there");
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        }

        proxy.Signal(LinuxSignals.ResumeListening);
        await proxy.Errors.WaitFor(Listening);
        await using (RawClient again = await RawClient.ConnectUnix(path))
            Assert.Equal(200, (await again.Ask()).Status);
        proxy.Signal(LinuxSignals.PauseListening);
        await Deadline.Until(() => Count(proxy, Paused) == 2, () => "the second pause");
        client.Close();
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.Empty(Directory.GetFileSystemEntries(directory));
    }

    private static int Count(ProxyUnderTest proxy, string part) =>
        proxy.Errors.Lines.Count(line => line.Contains(part, StringComparison.Ordinal));

    private static int IndexOf(IReadOnlyList<string> lines, string part) =>
        lines.ToList().FindIndex(line => line.Contains(part, StringComparison.Ordinal));

    private static async Task ExpectRefusal(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        SocketException refused = await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    /// <summary>One connection after the other, each with a request that must be answered, until nobody listens. How many it were.</summary>
    private static async Task<int> CallUntilRefused(ProxyUnderTest proxy)
    {
        for (int served = 0; ; served++)
        {
            RawClient client;
            try
            {
                client = await proxy.Connect();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                return served;
            }
            await using (client)
                Assert.Equal(200, (await client.Ask()).Status);
        }
    }
}
