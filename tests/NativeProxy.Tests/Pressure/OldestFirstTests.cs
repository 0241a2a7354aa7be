using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Pressure;
using Xunit;

namespace NativeProxy.Tests.Pressure;

[Trait("promise", "S1.9")]
public class OldestFirstTests
{
    [Fact]
    public void OfMany_TheOldestAreKept_InTheirOrder()
    {
        var oldest = new OldestFirst<string>();
        oldest.Begin(3);
        (string Name, long SinceMs)[] idle = [("young", 900), ("oldest", 100), ("older", 200), ("youngest", 1000), ("old", 300)];
        foreach ((string name, long sinceMs) in idle)
            oldest.Offer(name, sinceMs, id: 0);

        Assert.Equal(["oldest", "older", "old"], Kept(oldest));
    }

    [Fact]
    public void OfTwoThatIdleEquallyLong_TheOneWithTheSmallerIdIsOlder()
    {
        var oldest = new OldestFirst<string>();
        oldest.Begin(2);
        Assert.True(oldest.Offer("third", 100, id: 3));
        Assert.True(oldest.Offer("second", 100, id: 2));
        Assert.True(oldest.Offer("first", 100, id: 1));
        Assert.False(oldest.Offer("fourth", 100, id: 4));

        Assert.Equal(["first", "second"], Kept(oldest));
    }

    [Fact]
    public void RoomForNone_KeepsNone()
    {
        var oldest = new OldestFirst<string>();
        oldest.Begin(0);

        Assert.False(oldest.Offer("a", 1, id: 1));
        Assert.Equal(0, oldest.Count);
    }

    [Fact]
    public void FurtherPass_BeginsEmpty()
    {
        var oldest = new OldestFirst<string>();
        oldest.Begin(2);
        oldest.Offer("before", 1, id: 1);

        oldest.Begin(5);
        oldest.Offer("now", 2, id: 2);

        Assert.Equal(["now"], Kept(oldest));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomAges_MatchASortedList(int seed)
    {
        var dice = new Random(seed);
        var oldest = new OldestFirst<object>();
        for (int round = 0; round < 50; round++)
        {
            int kept = dice.Next(40);
            (object Item, long SinceMs,
                long Id)[] all = [.. Enumerable.Range(0, dice.Next(200)).Select(id => (new object(), (long)dice.Next(30), (long)id))];
            dice.Shuffle(all);
            oldest.Begin(kept);
            foreach ((object item, long sinceMs, long id) in all)
                oldest.Offer(item, sinceMs, id);

            Assert.Equal(all.OrderBy(static one => one.SinceMs).ThenBy(static one => one.Id).Take(kept).Select(static one => one.Item), Kept(oldest));
        }
    }

    private static List<T> Kept<T>(OldestFirst<T> oldest)
        where T : class
    {
        oldest.Sort();
        return [.. Enumerable.Range(0, oldest.Count).Select(i => oldest[i])];
    }
}
