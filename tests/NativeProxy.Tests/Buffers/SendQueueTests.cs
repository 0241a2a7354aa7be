using System;
using System.Collections.Generic;
using NativeProxy.Buffers;
using Xunit;

namespace NativeProxy.Tests.Buffers;

/// <summary>What goes in comes out in order, whatever the pieces; all or nothing is queued; blocks are held exactly while needed.</summary>
public sealed class SendQueueTests
{
    private const int NoLimit = int.MaxValue;

    private readonly BufferPools _pools = new(bytesMax: 4 << 20);
    private SendQueue _queue = new();

    [Fact]
    public void EmptyQueue_HoldsNothing()
    {
        Assert.True(_queue.IsEmpty);
        Assert.True(_queue.First.IsEmpty);
        Assert.Equal(0, _queue.FirstSegment.Count);
        Assert.True(_queue.TryEnqueue(_pools, default, bytesMax: 0));
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void SmallBytes_TakeOneSmallBlock()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[2048], NoLimit));
        Assert.Equal(1, _pools.Small.LentTo(Borrower.SendQueue));
        Assert.Equal(0, _pools.Large.LentCount);
    }

    [Fact]
    public void BytesOfSeveralEnqueues_ShareABlock()
    {
        Assert.True(_queue.TryEnqueue(_pools, "HTTP/1.1 "u8, NoLimit));
        Assert.True(_queue.TryEnqueue(_pools, "200 OK"u8, NoLimit));
        Assert.Equal(1, _pools.LentCount);
        Assert.Equal("HTTP/1.1 200 OK"u8.ToArray(), _queue.First.ToArray());
    }

    [Fact]
    public void FirstSegment_NamesTheSameBytesAsFirst()
    {
        Assert.True(_queue.TryEnqueue(_pools, "abcdef"u8, NoLimit));
        _queue.Advance(_pools, 2);
        (byte[] array, int offset, int count) = _queue.FirstSegment;
        Assert.Equal("cdef"u8.ToArray(), array.AsSpan(offset, count).ToArray());
        Assert.Equal("cdef"u8.ToArray(), _queue.First.ToArray());
        Assert.Equal(4, _queue.QueuedBytes);
    }

    [Fact]
    public void PartlySentBlock_IsKeptAndWhollySentOneReturned()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[20_000], NoLimit));
        int blocks = _pools.LentCount;
        int firstBytes = _queue.First.Length;
        _queue.Advance(_pools, firstBytes - 1);
        Assert.Equal(blocks, _pools.LentCount);
        _queue.Advance(_pools, 1);
        Assert.Equal(blocks - 1, _pools.LentCount);
        _queue.Advance(_pools, 20_000 - firstBytes);
        Assert.True(_queue.IsEmpty);
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void ProgressOverSeveralBlocksAtOnce_IsAccepted()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[50_000], NoLimit));
        _queue.Advance(_pools, 49_999);
        Assert.Equal(1, _queue.QueuedBytes);
        Assert.Equal(1, _queue.First.Length);
        Assert.Equal(1, _pools.LentCount);
    }

    [Fact]
    public void BytesUpToTheBound_AreQueued()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[60], bytesMax: 100));
        Assert.True(_queue.TryEnqueue(_pools, new byte[40], bytesMax: 100));
    }

    [Fact]
    public void BytesBeyondTheBound_AreRefusedWhole()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[60], bytesMax: 100));
        Assert.False(_queue.TryEnqueue(_pools, new byte[41], bytesMax: 100));
        Assert.Equal(60, _queue.QueuedBytes);
    }

    [Fact]
    public void PoolsWithTooFewBlocks_QueueNothingAndKeepNothing()
    {
        BufferPools tight = new(bytesMax: 64 * 1024);
        Assert.True(_queue.TryEnqueue(tight, new byte[100], NoLimit));
        int lent = tight.LentCount;
        Assert.False(_queue.TryEnqueue(tight, new byte[1 << 20], NoLimit));
        Assert.Equal(100, _queue.QueuedBytes);
        Assert.Equal(lent, tight.LentCount);
        _queue.Release(tight);
        Assert.Equal(0, tight.LentCount);
    }

    [Fact]
    public void LargeBlocksLentOut_SmallOnesServeInstead()
    {
        BufferPools pools = new(bytesMax: 64 * 1024);
        while (pools.Large.TryLend(Borrower.LogText, out _))
        {
        }

        Assert.True(_queue.TryEnqueue(pools, new byte[5000], NoLimit));
        Assert.Equal(3, pools.Small.LentTo(Borrower.SendQueue));
    }

    [Fact]
    public void AdvancingBeyondTheQueue_IsRefusedAsABug()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[10], NoLimit));
        Assert.Throws<ArgumentOutOfRangeException>(() => _queue.Advance(_pools, 11));
        Assert.Throws<ArgumentOutOfRangeException>(() => _queue.Advance(_pools, -1));
    }

    [Fact]
    public void Release_ReturnsAllBlocks()
    {
        Assert.True(_queue.TryEnqueue(_pools, new byte[100_000], NoLimit));
        _queue.Release(_pools);
        Assert.True(_queue.IsEmpty);
        Assert.Equal(0, _pools.LentCount);
        Assert.True(_queue.TryEnqueue(_pools, "x"u8, NoLimit));
        Assert.Equal("x"u8.ToArray(), _queue.First.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomPieces_ComeOutInOrder(int seed)
    {
        Random dice = new(seed);
        List<byte> model = [];
        for (int i = 0; i < 4000; i++)
        {
            if (dice.Next(2) == 0)
            {
                byte[] more = new byte[dice.Next(dice.Next(10) == 0 ? 40_000 : 700)];
                dice.NextBytes(more);
                bool isQueued = _queue.TryEnqueue(_pools, more, bytesMax: 200_000);
                Assert.Equal(model.Count + more.Length <= 200_000, isQueued);
                if (isQueued)
                    model.AddRange(more);
            }
            else
            {
                ReadOnlySpan<byte> first = _queue.First;
                Assert.True(first.SequenceEqual(model.GetRange(0, first.Length).ToArray()));
                int sent = dice.Next(8) == 0 ? model.Count / 2 : dice.Next(first.Length + 1);
                _queue.Advance(_pools, sent);
                model.RemoveRange(0, sent);
            }

            Assert.Equal(model.Count, _queue.QueuedBytes);
            Assert.Equal(model.Count == 0, _pools.LentCount == 0);
        }
    }
}
