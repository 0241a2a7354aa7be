using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>
/// Lines on their way to a syslog or the journal: their shape on each kind of socket, and that a reader who is gone or slow costs lines and nothing
/// else. The time is handed in.
/// </summary>
[Trait("promise", "B17")]
public sealed class LogSocketTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"np-{Guid.NewGuid():N}.sock");
    private readonly List<string> _told = [];
    private readonly byte[] _room = new byte[64 * 1024];
    private long _nowMs = 1_000_000;

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void UdpSyslog_HasAMessageInEachDatagram()
    {
        using Socket reader = Reader(SocketType.Dgram, new IPEndPoint(IPAddress.Loopback, 0), ProtocolType.Udp);
        using LogSocket log = Log(LogSocketKind.SyslogUdp, reader.LocalEndPoint!);

        log.Write("one line\nanother \"line\"\n"u8, _nowMs);

        Assert.Matches(@"^<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z host app \d+ access - one line$", Receive(reader));
        Assert.EndsWith(" access - another \"line\"", Receive(reader), StringComparison.Ordinal);
        Assert.Equal((2, 0, -1), (log.LinesSent, log.LinesLost, log.NextMs(_nowMs)));
        Assert.Empty(_told);
    }

    [Fact]
    public void TcpSyslog_HasTheLengthBeforeEachMessage()
    {
        using Socket listener = Listener(new IPEndPoint(IPAddress.Loopback, 0), ProtocolType.Tcp);
        using LogSocket log = Log(LogSocketKind.SyslogTcp, listener.LocalEndPoint!);
        log.Write("one\ntwo\n"u8, _nowMs);
        using Socket reader = listener.Accept();
        PumpUntil(log, () => log.LinesSent == 2);

        string bytes = ReadAll(log, reader);

        Match frames = Regex.Match(bytes, @"^(\d+) (<134>1 .* access - one)(\d+) (<134>1 .* access - two)$");
        Assert.True(frames.Success, bytes);
        Assert.Equal((frames.Groups[1].Value, frames.Groups[3].Value), ($"{frames.Groups[2].Length}", $"{frames.Groups[4].Length}"));
    }

    [Theory]
    [InlineData(SocketType.Dgram)]
    [InlineData(SocketType.Stream)]
    public void UnixSyslog_TakesWhatTheSocketIs(SocketType type)
    {
        using Socket reader = Reader(type, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        if (type == SocketType.Stream)
            reader.Listen();
        using LogSocket log = Log(LogSocketKind.SyslogUnix, new UnixDomainSocketEndPoint(_path));
        log.Write("one\ntwo\n"u8, _nowMs);
        Assert.Equal(2, log.LinesSent);

        if (type == SocketType.Dgram)
        {
            Assert.EndsWith(" access - one", Receive(reader), StringComparison.Ordinal);
            return;
        }
        using Socket accepted = reader.Accept();
        Assert.Matches(@"^<134>1 .* - one\n<134>1 .* - two\n$", ReadAll(log, accepted));
    }

    [Theory]
    [InlineData("2026-11-22T10:11:12.123Z [17] warn server app/a is down: why\n", 4, "server app/a is down: why")]
    [InlineData("2026-11-22T10:11:12.123Z [17] error it\n", 3, "it")]
    [InlineData("2026-11-22T10:11:12.123Z [17] info [it] is\n", 6, "[it] is")]
    [InlineData("   4 | [log] errors\n", 6, "   4 | [log] errors")]
    public void Journal_GetsFieldsAndTheLevelOfALine(string line, int priority, string message)
    {
        using Socket reader = Reader(SocketType.Dgram, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        using LogSocket log = Log(LogSocketKind.Journal, new UnixDomainSocketEndPoint(_path), "error");

        log.Write(Encoding.UTF8.GetBytes(line), _nowMs);

        string[] fields = Receive(reader).Split('\n');
        Assert.Equal(
            [$"PRIORITY={priority}", "SYSLOG_FACILITY=16", "SYSLOG_IDENTIFIER=app", $"SYSLOG_PID={Environment.ProcessId}", "NATIVEPROXY_LOG=error",
                $"MESSAGE={message}", ""],
            fields);
    }

    [Fact]
    public void ReaderThatIsNotThereYet_GetsTheLinesThatWaited_AndBothIsToldOnce()
    {
        using LogSocket log = Log(LogSocketKind.SyslogUnix, new UnixDomainSocketEndPoint(_path));
        for (int i = 0; i < 50; i++)
        {
            log.Write(Encoding.ASCII.GetBytes($"line {i}\n"), _nowMs);
            _nowMs += 200;
        }
        Assert.Equal((0, 0), (log.LinesSent, log.LinesLost));
        string told = Assert.Single(_told);
        Assert.Matches("^access log: it is not reached: .+; it is tried again, and lines wait as far as there is room$", told);

        using Socket reader = Reader(SocketType.Dgram, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        ReadWhilePumping(log, reader, 50);

        Assert.Equal((50, 0), (log.LinesSent, log.LinesLost));
        PumpUntil(log, () => _told.Count == 2);
        Assert.Equal("access log: it takes lines again; 0 were dropped meanwhile", _told[1]);
        Assert.Equal(-1, log.NextMs(_nowMs));
    }

    /// <summary>Else a socket that is gone would be asked for with every line.</summary>
    [Fact]
    public void Attempts_BecomeMoreAndMoreSeldom()
    {
        using LogSocket log = Log(LogSocketKind.SyslogUnix, new UnixDomainSocketEndPoint(_path));
        log.Write("line\n"u8, _nowMs);
        var waits = new List<int>();
        for (int i = 0; i < 9; i++)
        {
            waits.Add(log.NextMs(_nowMs));
            _nowMs += waits[^1];
            log.Pump(_nowMs);
        }
        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000], waits);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SlowReader_LosesOnlyWhatFindsNoRoom_AndTheRestArrivesInOrder(bool isTcp)
    {
        using Socket listener = isTcp
            ? Listener(new IPEndPoint(IPAddress.Loopback, 0), ProtocolType.Tcp)
            : Reader(SocketType.Dgram, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        using LogSocket log = Log(isTcp ? LogSocketKind.SyslogTcp : LogSocketKind.SyslogUnix, listener.LocalEndPoint!);
        string letters = new('x', 1000);
        int written = 0;
        do
            log.Write(Encoding.ASCII.GetBytes($"line {written++} {letters}\n"), _nowMs += 1);
        while (log.LinesLost < 10);

        Assert.Equal("access log: lines are dropped, because nobody takes them fast enough", Assert.Single(_told));
        using Socket? accepted = isTcp ? listener.Accept() : null;
        List<int> numbers = [];
        string rest = "";
        Read(log, accepted ?? listener, () => numbers.Count == written - 10, text =>
        {
            rest += text;
            MatchCollection lines = Regex.Matches(rest, " - line (\\d+) x{1000}");
            numbers.AddRange(lines.Select(static line => int.Parse(line.Groups[1].Value)));
            rest = lines.Count == 0 ? rest : rest[(lines[^1].Index + lines[^1].Length)..];
        });

        Assert.Equal(numbers.Order(), numbers);
        Assert.Equal((written - 10, 10), (log.LinesSent, log.LinesLost));
        PumpUntil(log, () => _told.Count == 2);
        Assert.Equal("access log: it takes lines again; 10 were dropped meanwhile", _told[1]);
    }

    [Fact]
    public void TcpReaderThatLeaves_IsNoticedBeforeTheNextLine_AndAnotherOneGetsIt()
    {
        using Socket listener = Listener(new IPEndPoint(IPAddress.Loopback, 0), ProtocolType.Tcp);
        using LogSocket log = Log(LogSocketKind.SyslogTcp, listener.LocalEndPoint!);
        log.Write("first\n"u8, _nowMs);
        Socket first = listener.Accept();
        PumpUntil(log, () => log.LinesSent == 1);
        first.Shutdown(SocketShutdown.Both);
        first.Dispose();
        PumpUntil(log, () => _told.Count == 1);
        Assert.Contains("it is not reached: ", _told[0], StringComparison.Ordinal);

        log.Write("second\n"u8, _nowMs);
        PumpUntil(log, () => log.LinesSent == 2);
        using Socket second = listener.Accept();

        Assert.EndsWith(" - second", ReadAll(log, second), StringComparison.Ordinal);
    }

    [Fact]
    public void LineTooLongForAMessage_IsCut()
    {
        using Socket reader = Reader(SocketType.Dgram, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        using LogSocket log = Log(LogSocketKind.SyslogUnix, new UnixDomainSocketEndPoint(_path));

        log.Write(Encoding.ASCII.GetBytes(new string('x', 20_000) + "\n"), _nowMs);

        Assert.EndsWith(" - " + new string('x', LogEnvelope.LineBytesMax), Receive(reader), StringComparison.Ordinal);
    }

    [Fact]
    public void ErrorLogThatIsDiverted_WritesThere_AndItsTroubleWhereItWas()
    {
        string file = _path + ".log";
        var errors = new ErrorLog(LogTarget.ToFile(file), TimeProvider.System);
        var heard = new List<string>();
        var copy = new ErrorLog(errors, heard.Add);
        using Socket reader = Reader(SocketType.Dgram, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        errors.Info("before");
        var envelope = new LogEnvelope(LogSocketKind.Journal, 16, "host", "app", "error", TimeProvider.System);

        errors.Divert(LogTarget.ToSocket(
            new LogSocket(LogAddress.Of(new UnixDomainSocketEndPoint(_path)), LogSocketKind.Journal, envelope, "error log", errors.Aside)));
        errors.Warn("after");
        copy.Error("of the copy");
        errors.Aside("trouble");
        errors.Finish(Limit);

        Assert.EndsWith("MESSAGE=after\n", Receive(reader), StringComparison.Ordinal);
        Assert.EndsWith("MESSAGE=of the copy\n", Receive(reader), StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(2, lines.Length);
        Assert.EndsWith(" info before", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(" warn trouble", lines[1], StringComparison.Ordinal);
        Assert.Equal(["of the copy"], heard);
        File.Delete(file);
    }

    [Fact]
    public void Queue_KeepsMessagesInOrder_AndTakesNoMoreThanFits()
    {
        var queue = new MessageQueue(64);
        int next = 0;
        int expected = 0;
        for (int round = 0; round < 100; round++)
        {
            while (queue.TryAdd(Encoding.ASCII.GetBytes($"{next:D12}")))
                next++;
            Assert.Equal(4, next - expected);
            for (int i = 0; i < 1 + (round % 4); i++)
            {
                Assert.Equal($"{expected++:D12}", Encoding.ASCII.GetString(queue.First));
                queue.RemoveFirst();
            }
        }
        Assert.True(queue.IsEmpty);
        Assert.False(new MessageQueue(64).TryAdd(new byte[61]));
    }

    /// <summary>What was added has a memory of its own to go through before all that waits is moved.</summary>
    [Fact]
    public void QueueThatStaysFull_IsMovedOnceInAllItsBytes()
    {
        const int Messages = 64;
        var queue = new MessageQueue(Messages * 16);
        byte[] message = new byte[12];
        while (queue.TryAdd(message))
        {
        }
        int moves = 0;
        for (int i = 0; i < 10 * (Messages + 1); i++)
        {
            queue.RemoveFirst();
            ReadOnlySpan<byte> first = queue.First;
            Assert.True(queue.TryAdd(message));
            moves += first == queue.First ? 0 : 1;
            Assert.False(queue.TryAdd(message));
        }
        Assert.Equal(10, moves);
    }

    /// <summary>It has room again in the middle of the lines, which is seen at their end: one that is slow is not asked for each of them.</summary>
    [Fact]
    public void ReaderThatIsFull_IsAskedOnceMore_ForManyLines()
    {
        const int Lines = 3000;
        using Socket reader = Reader(SocketType.Dgram, new UnixDomainSocketEndPoint(_path), ProtocolType.Unspecified);
        reader.Blocking = false;
        int taken = 0;
        int bytes = 0;
        var envelope = new LogEnvelope(LogSocketKind.SyslogUnix, 16, "host", "app", "access", TimeProvider.System);
        using var log = new LogSocket(
            LogAddress.Of(new UnixDomainSocketEndPoint(_path)), LogSocketKind.SyslogUnix, envelope, "access log", _ => Drain());

        log.Write(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 1000) + "\n", Lines))), _nowMs);

        Assert.InRange(taken, 1, Lines / 2);
        Assert.Equal((LogSocket.QueueBytes / (bytes + sizeof(int))) + taken, Lines - log.LinesLost);
        Assert.True(log.LinesSent > taken);
        Assert.Equal(Lines, log.LinesSent + log.LinesLost + log.LinesWaiting);
        reader.Dispose();

        void Drain()
        {
            while (reader.Receive(_room, SocketFlags.None, out SocketError error) is var received && error == SocketError.Success)
                (bytes, taken) = (received, taken + 1);
        }
    }

    [Fact]
    public void EndOfADivertedErrorLog_TellsHowManyLinesWereNotTaken()
    {
        string file = _path + ".log";
        var errors = new ErrorLog(LogTarget.ToFile(file), TimeProvider.System);
        var envelope = new LogEnvelope(LogSocketKind.Journal, 16, "host", "app", "error", TimeProvider.System);
        LogTarget target = LogTarget.ToSocket(
            new LogSocket(LogAddress.Of(new UnixDomainSocketEndPoint(_path)), LogSocketKind.Journal, envelope, "error log", errors.Aside));
        errors.Divert(target);
        errors.Warn("first");
        errors.Error("last");
        Assert.True(SpinWait.SpinUntil(() => target.LinesWaiting == 2, Limit));

        errors.Finish(TimeSpan.Zero);

        Assert.True(SpinWait.SpinUntil(() => File.ReadAllLines(file).Length == 2, Limit));
        string[] lines = File.ReadAllLines(file);
        Assert.Contains(" warn error log: it is not reached: ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(" warn the last lines (2) were not taken where log.errors sends them, and are lost", lines[1], StringComparison.Ordinal);
        File.Delete(file);
    }

    private LogSocket Log(LogSocketKind kind, EndPoint endPoint, string log = "access") => new(
        LogAddress.Of(endPoint), kind, new LogEnvelope(kind, 16, "host", "app", log, TimeProvider.System), "access log", _told.Add);

    private static Socket Reader(SocketType type, EndPoint endPoint, ProtocolType protocol)
    {
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        socket.Bind(endPoint);
        return socket;
    }

    private static Socket Listener(EndPoint endPoint, ProtocolType protocol)
    {
        Socket socket = Reader(SocketType.Stream, endPoint, protocol);
        socket.ReceiveBufferSize = 4096;
        socket.Listen();
        return socket;
    }

    private string Receive(Socket reader) => Encoding.UTF8.GetString(_room, 0, reader.Receive(_room));

    private void PumpUntil(LogSocket log, Func<bool> isDone) => Assert.True(SpinWait.SpinUntil(
        () =>
        {
            log.Pump(_nowMs += 10);
            return isDone();
        },
        Limit));

    private void ReadWhilePumping(LogSocket log, Socket reader, int count)
    {
        int received = 0;
        Read(log, reader, () => received == count, _ => received++);
    }

    private void Read(LogSocket log, Socket reader, Func<bool> isDone, Action<string> read)
    {
        reader.Blocking = false;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                log.Pump(_nowMs += 10);
                int bytes = reader.Receive(_room, SocketFlags.None, out SocketError error);
                if (error == SocketError.Success && bytes > 0)
                    read(Encoding.UTF8.GetString(_room, 0, bytes));
                return isDone();
            },
            Limit));
    }

    /// <summary>Everything until the log ends.</summary>
    private string ReadAll(LogSocket log, Socket reader)
    {
        log.Dispose();
        var text = new StringBuilder();
        for (int bytes; (bytes = reader.Receive(_room)) > 0;)
            text.Append(Encoding.UTF8.GetString(_room, 0, bytes));
        return text.ToString();
    }
}
