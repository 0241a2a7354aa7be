using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class WaitingListTests
{
    private WaitingList<FirstPlace> _list;

    [Fact]
    public void Items_LeaveInTheOrderOfTheirComing()
    {
        Item[] items = Items(3);
        for (int i = 0; i < 3; i++)
            _list.Add(items[i], nowMs: 100 + i);

        Assert.Equal(items, TakeAll(102));
        Assert.True(_list.IsEmpty);
    }

    [Fact]
    public void ItemThatWaitsTooShort_Stays_AndSoDoThoseBehindIt()
    {
        Item[] items = Items(3);
        for (int i = 0; i < 3; i++)
            _list.Add(items[i], nowMs: 100 + (10 * i));

        Assert.Empty(TakeAll(99));
        Assert.Equal([items[0]], TakeAll(109));
        Assert.Equal(110, _list.OldestMs);
        Assert.Equal([items[1], items[2]], TakeAll(120));
    }

    [Fact]
    public void ItemThatWaitsAlready_KeepsItsPlaceAndTime()
    {
        Item[] items = Items(2);
        _list.Add(items[0], nowMs: 1);
        _list.Add(items[0], nowMs: 2);
        _list.Add(items[1], nowMs: 3);
        _list.Add(items[0], nowMs: 4);
        _list.Add(items[1], nowMs: 4);

        Assert.Equal(1, _list.OldestMs);
        Assert.Equal(items, TakeAll(4));
    }

    [Fact]
    public void ItemThatHasLeft_MayComeAgain_AtTheEnd()
    {
        Item[] items = Items(2);
        _list.Add(items[0], nowMs: 1);
        _list.Add(items[1], nowMs: 2);
        Assert.Same(items[0], _list.TakeSince(1));
        _list.Add(items[0], nowMs: 3);

        Assert.Equal([items[1], items[0]], TakeAll(3));
    }

    [Fact]
    public void ItemThatComesAgainWhileAllAreTaken_IsTakenOncePerComing()
    {
        Item item = Items(1)[0];
        _list.Add(item, nowMs: 1);
        Assert.Same(item, _list.TakeSince(long.MaxValue));
        _list.Add(item, nowMs: 1);
        Assert.Same(item, _list.TakeSince(long.MaxValue));
        Assert.Null(_list.TakeSince(long.MaxValue));
    }

    [Fact]
    public void EmptyList_HasNothingToTake()
    {
        Assert.True(_list.IsEmpty);
        Assert.Null(_list.TakeSince(long.MaxValue - 1));
        Assert.Equal(long.MaxValue, _list.OldestMs);
    }

    [Fact]
    public void TwoListsOfTheSameItems_DoNotKnowEachOther()
    {
        var other = default(WaitingList<SecondPlace>);
        Item[] items = Items(2);
        _list.Add(items[0], nowMs: 1);
        _list.Add(items[1], nowMs: 1);
        other.Add(items[1], nowMs: 2);
        other.Add(items[0], nowMs: 2);

        Assert.Equal(items, TakeAll(1));
        Assert.Same(items[1], other.TakeSince(2));
        Assert.Same(items[0], other.TakeSince(2));
        Assert.True(other.IsEmpty);
    }

    [Fact]
    public void LinksOfItemsThatHaveLeft_HoldNobody()
    {
        Item[] items = Items(3);
        foreach (Item item in items)
            _list.Add(item, nowMs: 1);
        TakeAll(1);

        Assert.All(items, item => Assert.Null(item.CorkedLink.Next));
    }

    [Fact]
    public void ComingAndLeaving_AllocatesNothing()
    {
        Item[] items = Items(3);
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (Item item in items)
                _list.Add(item, nowMs: round);
            while (_list.TakeSince(round) is not null)
            {
            }
            if (round > 0)
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static Item[] Items(int count)
    {
        var items = new Item[count];
        for (int i = 0; i < count; i++)
            items[i] = new Item();
        return items;
    }

    private List<Item> TakeAll(long sinceMs)
    {
        var taken = new List<Item>();
        while (_list.TakeSince(sinceMs) is { } item)
            taken.Add((Item)item);
        return taken;
    }

    private readonly struct FirstPlace : IWaitingPlace
    {
        public static ref WaitingLink LinkOf(TcpConnection connection) => ref connection.CorkedLink;
    }

    private readonly struct SecondPlace : IWaitingPlace
    {
        public static ref WaitingLink LinkOf(TcpConnection connection) => ref connection.DelayedLink;
    }

    /// <summary>A connection without a loop and a socket, which can do nothing but wait.</summary>
    private sealed class Item() : TcpConnection(null!)
    {
        internal override bool ReceiveInFlight => false;

        internal override bool SendInFlight => false;

        protected override void Receive() => throw new NotSupportedException();

        internal override int SendNow(ReadOnlySpan<byte> bytes, out SocketError error) => throw new NotSupportedException();

        internal override int ReadNow(Span<byte> target, out SocketError error) => throw new NotSupportedException();

        internal override void StartQueuedSend() => throw new NotSupportedException();

        protected override UnreadInput SocketLookAhead() => throw new NotSupportedException();

        protected override long SocketAcknowledgedBytes() => throw new NotSupportedException();

        protected override void AwaitReset() => throw new NotSupportedException();

        internal override void SocketShutdownSend() => throw new NotSupportedException();

        protected override void SocketClose(bool reset) => throw new NotSupportedException();

        protected override void Recycle() => throw new NotSupportedException();
    }
}
