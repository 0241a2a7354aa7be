using System;
using System.IO;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

/// <summary>Rows do not touch each other, sums add them up, and two maps of one memory see the same numbers.</summary>
public sealed class CounterBoardTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryCounterOfEveryRow_IsAPlaceOfItsOwn(bool isShared)
    {
        using CounterBoard board = isShared ? CounterBoard.CreateShared(3) : CounterBoard.CreatePrivate(3);
        for (int worker = 0; worker < board.WorkerCount; worker++)
        {
            foreach (CounterId id in Enum.GetValues<CounterId>())
            {
                Assert.Equal(0, board.Row(worker).Read(id));
                board.Row(worker).Set(id, (1000 * (worker + 1)) + (int)id);
            }
        }

        for (int worker = 0; worker < board.WorkerCount; worker++)
        {
            foreach (CounterId id in Enum.GetValues<CounterId>())
            {
                Assert.Equal((1000 * (worker + 1)) + (int)id, board.Row(worker).Read(id));
                Assert.Equal(6000 + (3 * (int)id), board.Sum(id));
            }
        }
    }

    [Fact]
    public void Add_CountsByOneUnlessToldOtherwise()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(1);
        LoopCounters row = board.Row(0);
        row.Add(CounterId.Requests);
        row.Add(CounterId.Requests, 41);
        row.Add(CounterId.ClientConnectionsOpen, -2);
        Assert.Equal(42, board.Sum(CounterId.Requests));
        Assert.Equal(-2, board.Sum(CounterId.ClientConnectionsOpen));
    }

    [Fact]
    public void AttachedBoard_SeesWhatTheOtherWritesAndTheReverse()
    {
        using CounterBoard supervisor = CounterBoard.CreateShared(2);
        using CounterBoard worker = CounterBoard.Attach(supervisor.Descriptor);
        Assert.Equal(2, worker.WorkerCount);
        worker.Row(1).Add(CounterId.Requests, 7);
        supervisor.Row(0).Add(CounterId.Requests, 5);
        Assert.Equal(12, supervisor.Sum(CounterId.Requests));
        Assert.Equal(12, worker.Sum(CounterId.Requests));
    }

    [Fact]
    public void CountersOfAWorkerThatEnded_StayForTheNextOne()
    {
        using CounterBoard supervisor = CounterBoard.CreateShared(1);
        using (CounterBoard crashed = CounterBoard.Attach(supervisor.Descriptor))
        {
            crashed.Row(0).Add(CounterId.Requests, 7);
            crashed.Row(0).Add(CounterId.ClientConnectionsOpen, 3);
        }

        using CounterBoard next = CounterBoard.Attach(supervisor.Descriptor);
        next.Row(0).ClearGauges();
        Assert.Equal(7, supervisor.Sum(CounterId.Requests));
        Assert.Equal(0, supervisor.Sum(CounterId.ClientConnectionsOpen));
    }

    [Fact]
    public void WhatTheSupervisorSaysOfTheService_StaysWhenAWorkerIsReplaced()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(2);
        board.ConfigurationTaken(1_795_342_272_123);
        board.Row(0).ClearGauges();
        Assert.Equal((1, 1_795_342_272_123), (board.Sum(CounterId.LastReloadSucceeded), board.Sum(CounterId.LastReloadSuccessWallMs)));
        board.ConfigurationRefused();
        Assert.Equal((0, 1_795_342_272_123), (board.Sum(CounterId.LastReloadSucceeded), board.Sum(CounterId.LastReloadSuccessWallMs)));
    }

    [Fact]
    public void ProcessOfARow_IsAPlaceOfItsOwn()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(2);
        board.Row(0).ProcessId = int.MaxValue;
        Assert.Equal(0, board.Row(1).ProcessId);
        Assert.All(Enum.GetValues<CounterId>(), id => Assert.Equal(0, board.Sum(id)));
        board.Row(0).Set(CounterTable.Rows[^1].Id, -1);
        Assert.Equal(int.MaxValue, board.Row(0).ProcessId);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void MemoryThatIsNoBoard_IsRefused(int bytes)
    {
        using SharedMemory memory = SharedMemory.CreateShared("test", Math.Max(bytes, 1));
        Assert.Throws<InvalidDataException>(() => CounterBoard.Attach(memory.Descriptor));
    }

    [Fact]
    public unsafe void BoardThatWasCutShort_IsRefused()
    {
        using CounterBoard owner = CounterBoard.CreateShared(4);
        using SharedMemory whole = SharedMemory.Attach(owner.Descriptor);
        foreach (int missing in (int[])[0, 1])
        {
            using SharedMemory copy = SharedMemory.CreateShared("test", whole.LengthBytes - missing);
            new ReadOnlySpan<byte>(whole.Start, (int)copy.LengthBytes).CopyTo(new Span<byte>(copy.Start, (int)copy.LengthBytes));
            if (missing == 0)
                CounterBoard.Attach(copy.Descriptor).Dispose();
            else
                Assert.Throws<InvalidDataException>(() => CounterBoard.Attach(copy.Descriptor));
        }
    }

    [Fact]
    public void BoardOfZeroWorkers_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => CounterBoard.CreatePrivate(0));

    [Fact]
    public void SumAfterDispose_IsRefusedInsteadOfReadingFreedMemory()
    {
        CounterBoard board = CounterBoard.CreateShared(1);
        board.Dispose();
        Assert.Throws<ObjectDisposedException>(() => board.Sum(CounterId.Requests));
    }
}
