using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Tests.Transport;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Transport.Sockets;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>What one process says to the one that comes after it: both messages, and the lines that descriptors go over.</summary>
public class HandoverTests
{
    private static readonly HandedClient Client = new()
    {
        Id = 77, AgeMs = 123_456, IdleMs = 789, RequestCount = 12,
        Peer = new PeerAddress([127, 0, 0, 1], 4711),
        Announced = new PeerAddress([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 443),
        AnnouncedLocal = new PeerAddress([10, 0, 0, 1], 80),
        IsHttps = true,
    };

    [Fact]
    public void Client_IsReadAsItWasWritten()
    {
        byte[] message = MessageOf(Client, "web");
        Assert.True(HandedClient.TryRead(message, out HandedClient read, out string listener));
        Assert.Equal((Client, "web"), (read, listener));
        HandedClient bare = new() { Id = 1, AgeMs = 0, IdleMs = 0, RequestCount = 0, Peer = default };
        Assert.True(HandedClient.TryRead(MessageOf(bare, ""), out read, out listener));
        Assert.Equal((bare, ""), (read, listener));
    }

    [Fact]
    public void ClientWithALongName_StillFits()
    {
        byte[] message = MessageOf(Client, new string('n', 5000));
        Assert.True(message.Length <= HandedClient.BytesMax);
        Assert.True(HandedClient.TryRead(message, out HandedClient read, out _));
        Assert.Equal(Client, read);
    }

    /// <summary>The other side may be another build, or broken.</summary>
    [Fact]
    public void ClientThatIsCutOrChanged_IsNeverReadBeyondItsEnd()
    {
        byte[] message = MessageOf(Client, "web");
        for (int length = 0; length < message.Length; length++)
            Assert.False(HandedClient.TryRead(message.AsSpan(0, length), out _, out _));
        var random = new Random(20261130);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. message];
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            if (HandedClient.TryRead(changed, out HandedClient read, out _))
                Assert.True(read is { Id: > 0, AgeMs: >= 0, IdleMs: >= 0, RequestCount: >= 0 });
        }
    }

    [Fact]
    public void Handover_IsReadAsItWasWritten()
    {
        var said = new Handover
        {
            ProcessId = 5, Layout = "x", BoardCount = 7, FreeRows = [2, 3], Binds = [["127.0.0.1:80", "unix:/a"], []], AdminBind = "127.0.0.1:9901",
            Tickets = "abc", Names = new Dictionary<string, string> { ["a.test"] = "127.0.0.1 ::1" },
            Found = new Dictionary<string, string> { ["app"] = "127.0.0.1:1|1|0" },
            Servers = [new HandedServer("app", "a", "127.0.0.1:1", IsDown: true, (int)OperatorState.Drain, 50, 99)],
        };
        Handover? read = Handover.Decode(said.Encode());
        Assert.NotNull(read);
        Assert.Equal((5, "x", 7, "127.0.0.1:9901", "abc"), (read.ProcessId, read.Layout, read.BoardCount, read.AdminBind, read.Tickets));
        Assert.Equal(said.FreeRows, read.FreeRows);
        Assert.Equal(said.Binds, read.Binds);
        Assert.Equal(said.Names, read.Names);
        Assert.Equal(said.Found, read.Found);
        Assert.Equal(said.Servers, read.Servers);
        Assert.Equal(7 + 2 + 1 + 2, read.DescriptorCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"version\":2}")]
    [InlineData("{\"version\":1,\"pid\":\"x\"}")]
    public void HandoverOfAnotherForm_IsNotUnderstood(string text) => Assert.Null(Handover.Decode(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void ServerOnAnotherBoard_StandsAsItStood()
    {
        var before = new ServersOnBoard("a1 b1");
        string address = before.Settings.Upstreams[0].Servers[0].Address;
        ServerSlot a = before.Board.Find("app", "a", address)!;
        a.IsUp = false;
        (a.Operator, a.OperatorPercent, a.ChangedAtMs) = (OperatorState.Maintenance, 40, 7);
        HandedServer said = Assert.Single(HandedServer.AllOf(before.Board));

        var after = new ServersOnBoard("a1 b1");
        said.Show(after.Board);

        ServerSlot shown = after.Board.Find("app", "a", address)!;
        Assert.Equal((false, OperatorState.Maintenance, 40, 7L), (shown.IsUp, shown.Operator, shown.OperatorPercent, shown.ChangedAtMs));
        (said with { Server = "gone" }).Show(after.Board);
    }

    [Fact]
    public void DescriptorWithItsMessage_ComesWithIt_AndTheEndIsSeen()
    {
        (Socket first, Socket second) = SocketPair.CreateForMessages();
        (Socket passed, Socket other) = SocketPair.Create();
        Assert.Equal(PassResult.Sent, DescriptorPassing.SendWith((int)first.Handle, "hello"u8, (int)passed.Handle));
        passed.Dispose();
        Span<byte> bytes = stackalloc byte[64];
        Assert.Equal(5, DescriptorPassing.ReceiveWith((int)second.Handle, bytes, out int descriptor));
        Assert.True(bytes[..5].SequenceEqual("hello"u8));
        using (var received = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)))
        {
            received.Send("x"u8);
            Assert.Equal(1, other.Receive(bytes));
        }
        first.Dispose();
        Assert.Equal(0, DescriptorPassing.ReceiveWith((int)second.Handle, bytes, out descriptor));
        Assert.Equal(-1, descriptor);
        second.Dispose();
        other.Dispose();
    }

    [Fact]
    public void LineThatNobodyReads_IsFull_AndOneWithoutAReaderIsGone()
    {
        (Socket first, Socket second) = SocketPair.CreateForMessages();
        byte[] message = new byte[HandedClient.BytesMax];
        PassResult result = PassResult.Sent;
        for (int i = 0; i < 100_000 && result == PassResult.Sent; i++)
            result = DescriptorPassing.SendWith((int)first.Handle, message, (int)first.Handle);
        Assert.Equal(PassResult.Full, result);
        second.Dispose();
        Assert.Equal(PassResult.Gone, DescriptorPassing.SendWith((int)first.Handle, message, (int)first.Handle));
        first.Dispose();
    }

    [Fact]
    public void ProcessThatHasEnded_DoesNotRun()
    {
        Assert.True(LinuxProcess.IsRunning(Environment.ProcessId));
        Assert.False(LinuxProcess.IsRunning(int.MaxValue));
    }

    /// <summary>Its number stands in the table of processes until somebody has waited for it; a row of the boards must not wait for that.</summary>
    [Fact]
    public async Task ProcessThatHasEnded_DoesNotRun_ThoughNobodyHasWaitedForIt()
    {
        // The shell becomes another program, whose child it does not know; until then the child goes on, since a shell waits for its own.
        const string Script = "sh -c 'while [ \"$(cat /proc/$PPID/comm)\" != sleep ]; do :; done' & echo $!; exec sleep 60";
        using Process parent = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script]) { RedirectStandardOutput = true })!;
        int child = int.Parse((await parent.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        try
        {
            Assert.True(SpinWait.SpinUntil(() => LinuxProcess.StateOf(child) == "in state Z", LoopUnderTest.Deadline));
            Assert.False(LinuxProcess.IsRunning(child));
            Assert.True(LinuxProcess.IsRunning(parent.Id));
        }
        finally
        {
            parent.Kill();
        }
    }

    /// <summary>A process that comes later may have found the row free, and have it.</summary>
    [Fact]
    public void RowOfAWorkerThatHasEnded_IsFree_UnlessAnotherProcessHasIt()
    {
        using Boards boards = Boards.CreatePrivate(2);
        boards.BeginWorker(0);
        boards.BeginWorker(1);
        Assert.Empty(boards.FreeRows());
        boards.EndWorker(0, Environment.ProcessId);
        Assert.Equal([0], boards.FreeRows());

        boards.Counters.Row(0).ProcessId = 1;
        boards.EndWorker(0, Environment.ProcessId);
        Assert.Equal(1, boards.Counters.Row(0).ProcessId);
    }

    [Fact]
    public void UpgradeThatIsUnderWay_IsTheOneThatWhoAsksWaitsFor()
    {
        var state = new UpgradeState();
        Assert.Equal((1, 0), (state.NextNumber, state.Last.Number));
        Assert.True(state.TryBegin());
        Assert.False(state.TryBegin());
        Assert.Equal((1, 1), (state.NextNumber, state.Last.Number));
        state.Refuse("no");
        Assert.Equal((2, "no"), (state.NextNumber, state.Last.Problem));
        Assert.True(state.TryBegin());
        Assert.Null(state.Last.Problem);
    }

    private static byte[] MessageOf(in HandedClient client, string listener)
    {
        Span<byte> message = stackalloc byte[HandedClient.BytesMax];
        return message[..client.Write(message, Encoding.UTF8.GetBytes(listener))].ToArray();
    }
}
