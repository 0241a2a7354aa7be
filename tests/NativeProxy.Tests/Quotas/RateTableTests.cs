using System;
using System.Linq;
using System.Threading;
using NativeProxy.Quotas;
using Xunit;

namespace NativeProxy.Tests.Quotas;

public sealed class RateTableTests
{
    private const long Start = 50_000_000_000;

    [Fact]
    public void EachKey_HasItsOwnCount()
    {
        RateTable table = BoardTrial.NewTable("3/s", 1000, out LimitBoard board);
        using LimitBoard owned = board;
        foreach (ulong key in BoardTrial.Keys(board, 100))
            Assert.Equal(3, Enumerable.Range(0, 5).Count(_ => table.Ask(key, Start, RateUse.Take).Passes));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(ulong.MaxValue)]
    public void AnyHash_IsAKey(ulong key)
    {
        RateTable table = BoardTrial.NewTable("2/s", 1000, out LimitBoard board);
        using LimitBoard owned = board;
        Assert.Equal(2, Enumerable.Range(0, 5).Count(_ => table.Ask(key, Start, RateUse.Take).Passes));
    }

    [Fact]
    public void ManyThreadsAtOnce_PassExactlyTheBurstOfEachKey()
    {
        const int threads = 8;
        const int keyCount = 300;
        RateTable table = BoardTrial.NewTable("100/h", 10_000, out LimitBoard board);
        using LimitBoard owned = board;
        ulong[] keys = BoardTrial.Keys(board, keyCount);
        int[] passed = new int[keyCount];
        using var start = new Barrier(threads);
        Thread[] all = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            for (int round = 0; round < 40; round++)
            {
                for (int i = 0; i < keyCount; i++)
                {
                    if (table.Ask(keys[i], Start, RateUse.Take).Passes)
                        Interlocked.Increment(ref passed[i]);
                }
            }
        }))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();
        Assert.All(passed, count => Assert.Equal(100, count));
    }

    /// <summary>All find at once that the key has no cell yet: it must not get two, with a burst each.</summary>
    [Fact]
    public void ManyThreadsAtOnce_OnKeysThatAreNew_PassOnceForEach()
    {
        const int threads = 4;
        const int keyCount = 6000;
        RateTable table = BoardTrial.NewTable("1/h", 100_000, out LimitBoard board);
        using LimitBoard owned = board;
        ulong[] keys = BoardTrial.Keys(board, keyCount);
        int[] passed = new int[keyCount];
        using var start = new Barrier(threads);
        Thread[] all = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < keyCount; i++)
            {
                if (i % 100 == 0)
                    start.SignalAndWait();
                if (table.Ask(keys[i], Start, RateUse.Take).Passes)
                    Interlocked.Increment(ref passed[i]);
            }
        }))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();
        Assert.All(passed, static count => Assert.Equal(1, count));
    }

    /// <summary>Neither does everybody pass then, nor nobody.</summary>
    [Fact]
    public void FloodOfNewKeys_LeavesTheKeyThatIsAtItsLimitWhereItIs_AndRefusesNoNewOne()
    {
        RateTable table = BoardTrial.NewTable("10/m", 1024, out LimitBoard board);
        using LimitBoard owned = board;
        ulong[] limited = BoardTrial.Keys(board, 50, seed: 1);
        foreach (ulong key in limited)
        {
            for (int i = 0; i < 10; i++)
                table.Ask(key, Start, RateUse.Take);
        }

        ulong[] flood = BoardTrial.Keys(board, 200_000, seed: 2);
        int refused = flood.Count(key => !table.Ask(key, Start, RateUse.Take).Passes);

        Assert.Equal(0, refused);
        int stillLimited = limited.Count(key => !table.Ask(key, Start, RateUse.Take).Passes);
        Assert.Equal(50, stillLimited);
    }

    [Fact]
    public void KeysThatAreAsNew_GoFirst_AndAreNoLoss()
    {
        RateTable table = BoardTrial.NewTable("10/s", 1024, out LimitBoard board);
        using LimitBoard owned = board;
        Assert.DoesNotContain(BoardTrial.Keys(board, 100), key => table.Ask(key, Start, RateUse.Take).HasDisplaced);
        Assert.Contains(BoardTrial.Keys(board, 5000, seed: 1), key => table.Ask(key, Start, RateUse.Take).HasDisplaced);
        Assert.DoesNotContain(
            BoardTrial.Keys(board, 100, seed: 2), key => table.Ask(key, Start + 1_000_000_000, RateUse.Take).HasDisplaced);
    }

    [Fact]
    public void Look_TakesNoRoom()
    {
        RateTable table = BoardTrial.NewTable("10/s", 1024, out LimitBoard board);
        using LimitBoard owned = board;
        ulong key = BoardTrial.Keys(board, 1)[0];
        for (int i = 0; i < 10; i++)
            table.Ask(key, Start, RateUse.Take);
        foreach (ulong other in BoardTrial.Keys(board, 100_000, seed: 1))
            Assert.True(table.Ask(other, Start, RateUse.Look) is { Passes: true, HasDisplaced: false });
        Assert.False(table.Ask(key, Start, RateUse.Look).Passes);
    }

    /// <summary>Under the eyes of others, who ask for keys that live in the same few sets.</summary>
    [Fact]
    public void KeysThatPushEachOtherOut_AreNeverTakenForOneAnother()
    {
        const int threads = 6;
        RateTable table = BoardTrial.NewTable("1000000/s", 1024, out LimitBoard board);
        using LimitBoard owned = board;
        long nowUs = Start;
        int refused = 0;
        Thread[] all = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            foreach (ulong key in BoardTrial.Keys(board, 200_000, seed: i))
            {
                if (!table.Ask(key, Interlocked.Increment(ref nowUs), RateUse.Take).Passes)
                    Interlocked.Increment(ref refused);
            }
        }))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();
        Assert.Equal(0, refused);
    }

    [Fact]
    public void Asking_AllocatesNothing()
    {
        RateTable table = BoardTrial.NewTable("10/s", 1024, out LimitBoard board);
        using LimitBoard owned = board;
        ulong[] keys = BoardTrial.Keys(board, 5000);
        table.Ask(keys[0], Start, RateUse.Take);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (ulong key in keys)
            table.Ask(key, Start, RateUse.Take);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
