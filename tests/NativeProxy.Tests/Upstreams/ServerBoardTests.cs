using System;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>A server keeps its slot while it is named, slots of others are never taken too early, and two maps see the same.</summary>
public sealed class ServerBoardTests
{
    [Fact]
    public void NewServer_IsUpAndUnchecked()
    {
        ServerSlot slot = new ServersOnBoard("a1").Slot("a");

        Assert.Equal((true, false, 0L, 0), (slot.IsUp, slot.IsChecked, slot.Downs, slot.Running()));
        Assert.Equal(("app", "a"), (slot.Upstream, slot.Server));
    }

    [Fact]
    public void ServerThatStays_KeepsItsHealthOverPublications()
    {
        var test = new ServersOnBoard("a1 b1");
        test.Slot("b").IsUp = false;

        for (int i = 0; i < 3; i++)
            test.Board.Publish(ServersOnBoard.SettingsOf("c1 b5"));

        Assert.False(test.Slot("b").IsUp);
        Assert.Equal("bc", string.Concat(test.Board.Current.Select(static slot => slot.Server).Order()));
    }

    [Fact]
    public void ServerWithAnotherAddress_IsAnother()
    {
        var test = new ServersOnBoard("a1");
        test.Slot("a").IsUp = false;

        Assert.Null(test.Board.Find("app", "a", "127.0.0.1:2"));
        Assert.Null(test.Board.Find("app", "b", "127.0.0.1:1"));
        Assert.Null(test.Board.Find("other", "a", "127.0.0.1:1"));
    }

    [Fact]
    public void SlotOfARemovedServer_IsLeftAloneForSomePublications_ThenReusedAsNew()
    {
        var test = new ServersOnBoard("a1");
        ServerSlot seenByLateWorker = test.Slot("a");
        seenByLateWorker.IsUp = false;
        seenByLateWorker.CountDown();

        for (int i = 0; i < 16; i++)
            test.Board.Publish(ServersOnBoard.SettingsOf("b1"));
        Assert.True(test.Slot("b").IsUp);
        Assert.False(seenByLateWorker.IsUp);
        Assert.False(test.Slot("a").IsUp);

        test.Board.Publish(ServersOnBoard.SettingsOf("c1"));
        Assert.Null(test.Board.Find("app", "a", "127.0.0.1:1"));
        Assert.Equal((true, 0L), (test.Slot("c").IsUp, test.Slot("c").Downs));
        Assert.Equal("c", Assert.Single(test.Board.Current).Server);
    }

    [Fact]
    public void ServerThatComesBack_BeginsAsNew()
    {
        var test = new ServersOnBoard("a1");
        test.Slot("a").IsUp = false;
        test.Slot("a").IsChecked = test.Slot("a").IsLeaving = true;
        test.Board.Publish(ServersOnBoard.SettingsOf("b1"));
        test.Board.Publish(ServersOnBoard.SettingsOf("a1 b1"));

        Assert.Equal((true, false, false), (test.Slot("a").IsUp, test.Slot("a").IsChecked, test.Slot("a").IsLeaving));
    }

    /// <summary>A process that was to take over published, and then did not come to serve: for whoever goes on nothing has happened.</summary>
    [Fact]
    public void PublicationOfAnotherProcess_TakesNoServerAway()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using ServerBoard board = ServerBoard.CreateShared(workers: 1);
        board.Publish(ServersOnBoard.SettingsOf("a1 b1"));
        ServerSlot slot = board.Find("app", "a", "127.0.0.1:1")!;
        (slot.IsUp, slot.Operator) = (false, OperatorState.Maintenance);
        slot.SetRunning(3);
        using (ServerBoard other = ServerBoard.Attach(board.Descriptor))
            other.Publish(ServersOnBoard.SettingsOf("b1"));

        board.Publish(ServersOnBoard.SettingsOf("a1 b1"));

        slot = board.Find("app", "a", "127.0.0.1:1")!;
        Assert.Equal((false, OperatorState.Maintenance, 3), (slot.IsUp, slot.Operator, slot.Running()));
    }

    /// <summary>What its file says of a server that is there counts when it serves, and not before.</summary>
    [Fact]
    public void StateInTheFileOfAnotherProcess_CountsOnceItServes()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using ServerBoard board = ServerBoard.CreateShared(workers: 1);
        board.Publish(ServersOnBoard.SettingsOf("a4"));
        ServerSlot slot = board.Find("app", "a", "127.0.0.1:1")!;
        (slot.Operator, slot.OperatorPercent) = (OperatorState.Drain, 50);
        using ServerBoard other = ServerBoard.Attach(board.Descriptor);
        other.Serves = false;
        other.Publish(ServersOnBoard.SettingsOf("a2 b1", "state = \"maintenance\""));
        Assert.Equal(OperatorState.Maintenance, other.Find("app", "b", "127.0.0.1:1")!.Operator);

        board.Publish(ServersOnBoard.SettingsOf("a4"));
        Assert.Equal((OperatorState.Drain, 50, 4), (slot.Operator, slot.OperatorPercent, slot.WeightInFile));

        other.Serves = true;
        other.Publish(ServersOnBoard.SettingsOf("a2 b1", "state = \"maintenance\""));
        Assert.Equal((OperatorState.Maintenance, 100, 2), (slot.Operator, slot.OperatorPercent, slot.WeightInFile));
    }

    /// <summary>What an operator sets holds until the file says something new.</summary>
    [Fact]
    public void StateAndWeightInTheFile_HoldAtTheStart_AndWhenTheyChange()
    {
        ServerBoard board = ServersOnBoard.NewBoard();
        board.Publish(ServersOnBoard.SettingsOf("a4", "state = \"drain\""));
        ServerSlot slot = board.Find("app", "a", "127.0.0.1:1")!;
        Assert.Equal((OperatorState.Drain, OperatorState.Drain, 4), (slot.Operator, slot.StateInFile, slot.WeightInFile));

        (slot.Operator, slot.OperatorPercent) = (OperatorState.Ready, 50);
        board.Publish(ServersOnBoard.SettingsOf("a4", "state = \"drain\""));
        Assert.Equal((OperatorState.Ready, 50), (slot.Operator, slot.OperatorPercent));

        board.Publish(ServersOnBoard.SettingsOf("a2", "state = \"maintenance\""));
        Assert.Equal((OperatorState.Maintenance, 100), (slot.Operator, slot.OperatorPercent));

        board.Publish(ServersOnBoard.SettingsOf("a2"));
        Assert.Equal(OperatorState.Ready, slot.Operator);
    }

    [Fact]
    public void LimitInTheFile_EndsWhatAnOperatorHasSet_WhenItChanges()
    {
        ServerBoard board = ServersOnBoard.NewBoard();
        board.Publish(ServersOnBoard.SettingsOf("a4", "max_connections = 5"));
        ServerSlot slot = board.Find("app", "a", "127.0.0.1:1")!;
        Assert.Equal((5, null), (slot.Limit.InForce, slot.Limit.Wanted));

        Assert.True(slot.Limit.TrySet(0));
        Assert.False(slot.Limit.TrySet(0));
        board.Publish(ServersOnBoard.SettingsOf("a4", "max_connections = 5"));
        Assert.Equal((0, 0), (slot.Limit.InForce, slot.Limit.Wanted));

        board.Publish(ServersOnBoard.SettingsOf("a4", "max_connections = 6"));
        Assert.Equal((6, null), (slot.Limit.InForce, slot.Limit.Wanted));

        // One that was away begins anew.
        Assert.True(slot.Limit.TrySet(1));
        board.Publish(ServersOnBoard.SettingsOf("b4"));
        board.Publish(ServersOnBoard.SettingsOf("a4", "max_connections = 6"));
        Assert.Equal((6, null), (slot.Limit.InForce, slot.Limit.Wanted));
    }

    [Fact]
    public void AttachedBoard_SeesWhatTheOtherWrites()
    {
        ProxySettings settings = ServersOnBoard.SettingsOf("a1 b1");
        using ServerBoard supervisor = ServerBoard.CreateShared(2);
        supervisor.Publish(settings);
        using ServerBoard worker = ServerBoard.Attach(supervisor.Descriptor);
        ServerSlot seen = worker.Find("app", "b", "127.0.0.1:1", workerIndex: 1)!;

        supervisor.Find("app", "b", "127.0.0.1:1")!.IsUp = false;
        supervisor.CountChange();
        seen.SetRunning(3);

        Assert.False(seen.IsUp);
        Assert.Equal(1, worker.ChangeCount);
        Assert.Equal(3, supervisor.Find("app", "b", "127.0.0.1:1")!.Running());
        Assert.Equal(0, supervisor.Find("app", "a", "127.0.0.1:1")!.Running());
    }

    [Fact]
    public void WorkerThatStartsAgain_HasNothingRunning_OthersKeepTheirs()
    {
        var test = new ServersOnBoard("a1 b1", workers: 2);
        foreach (string name in (string[])["a", "b"])
        {
            test.Slot(name, worker: 0).SetRunning(2);
            test.Slot(name, worker: 1).SetRunning(5);
        }

        test.Board.ForgetWorker(1);

        Assert.Equal((2, 2), (test.Slot("a").Running(), test.Slot("b").Running()));
    }

    [Fact]
    public void AsManyServersAsSettingsMayName_FitTwice()
    {
        ServerBoard board = ServersOnBoard.NewBoard();
        ProxySettings one = ServersOnBoard.SettingsOf("a1");
        UpstreamSettings upstream = one.Upstreams[0];
        ProxySettings Full(char first) => one with
        {
            Upstreams = [upstream with { Servers = [.. Enumerable.Range(0, UpstreamSettings.ServersMax)
                .Select(i => upstream.Servers[0] with { Name = $"{first}{i}" })] }],
        };

        foreach (char first in "abc")
            board.Publish(Full(first));

        Assert.Equal(UpstreamSettings.ServersMax, board.Current.Count());
        Assert.NotNull(board.Find("app", "c4095", "127.0.0.1:1"));
    }

    [Fact]
    public void LongestNamesAndAddress_Fit()
    {
        string host = string.Join('.', Enumerable.Repeat(new string('h', 62), 4));
        string name = new('n', 64);
        ProxySettings one = ServersOnBoard.SettingsOf("a1");
        UpstreamSettings upstream = one.Upstreams[0];
        ServerBoard board = ServersOnBoard.NewBoard();

        board.Publish(one with { Upstreams = [upstream with { Name = name,
            Servers = [upstream.Servers[0] with { Name = name, Address = host + ".:65535" }] }] });

        Assert.Equal((name, name), (board.Find(name, name, host + ".:65535")!.Upstream, board.Current.Single().Server));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void MemoryThatIsNoBoard_IsRefused(int bytes)
    {
        using SharedMemory memory = SharedMemory.CreateShared("test", Math.Max(bytes, 1));
        Assert.Throws<InvalidDataException>(() => ServerBoard.Attach(memory.Descriptor));
    }
}
