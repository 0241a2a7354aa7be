using System;
using System.IO;
using System.Linq;
using System.Threading;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

public sealed class CloseRingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(CloseRing.RecentMax)]
    [InlineData(CloseRing.RecentMax + 1)]
    [InlineData((CloseRing.RecentMax * 3) + 7)]
    public void Ring_RemembersTheLatestOnes_NewestFirst(int count)
    {
        using CloseBoard board = CloseBoard.CreatePrivate(1);
        for (int i = 1; i <= count; i++)
            board.Ring(0).Add(Record(i));

        Assert.Equal(Enumerable.Range(0, Math.Min(count, CloseRing.RecentMax)).Select(age => (long)(count - age)), Read(board.Ring(0)));
        Assert.Equal(count, board.Ring(0).Count);
    }

    [Fact]
    public void Record_ComesOutAsItWentIn_AlsoInAnotherProcess()
    {
        using CloseBoard supervisor = CloseBoard.CreateShared(2);
        using CloseBoard worker = CloseBoard.Attach(supervisor.Descriptor);
        CloseRecord written = Record(7) with
        {
            Side = ConnectionSide.Server,
            By = ClosedBy.PeerReset,
            Reason = (byte)ServerCloseReason.ServerReset,
            Peer = new PeerAddress([10, 0, 0, 1], 9001),
            Place = new RecordName("app"u8),
            Server = new RecordName("a"u8),
            LifeMs = 12,
        };
        worker.Ring(1).Add(written);

        Assert.True(supervisor.Ring(1).TryRead(0, out CloseRecord read));
        Assert.Equal(
            (7L, ConnectionSide.Server, ClosedBy.PeerReset, "server_reset", "10.0.0.1:9001", "app", "a", 12L),
            (read.ConnectionId, read.Side, read.By, read.ReasonCode, read.Peer.ToString(), Text(read.Place), Text(read.Server), read.LifeMs));
        Assert.False(supervisor.Ring(0).TryRead(0, out _));
    }

    [Fact]
    public void WorkerThatTakesOverTheRing_GoesOnBehindWhatTheCrashedOneNoted()
    {
        using CloseBoard supervisor = CloseBoard.CreateShared(1);
        using (CloseBoard crashed = CloseBoard.Attach(supervisor.Descriptor))
            crashed.Ring(0).Add(Record(1));
        using CloseBoard next = CloseBoard.Attach(supervisor.Descriptor);
        next.Ring(0).Add(Record(2));

        Assert.Equal([2L, 1L], Read(supervisor.Ring(0)));
    }

    [Fact]
    public void ReaderBesideTheWriter_NeverSeesATornRecord()
    {
        using CloseBoard board = CloseBoard.CreatePrivate(1);
        CloseRing ring = board.Ring(0);
        bool isDone = false;
        var writer = new Thread(() =>
        {
            for (int i = 1; i <= 200_000; i++)
                ring.Add(Record(i) with { BytesIn = i, LifeMs = i, Uses = i });
            Volatile.Write(ref isDone, true);
        });
        writer.Start();
        while (!Volatile.Read(ref isDone))
        {
            // The oldest slots are those being overwritten.
            for (int age = CloseRing.RecentMax - 4; age < CloseRing.RecentMax; age++)
            {
                if (ring.TryRead(age, out CloseRecord record))
                    Assert.Equal((record.ConnectionId, record.ConnectionId, record.ConnectionId), (record.BytesIn, record.LifeMs, record.Uses));
            }
        }
        writer.Join();
        Assert.Equal(CloseRing.RecentMax, Read(ring).Length);
    }

    [Fact]
    public void BoardOfAnotherBuild_IsRefused()
    {
        using SharedMemory memory = SharedMemory.CreateShared("test", 4096);
        Assert.Throws<InvalidDataException>(() => CloseBoard.Attach(memory.Descriptor));
    }

    private static CloseRecord Record(long id) => new() { ConnectionId = id };

    private static string Text(RecordName name) => System.Text.Encoding.UTF8.GetString(name.Bytes);

    private static long[] Read(CloseRing ring)
    {
        var ids = new System.Collections.Generic.List<long>();
        for (int age = 0; ring.TryRead(age, out CloseRecord record); age++)
            ids.Add(record.ConnectionId);
        return [.. ids];
    }
}
