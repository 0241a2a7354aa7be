using System.Linq;
using System.Threading;
using NativeProxy.Quotas;
using Xunit;

namespace NativeProxy.Tests.Quotas;

public sealed class CountTableTests
{
    [Fact]
    public void Count_StopsAtItsLimit_AndGoesOnWhenOneIsGivenBack()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        CountTable counts = board.CountsOf(0);
        foreach (ulong key in BoardTrial.Keys(board, 1000))
        {
            Assert.Equal([CountVerdict.Taken, CountVerdict.Taken, CountVerdict.Full], Take(counts, key, 3, countMax: 2));
            counts.GiveBack(key);
            Assert.Equal([CountVerdict.Taken, CountVerdict.Full], Take(counts, key, 2, countMax: 2));
            Assert.Equal(2, CountOf(counts, key));
        }
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0xFFFFFFUL)]
    public void AnyHash_IsAKey_AndLeavesNothingWhenAllIsGivenBack(ulong key)
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        CountTable counts = board.CountsOf(0);
        Assert.Equal([CountVerdict.Taken, CountVerdict.Full], Take(counts, key, 2, countMax: 1));
        counts.GiveBack(key);
        Assert.Equal(0, CountOf(counts, key));

        // One too many changes nothing.
        counts.GiveBack(key);
        Assert.Equal([CountVerdict.Taken, CountVerdict.Full], Take(counts, key, 2, countMax: 1));
    }

    [Fact]
    public void Workers_CountTogether_AndOneThatDiesGivesBackWhatItHeld()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 3);
        ulong[] keys = BoardTrial.Keys(board, 2000);
        foreach (ulong key in keys)
        {
            Take(board.CountsOf(0), key, 2, countMax: 5);
            Take(board.CountsOf(1), key, 3, countMax: 5);
            Assert.Equal(CountVerdict.Full, board.CountsOf(2).TryTake(key, 5));
        }

        board.ForgetWorker(1);
        board.ForgetWorker(1);
        board.ForgetWorker(2);

        Assert.All(keys, key => Assert.Equal(2, CountOf(board.CountsOf(2), key)));
        board.ForgetWorker(0);
        Assert.All(keys, key => Assert.Equal(0, CountOf(board.CountsOf(2), key)));
    }

    [Fact]
    public void ManyWorkersAtOnce_NeverHoldMoreThanTheLimit_AndLoseNothing()
    {
        const int workers = 6;
        const int countMax = 3;
        using LimitBoard board = LimitBoard.CreatePrivate(workers);
        ulong[] keys = BoardTrial.Keys(board, 40);
        int[] running = new int[keys.Length];
        int most = 0;
        int uncounted = 0;
        using var start = new Barrier(workers);
        Thread[] all = [.. Enumerable.Range(0, workers).Select(worker => new Thread(() =>
        {
            CountTable counts = board.CountsOf(worker);
            start.SignalAndWait();
            for (int round = 0; round < 20_000; round++)
            {
                int index = round * (worker + 1) % keys.Length;
                CountVerdict verdict = counts.TryTake(keys[index], countMax);
                if (verdict == CountVerdict.Uncounted)
                    Interlocked.Increment(ref uncounted);
                if (verdict != CountVerdict.Taken)
                    continue;
                int now = Interlocked.Increment(ref running[index]);
                if (now > Volatile.Read(ref most))
                    Volatile.Write(ref most, now);
                Interlocked.Decrement(ref running[index]);
                counts.GiveBack(keys[index]);
            }
        }))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();

        Assert.InRange(most, 1, countMax);
        Assert.Equal(0, uncounted);
        Assert.All(keys, key => Assert.Equal(0, CountOf(board.CountsOf(0), key)));
    }

    /// <summary>That a set of 32 has more than 32 of them, 8 being the mean, does not happen in a thousand years of runs.</summary>
    [Fact]
    public void TableThatIsAQuarterFull_StillCountsEveryKey()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        CountTable counts = board.CountsOf(0);
        ulong[] keys = BoardTrial.Keys(board, CountTable.CellCount / 4);
        Assert.All(keys, key => Assert.Equal(CountVerdict.Taken, counts.TryTake(key, 1)));
        Assert.All(keys, key => Assert.Equal(CountVerdict.Full, counts.TryTake(key, 1)));
    }

    [Fact]
    public void FullTable_StillLimitsWhomItKnows_AndLetsOthersPassUncounted()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        CountTable counts = board.CountsOf(0);
        ulong[] keys = BoardTrial.Keys(board, 2 * CountTable.CellCount);
        int taken = keys.Count(key => counts.TryTake(key, 1) == CountVerdict.Taken);
        Assert.InRange(taken, CountTable.CellCount * 9 / 10, CountTable.CellCount);
        Assert.Equal(taken, keys.Count(key => counts.TryTake(key, 1) == CountVerdict.Full));
    }

    private static CountVerdict[] Take(CountTable counts, ulong key, int times, int countMax) =>
        [.. Enumerable.Range(0, times).Select(_ => counts.TryTake(key, countMax))];

    /// <summary>How many there are of a key: one fewer than the least limit that lets a further one pass.</summary>
    private static int CountOf(CountTable counts, ulong key)
    {
        int countMax = 1;
        while (counts.TryTake(key, countMax) == CountVerdict.Full)
            countMax++;
        counts.GiveBack(key);
        return countMax - 1;
    }
}
