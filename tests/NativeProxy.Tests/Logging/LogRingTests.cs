using System;
using System.Collections.Generic;
using System.Threading;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>Records come out whole and in order, over the wrap and between two threads; what does not fit is dropped and counted.</summary>
public sealed class LogRingTests
{
    private static bool TryPut(LogRing ring, ReadOnlySpan<byte> record)
    {
        if (!ring.TryReserve(record.Length, out Span<byte> slot))
            return false;

        record.CopyTo(slot);
        ring.Commit();
        return true;
    }

    private static byte[]? Take(LogRing ring)
    {
        if (!ring.TryPeek(out ReadOnlySpan<byte> record))
            return null;

        byte[] copy = record.ToArray();
        ring.Release();
        return copy;
    }

    [Fact]
    public void EmptyRing_GivesNothing()
    {
        using LogRing ring = new(1024);
        Assert.True(ring.IsEmpty);
        Assert.Null(Take(ring));
    }

    [Fact]
    public void ReservedRecord_IsInvisibleUntilCommitted()
    {
        using LogRing ring = new(1024);
        Assert.True(ring.TryReserve(5, out Span<byte> slot));
        Assert.Null(Take(ring));
        "hello"u8.CopyTo(slot);
        ring.Commit();
        Assert.Equal("hello"u8.ToArray(), Take(ring));
        Assert.True(ring.IsEmpty);
    }

    [Fact]
    public void PeekedRecord_StaysUntilReleased()
    {
        using LogRing ring = new(1024);
        TryPut(ring, "one"u8);
        TryPut(ring, "two"u8);
        ring.TryPeek(out _);
        ring.TryPeek(out ReadOnlySpan<byte> again);
        Assert.Equal("one"u8.ToArray(), again.ToArray());
        ring.Release();
        Assert.Equal("two"u8.ToArray(), Take(ring));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomSizesOverManyWraps_ComeOutLikeFromAQueue(int seed)
    {
        using LogRing ring = new(1024);
        Random dice = new(seed);
        Queue<byte[]> model = new();
        int dropped = 0;
        for (int i = 0; i < 20_000; i++)
        {
            if (dice.Next(2) == 0)
            {
                byte[] record = new byte[dice.Next(0, 300)];
                dice.NextBytes(record);
                if (TryPut(ring, record))
                    model.Enqueue(record);
                else
                    dropped++;
            }
            else
            {
                Assert.Equal(model.TryDequeue(out byte[]? expected) ? expected : null, Take(ring));
            }
        }

        Assert.Equal(dropped, ring.DroppedCount);
        Assert.True(dropped > 0, "the ring was never full");
    }

    [Fact]
    public void FullRing_DropsAndCountsUntilThereIsRoomAgain()
    {
        using LogRing ring = new(1024);
        byte[] record = new byte[60];
        for (int i = 0; i < 16; i++)
        {
            record[0] = (byte)i;
            Assert.True(TryPut(ring, record));
        }

        Assert.False(TryPut(ring, record));
        Assert.False(TryPut(ring, record));
        Assert.Equal(2, ring.DroppedCount);
        Assert.Equal(0, Take(ring)![0]);
        record[0] = 16;
        Assert.True(TryPut(ring, record));
        for (int i = 1; i <= 16; i++)
            Assert.Equal(i, Take(ring)![0]);
    }

    [Fact]
    public void RecordOfHalfTheRing_FitsAtEveryPosition()
    {
        using LogRing ring = new(1024);
        byte[] half = new byte[508];
        for (int i = 0; i < 300; i++)
        {
            Assert.True(TryPut(ring, half));
            Assert.Equal(half.Length, Take(ring)!.Length);
            Assert.True(TryPut(ring, [1]));
            Assert.Single(Take(ring)!);
        }
    }

    [Fact]
    public void RecordOfMoreThanHalfTheRing_IsAlwaysDropped()
    {
        using LogRing ring = new(1024);
        Assert.False(TryPut(ring, new byte[509]));
        Assert.Equal(1, ring.DroppedCount);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(1025)]
    [InlineData(3000)]
    public void CapacityThatIsNoPowerOfTwoOrTooSmall_IsRefused(int capacityBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogRing(capacityBytes));

    [Fact]
    public void TwoThreads_PassEveryAcceptedRecordInOrderAndIntact()
    {
        const int Count = 200_000;
        using LogRing ring = new(8 * 1024);
        int accepted = 0;
        Thread producer = new(() =>
        {
            Span<byte> record = stackalloc byte[64];
            for (int i = 0; i < Count; i++)
            {
                int length = 4 + (i % 60);
                BitConverter.TryWriteBytes(record, i);
                record[4..length].Fill((byte)i);
                accepted += TryPut(ring, record[..length]) ? 1 : 0;
            }

            // The end mark must arrive, so it is offered until it is taken.
            while (!TryPut(ring, [0xFF, 0xFF, 0xFF, 0xFF]))
                Thread.Yield();
        });
        producer.Start();

        int received = 0;
        int previous = -1;
        while (true)
        {
            if (!ring.TryPeek(out ReadOnlySpan<byte> record))
            {
                ring.WaitForRecord(Timeout.Infinite);
                continue;
            }

            int number = BitConverter.ToInt32(record);
            if (number == -1)
                break;

            Assert.True(number > previous);
            Assert.Equal(4 + (number % 60), record.Length);
            Assert.True(record[4..].IndexOfAnyExcept((byte)number) < 0);
            previous = number;
            received++;
            ring.Release();
        }

        producer.Join();
        Assert.Equal(accepted, received);
        Assert.True(ring.DroppedCount >= Count - accepted);
    }

    [Fact]
    public void PausingConsumer_IsWokenWhenTheRingIsMoreThanHalfFull()
    {
        // The pause is longer than any test run: only the producer can end it.
        using LogRing ring = new(1024);
        int taken = 0;
        Thread consumer = new(() =>
        {
            ring.Pause(int.MaxValue);
            while (Take(ring) is not null)
                taken++;
        });
        consumer.Start();
        for (int i = 0; i < 9; i++)
            Assert.True(TryPut(ring, new byte[60]));

        consumer.Join();
        Assert.Equal(9, taken);
    }

    [Fact]
    public void PausingConsumer_IsEndedByAWake()
    {
        using LogRing ring = new(1024);
        ring.Wake();
        ring.Pause(int.MaxValue);
        ring.Wake();
        ring.WaitForRecord(Timeout.Infinite);
        Assert.True(ring.IsEmpty);
    }

    /// <summary>A test that fails disposes the ring under its consumer, and so does the end of a worker whose log target is stuck.</summary>
    [Fact]
    public void DisposedRing_EndsItsConsumersWaits()
    {
        LogRing ring = new(1024);
        Thread consumer = new(() => ring.WaitForRecord(Timeout.Infinite)) { IsBackground = true };
        consumer.Start();
        SpinWait.SpinUntil(() => consumer.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        Assert.False(ring.IsDisposed);

        ring.Dispose();

        Assert.True(consumer.Join(TimeSpan.FromSeconds(30)));
        Assert.True(ring.IsDisposed);
        ring.WaitForRecord(Timeout.Infinite);
        ring.Pause(int.MaxValue);
        ring.Wake();
        TryPut(ring, [1]);
        ring.Dispose();
    }

    [Fact]
    public void SleepingConsumer_IsWokenForEveryRecordOfASlowProducer()
    {
        // Each round the consumer may be anywhere between looking and sleeping; a lost wake-up would stop the test.
        const int Rounds = 5_000;
        using LogRing ring = new(1024);
        using LogRing answers = new(1024);
        Thread consumer = new(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                WaitAndTake(ring);
                TryPut(answers, [1]);
            }
        });
        consumer.Start();
        for (int i = 0; i < Rounds; i++)
        {
            Assert.True(TryPut(ring, [(byte)i]));
            WaitAndTake(answers);
        }

        consumer.Join();
        Assert.True(ring.IsEmpty);

        static void WaitAndTake(LogRing from)
        {
            while (Take(from) is null)
                from.WaitForRecord(Timeout.Infinite);
        }
    }
}
