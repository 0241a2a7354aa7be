using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Hosting.Processes;
using NativeProxy.Logging;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>
/// Lines on their way to a syslog that has a name: it is looked up while nobody waits, and where it moves the lines go. The time is handed in.
/// </summary>
[Trait("promise", "B17")]
public sealed class LogHostTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<string> _told = [];
    private readonly List<Socket> _readers = [];
    private readonly byte[] _room = new byte[4096];
    private long _nowMs = 1_000_000;
    private int _lookups;

    /// <summary>What the name stands for; null = look-ups go on until it is something.</summary>
    private volatile string? _addresses;

    public void Dispose() => _readers.ForEach(static reader => reader.Dispose());

    [Fact]
    public void LinesWait_UntilTheNameIsKnown_AndThatIsNoTrouble()
    {
        Socket reader = Reader("127.0.0.1");
        long beganMs = _nowMs;
        using LogSocket log = Log(LogSocketKind.SyslogUdp, PortOf(reader));
        for (int i = 0; i < 50; i++)
            log.Write("one\n"u8, _nowMs += 100);
        Assert.Equal((0, 0, 50), (log.LinesSent, log.LinesLost, log.LinesWaiting));
        Assert.InRange(log.NextMs(_nowMs), 1, 20);

        _addresses = "127.0.0.1";
        PumpUntil(log, () => log.LinesSent == 50);
        Assert.EndsWith(" - one", Receive(reader), StringComparison.Ordinal);
        Assert.Empty(_told);
        Assert.InRange(_lookups, 1, 1 + ((_nowMs - beganMs) / LogHost.AgainMsMin));
    }

    [Fact]
    public void NameThatIsNotFound_IsToldOnce_AndLookedUpUntilItIs()
    {
        _addresses = "";
        Socket reader = Reader("127.0.0.1");
        using LogSocket log = Log(LogSocketKind.SyslogUdp, PortOf(reader));
        log.Write("one\n"u8, _nowMs);
        PumpUntil(log, () => _told.Count > 0);
        long beganMs = _nowMs;
        for (int i = 0; i < 600; i++)
            log.Write("more\n"u8, _nowMs += 100);
        PumpUntil(log, () => _lookups >= 3);
        Assert.Equal("access log: it is not reached: the name \"logs.test\" cannot be resolved: a test; it is tried again, and lines wait as far as "
            + "there is room", Assert.Single(_told));
        Assert.Equal(0, log.LinesSent);
        Assert.InRange(_lookups, 3, 2 + ((_nowMs - beganMs) / LogHost.AgainMsMin));

        _addresses = "127.0.0.1";
        PumpUntil(log, () => log.LinesSent > 0);
        Assert.EndsWith(" - one", Receive(reader), StringComparison.Ordinal);
        PumpUntil(log, () => _told.Count == 2);
        Assert.Equal("access log: it takes lines again; 0 were dropped meanwhile", _told[1]);
    }

    /// <summary>Memory is bounded, however long there is no DNS.</summary>
    [Fact]
    public void LinesForWhichThereIsNoRoom_AreDroppedAndCounted()
    {
        _addresses = "";
        using LogSocket log = Log(LogSocketKind.SyslogTcp, 514);
        byte[] line = Encoding.ASCII.GetBytes(new string('x', 1000) + "\n");
        for (int i = 0; i < 2 * LogSocket.QueueBytes / 1000; i++)
            log.Write(line, _nowMs += 1);
        Assert.InRange(log.LinesLost, LogSocket.QueueBytes / 1000, 2 * LogSocket.QueueBytes / 1000);
        Assert.Equal(2 * LogSocket.QueueBytes / 1000, log.LinesLost + log.LinesWaiting);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NameThatMoves_IsFollowed_WhileLinesAreWritten(bool isTcp)
    {
        _addresses = "127.0.0.1";
        ProtocolType protocol = isTcp ? ProtocolType.Tcp : ProtocolType.Udp;
        Socket first = Reader("127.0.0.1", protocol);
        Socket second = Reader("127.0.0.2", protocol, PortOf(first));
        using LogSocket log = Log(isTcp ? LogSocketKind.SyslogTcp : LogSocketKind.SyslogUdp, PortOf(first));
        log.Write("one\n"u8, _nowMs);
        PumpUntil(log, () => log.LinesSent == 1);
        Assert.EndsWith(" - one", Receive(Taken(first)), StringComparison.Ordinal);

        _addresses = "127.0.0.2";
        int lines = 0;
        Socket? found = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                log.Write(Encoding.ASCII.GetBytes($"line {lines++}\n"), _nowMs += 1000);
                found ??= second.Poll(0, SelectMode.SelectRead) ? Taken(second) : null;
                return found?.Available > 0;
            },
            Limit));
        Assert.Contains(" - line ", Receive(found!), StringComparison.Ordinal);
        Assert.Empty(_told);
        Assert.True(lines > LogHost.AgainMs / 1000 - 2);
    }

    /// <summary>Neither for each line, nor while there are none.</summary>
    [Fact]
    public void NameIsLookedUpNowAndThen_WhileLinesAreWritten_AndOnlyThen()
    {
        _addresses = "127.0.0.1";
        using LogSocket log = Log(LogSocketKind.SyslogUdp, PortOf(Reader("127.0.0.1")));
        log.Write("one\n"u8, _nowMs);
        PumpUntil(log, () => log.LinesSent == 1, stepMs: 1); // before a second look-up is due
        for (int i = 0; i < 100; i++)
            log.Pump(_nowMs += 10_000);
        Assert.Equal((1, -1), (_lookups, log.NextMs(_nowMs)));
        for (int i = 0; i < 6000; i++)
            log.Write("line\n"u8, _nowMs += 10);
        PumpUntil(log, () => _lookups >= 2);
        Assert.InRange(_lookups, 2, 4);
        Assert.Equal(6001, log.LinesSent);
    }

    [Fact]
    public void AddressWhereNobodyIs_GivesWayToTheNext_AndThatIsNoTrouble()
    {
        Socket reader = Reader("127.0.0.2", ProtocolType.Tcp);
        _addresses = "127.0.0.1 127.0.0.2";
        using LogSocket log = Log(LogSocketKind.SyslogTcp, PortOf(reader));
        log.Write("one\n"u8, _nowMs);
        PumpUntil(log, () => log.LinesSent == 1);
        Assert.EndsWith(" - one", Receive(Taken(reader)), StringComparison.Ordinal);
        Assert.Empty(_told);
    }

    [Fact]
    public void AddressesWhereNobodyIs_AreToldOnce()
    {
        Socket reader = Reader("127.0.0.3", ProtocolType.Tcp);
        _addresses = "127.0.0.1 127.0.0.2";
        using LogSocket log = Log(LogSocketKind.SyslogTcp, PortOf(reader));
        for (int i = 0; i < 500; i++)
            log.Write("one\n"u8, _nowMs += 100);
        PumpUntil(log, () => _told.Count > 0);
        Assert.StartsWith("access log: it is not reached: ", Assert.Single(_told), StringComparison.Ordinal);
        Assert.Equal(0, log.LinesSent);
    }

    /// <summary>A process that ends at once has its last lines go where they belong.</summary>
    [Fact]
    public void End_WaitsAMomentForTheFirstAnswer()
    {
        Socket reader = Reader("127.0.0.1");
        var answer = new TaskCompletionSource<NameAnswer>();
        bool isAsked = false;
        var host = new LogHost(
            "logs.test", PortOf(reader),
            _ =>
            {
                Volatile.Write(ref isAsked, true);
                return answer.Task;
            },
            Environment.TickCount64);
        LogSocket log = Log(LogSocketKind.SyslogUdp, host);
        log.Write("last\n"u8, Environment.TickCount64);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref isAsked), Limit));

        // The look-up goes on where its answer comes, however busy the pool is.
        var answering = new Thread(() => answer.SetResult(new NameAnswer(NameOutcome.Found, [IPAddress.Loopback], 1000, "a test")));
        answering.Start();
        log.Dispose();
        answering.Join();
        Assert.Equal((1, 0), (log.LinesSent, log.LinesLost));
        Assert.EndsWith(" - last", Receive(reader), StringComparison.Ordinal);
    }

    [Fact]
    public void NameOfTheHostsFile_IsFound()
    {
        string hosts = Path.GetTempFileName();
        File.WriteAllText(hosts, "127.0.0.1 loghost\n");
        Socket reader = Reader("127.0.0.1");
        var finder = new NameFinder(SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Resolver, hosts);
        var host = new LogHost("loghost", PortOf(reader), name => finder.Find(name), _nowMs);
        using LogSocket log = Log(LogSocketKind.SyslogUdp, host);
        log.Write("one\n"u8, _nowMs);
        PumpUntil(log, () => log.LinesSent == 1);
        Assert.EndsWith(" - one", Receive(reader), StringComparison.Ordinal);
        File.Delete(hosts);
    }

    private LogSocket Log(LogSocketKind kind, int port) => Log(kind, new LogHost("logs.test", port, Find, _nowMs));

    private LogSocket Log(LogSocketKind kind, LogAddress address) =>
        new(address, kind, new LogEnvelope(kind, 16, "host", "app", "access", TimeProvider.System), "access log", _told.Add);

    private async Task<NameAnswer> Find(string name)
    {
        Interlocked.Increment(ref _lookups);
        while (_addresses is null)
            await Task.Yield();
        IPAddress[] found = [.. _addresses!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];
        return new NameAnswer(found.Length > 0 ? NameOutcome.Found : NameOutcome.NoSuchName, found, 1000, "a test");
    }

    private Socket Reader(string address, ProtocolType protocol = ProtocolType.Udp, int port = 0)
    {
        SocketType type = protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram;
        var socket = new Socket(AddressFamily.InterNetwork, type, protocol) { ReceiveTimeout = (int)Limit.TotalMilliseconds };
        _readers.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), port));
        if (protocol == ProtocolType.Tcp)
            socket.Listen();
        return socket;
    }

    private Socket Taken(Socket reader)
    {
        if (reader.SocketType == SocketType.Dgram)
            return reader;
        Socket accepted = reader.Accept();
        _readers.Add(accepted);
        return accepted;
    }

    private static int PortOf(Socket reader) => ((IPEndPoint)reader.LocalEndPoint!).Port;

    private string Receive(Socket reader) => Encoding.UTF8.GetString(_room, 0, reader.Receive(_room));

    private void PumpUntil(LogSocket log, Func<bool> isDone, int stepMs = 10) => Assert.True(SpinWait.SpinUntil(
        () =>
        {
            log.Pump(_nowMs += stepMs);
            return isDone();
        },
        Limit));
}
