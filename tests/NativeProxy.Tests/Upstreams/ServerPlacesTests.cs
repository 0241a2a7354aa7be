using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>
/// The count of a server's connections on the board: strict, given back by whoever dies, and right again after a worker died in between.
/// </summary>
[Trait("promise", "B14")]
public sealed class ServerPlacesTests
{
    [Fact]
    public async Task TakenFromManyThreads_NeverExceedTheLimit_AndNoneIsLost()
    {
        var test = new ServersOnBoard("a1", workers: 4);
        ServerPlaces[] workers = [.. Enumerable.Range(0, 4).Select(i => test.Slot("a", i).Places)];
        long taken = 0;

        await Task.WhenAll(workers.Select(places => Task.Run(() =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                if (!places.TryTake(2))
                    continue;
                Assert.InRange(places.OpenCount, 1, 2);
                System.Threading.Interlocked.Increment(ref taken);
                places.GiveBack(1);
            }
        })));

        Assert.True(taken > 1000);
        Assert.Equal(0, workers[0].OpenCount);
    }

    [Fact]
    public void WorkerThatIsForgotten_GivesBackWhatItHeld_Once()
    {
        var test = new ServersOnBoard("a1", workers: 2);
        (ServerPlaces mine, ServerPlaces its) = (test.Slot("a", 0).Places, test.Slot("a", 1).Places);
        Assert.True(mine.TryTake(9));
        its.TakeAnyway(5);
        its.ShowIdle(3);
        Assert.True(mine.HasIdleElsewhere());

        test.Board.ForgetWorker(1);
        test.Board.ForgetWorker(1);

        Assert.Equal((1, false), (mine.OpenCount, mine.HasIdleElsewhere()));
    }

    [Fact]
    public unsafe void SumThatIsTooHigh_IsMendedAfterASecondWithoutAChange_NotBefore()
    {
        ServerPlacesMemory memory = default;
        int* numbers = stackalloc int[3];
        var mine = new ServerPlaces(&memory, new WorkerNumbers(numbers, 1, 1, 0), new WorkerNumbers(numbers + 1, 1, 1, 0), bells: null!,
            sharerCount: numbers + 2);
        Assert.True(mine.TryTake(2));

        // A worker has died after it took a place and before it recorded that.
        memory.Open++;

        mine.Mend(nowMs: 0);
        mine.Mend(SharedCount.MendAfterMs - 1);
        Assert.Equal(2, mine.OpenCount);
        Assert.False(mine.TryTake(2));

        // A place is taken and given back: the second begins anew.
        mine.TakeAnyway(1);
        mine.GiveBack(1);
        mine.Mend(SharedCount.MendAfterMs);
        mine.Mend((2 * SharedCount.MendAfterMs) - 1);
        Assert.Equal(2, mine.OpenCount);

        mine.Mend(2 * SharedCount.MendAfterMs);
        Assert.Equal(1, mine.OpenCount);
        Assert.True(mine.TryTake(2));
    }

    [Fact]
    public void IdleConnectionIsAskedForOnce()
    {
        var test = new ServersOnBoard("a1", workers: 2);
        test.Slot("a", 1).Places.ShowIdle(2);

        test.Slot("a", 0).Places.AskForIdle();

        Assert.True(test.Slot("a", 1).Places.TakeWish());
        Assert.False(test.Slot("a", 1).Places.TakeWish());
    }
}
