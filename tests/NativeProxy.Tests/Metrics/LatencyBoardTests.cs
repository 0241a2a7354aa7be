using System;
using System.Linq;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

public sealed class LatencyBoardTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(6, 1)]
    [InlineData(1000, 7)]
    [InlineData(1001, 8)]
    [InlineData(10_000, 10)]
    [InlineData(10_001, 11)]
    [InlineData(86_400_000, 11)]
    public void Time_CountsInTheFirstBucketThatHoldsIt(long ms, int bucket)
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        board.Publish(["a"]);
        LatencyRow row = board.Find("a", 0)!;
        row.Add(ms);
        Assert.Equal(bucket, Enumerable.Range(0, LatencyRow.BoundsMs.Length + 1).Single(i => row.CountIn(i) == 1));
        Assert.Equal(ms, row.SumMs);
    }

    [Fact]
    public void RowsOfAName_AreThoseOfAllWorkers()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(3);
        board.Publish(["a", "b"]);
        board.Find("b", 2)!.Add(7);
        Assert.Equal([0L, 0, 7], board.RowsOf("b")!.Select(static row => row.SumMs));
        Assert.Null(board.RowsOf("c"));
    }

    [Fact]
    public void Counting_AllocatesNothing()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        board.Publish(["a"]);
        LatencyRow row = board.Find("a", 0)!;
        row.Add(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            row.Add(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Workers_HaveRowsOfTheirOwn()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(3);
        board.Publish(["a", "b"]);
        board.Find("a", 0)!.Add(1);
        board.Find("a", 2)!.Add(2);
        board.Find("b", 1)!.Add(4);
        Assert.Equal([1, 0, 2, 0, 4, 0], from name in (string[])["a", "b"] from worker in Enumerable.Range(0, 3) select SumOf(board, name, worker));
    }

    /// <summary>A process that was to take over published, and then did not come to serve.</summary>
    [Fact]
    public void PublicationOfAnotherProcess_TakesNoHistogramAway()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using LatencyBoard board = LatencyBoard.CreateShared(1);
        board.Publish(["a", "b"]);
        board.Find("a", 0)!.Add(7);
        using (LatencyBoard other = LatencyBoard.Attach(board.Descriptor))
            other.Publish(["b"]);

        board.Publish(["a", "b"]);

        Assert.Equal(7, SumOf(board, "a", 0));
    }

    [Fact]
    public void Name_KeepsItsHistogram_UntilItWasGoneForAWhile()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        board.Publish(["a", "b"]);
        board.Find("a", 0)!.Add(7);
        board.Publish(["b", "a", "c"]);
        Assert.Equal(7, SumOf(board, "a", 0));

        board.Publish(["b"]);
        Assert.Null(board.Find("a", 0));
        Assert.Equal(["b"], board.Names);
        board.Publish(["d", "b"]);
        Assert.Equal(0, SumOf(board, "d", 0));
        board.Publish(["a", "b"]);
        Assert.Equal(0, SumOf(board, "a", 0));
    }

    [Fact]
    public void FullestSettings_FitAgainAndAgain_AndWhatIsMoreHasNone()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        for (int round = 0; round < 4; round++)
        {
            string[] names = [.. Enumerable.Range(0, LatencyBoard.NamesMax + 1).Select(i => $"{round} {i}")];
            board.Publish(names);
            Assert.NotNull(board.Find(names[^2], 0));
            Assert.Null(board.Find(names[^1], 0));
            Assert.Equal(LatencyBoard.NamesMax, board.Names.Count);
        }
    }

    [Fact]
    public void OtherProcesses_SeeTheSame()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using LatencyBoard supervisor = LatencyBoard.CreateShared(2);
        supervisor.Publish(["a"]);
        using LatencyBoard worker = LatencyBoard.Attach(supervisor.Descriptor);
        worker.Find("a", 1)!.Add(3);
        Assert.Equal(3, SumOf(supervisor, "a", 1));
    }

    private static long SumOf(LatencyBoard board, string name, int worker) => board.Find(name, worker)!.SumMs;
}
