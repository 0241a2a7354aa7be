using System;
using System.IO;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

/// <summary>Rows do not touch each other, sums add them up, and two maps of one file see the same numbers.</summary>
public sealed class CounterBoardTests : IDisposable
{
    private readonly string _path = SharedMemory.PathFor("nativeproxy-test-" + Guid.NewGuid().ToString("N"));

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryCounterOfEveryRow_IsAPlaceOfItsOwn(bool isShared)
    {
        using CounterBoard board = isShared ? CounterBoard.CreateShared(3, _path) : CounterBoard.CreatePrivate(3);
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
        using CounterBoard supervisor = CounterBoard.CreateShared(2, _path);
        using CounterBoard worker = CounterBoard.Attach(_path);
        Assert.Equal(2, worker.WorkerCount);
        worker.Row(1).Add(CounterId.Requests, 7);
        supervisor.Row(0).Add(CounterId.Requests, 5);
        Assert.Equal(12, supervisor.Sum(CounterId.Requests));
        Assert.Equal(12, worker.Sum(CounterId.Requests));
    }

    [Fact]
    public void CountersOfAWorkerThatEnded_StayForTheNextOne()
    {
        using CounterBoard supervisor = CounterBoard.CreateShared(1, _path);
        using (CounterBoard crashed = CounterBoard.Attach(_path))
        {
            crashed.Row(0).Add(CounterId.Requests, 7);
            crashed.Row(0).Add(CounterId.ClientConnectionsOpen, 3);
        }

        using CounterBoard next = CounterBoard.Attach(_path);
        next.Row(0).ClearGauges();
        Assert.Equal(7, supervisor.Sum(CounterId.Requests));
        Assert.Equal(0, supervisor.Sum(CounterId.ClientConnectionsOpen));
    }

    [Fact]
    public void OwnerDisposing_UnlinksTheFileAndAnAttachedBoardDoesNot()
    {
        CounterBoard owner = CounterBoard.CreateShared(1, _path);
        CounterBoard.Attach(_path).Dispose();
        Assert.True(File.Exists(_path));
        owner.Dispose();
        owner.Dispose();
        Assert.False(File.Exists(_path));
    }

    [Fact]
    public void LeftoverFile_IsReplacedByAZeroedBoard()
    {
        File.WriteAllText(_path, new string('x', 100_000));
        using CounterBoard board = CounterBoard.CreateShared(1, _path);
        Assert.Equal(0, board.Sum(CounterId.Requests));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(100_000)]
    public void FileThatIsNoBoard_IsRefused(int bytes)
    {
        File.WriteAllBytes(_path, new byte[bytes]);
        Assert.Throws<InvalidDataException>(() => CounterBoard.Attach(_path));
    }

    [Fact]
    public void BoardThatWasCutShort_IsRefused()
    {
        using CounterBoard owner = CounterBoard.CreateShared(4, _path);
        byte[] bytes = File.ReadAllBytes(_path);
        string cutPath = _path + ".cut";
        try
        {
            File.WriteAllBytes(cutPath, bytes);
            CounterBoard.Attach(cutPath).Dispose();
            File.WriteAllBytes(cutPath, bytes.AsSpan(0, bytes.Length - 1).ToArray());
            Assert.Throws<InvalidDataException>(() => CounterBoard.Attach(cutPath));
        }
        finally
        {
            File.Delete(cutPath);
        }
    }

    [Fact]
    public void BoardOfZeroWorkers_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => CounterBoard.CreatePrivate(0));

    [Fact]
    public void SumAfterDispose_IsRefusedInsteadOfReadingFreedMemory()
    {
        CounterBoard board = CounterBoard.CreateShared(1, _path);
        board.Dispose();
        Assert.Throws<ObjectDisposedException>(() => board.Sum(CounterId.Requests));
    }
}
