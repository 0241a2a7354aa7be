using System;
using System.Linq;
using NativeProxy.Buffers;
using Xunit;

namespace NativeProxy.Tests.Buffers;

/// <summary>The tail keeps exactly the bytes it was given, in the smallest block, and gives the block back when empty.</summary>
public sealed class ByteTailTests
{
    private const int NoLimit = int.MaxValue;

    private readonly BufferPools _pools = new(bytesMax: 16 << 20);
    private ByteTail _tail;

    private static byte[] Bytes(int count, int seed = 0) => Enumerable.Range(seed, count).Select(i => (byte)(i * 7)).ToArray();

    [Fact]
    public void NewTail_IsEmptyAndHoldsNoBlock()
    {
        Assert.True(_tail.IsEmpty);
        Assert.Equal(0, _tail.Bytes.Length);
        Assert.True(_tail.TryAppend(_pools, default, bytesMax: 0));
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void GrowingTail_MovesFromSmallToLargeToBigAndHoldsOneBlock()
    {
        byte[] expected = Bytes(100_000);
        foreach ((int end, BufferPool? home) in new[] { (2048, _pools.Small), (2049, _pools.Large), (16_384, _pools.Large), (16_385, null),
            (100_000, (BufferPool?)null) })
        {
            Assert.True(_tail.TryAppend(_pools, expected.AsSpan(_tail.Length, end - _tail.Length), NoLimit));
            Assert.True(_tail.Bytes.SequenceEqual(expected.AsSpan(0, end)));
            Assert.Equal(1, _pools.LentCount);
            Assert.Equal(home is null ? 1 : 0, _pools.Big.LentCount);
            Assert.Equal(home is null ? 0 : 1, home?.LentCount ?? 0);
        }

        _tail.Consume(_pools, 100_000);
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void AppendUpToTheMaximum_IsAllowed()
    {
        Assert.True(_tail.TryAppend(_pools, Bytes(60), bytesMax: 100));
        Assert.True(_tail.TryAppend(_pools, Bytes(40), bytesMax: 100));
    }

    [Fact]
    public void AppendBeyondTheMaximum_IsRefusedAndChangesNothing()
    {
        Assert.True(_tail.TryAppend(_pools, Bytes(60), bytesMax: 100));
        Assert.False(_tail.TryAppend(_pools, Bytes(41), bytesMax: 100));
        Assert.True(_tail.Bytes.SequenceEqual(Bytes(60)));
    }

    [Fact]
    public void AppendWithoutMemory_IsRefusedAndChangesNothing()
    {
        BufferPools tight = new(bytesMax: 4 * BufferPools.SmallBlockBytes);
        Assert.True(_tail.TryAppend(tight, Bytes(2000), NoLimit));
        Assert.False(_tail.TryAppend(tight, Bytes(100), NoLimit));
        Assert.True(_tail.Bytes.SequenceEqual(Bytes(2000)));
        _tail.Release(tight);
        Assert.Equal(0, tight.LentCount);
    }

    [Fact]
    public void ConsumedFront_MakesRoomInTheSameBlock()
    {
        Assert.True(_tail.TryAppend(_pools, Bytes(2048), NoLimit));
        _tail.Consume(_pools, 1000);
        Assert.True(_tail.TryAppend(_pools, Bytes(1000, seed: 2048), NoLimit));
        Assert.True(_tail.Bytes.SequenceEqual(Bytes(2048, seed: 1000)));
        Assert.Equal(1, _pools.Small.LentCount);
        Assert.Equal(0, _pools.Large.LentCount);
    }

    [Fact]
    public void ConsumingMoreThanKept_IsRefusedAsABug()
    {
        Assert.True(_tail.TryAppend(_pools, Bytes(10), NoLimit));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tail.Consume(_pools, 11));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tail.Consume(_pools, -1));
    }

    [Fact]
    public void Release_ReturnsTheBlockOnceAndMayBeRepeated()
    {
        Assert.True(_tail.TryAppend(_pools, Bytes(10), NoLimit));
        _tail.Release(_pools);
        _tail.Release(_pools);
        Assert.True(_tail.IsEmpty);
        Assert.Equal(0, _pools.LentCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomAppendsAndConsumes_BehaveLikeAList(int seed)
    {
        Random dice = new(seed);
        System.Collections.Generic.List<byte> model = [];
        for (int i = 0; i < 3000; i++)
        {
            if (dice.Next(2) == 0)
            {
                byte[] more = new byte[dice.Next(dice.Next(20) == 0 ? 9000 : 400)];
                dice.NextBytes(more);
                bool isKept = _tail.TryAppend(_pools, more, bytesMax: 40_000);
                Assert.Equal(model.Count + more.Length <= 40_000, isKept);
                if (isKept)
                    model.AddRange(more);
            }
            else
            {
                int count = dice.Next(Math.Min(model.Count, 600) + 1);
                count = dice.Next(100) == 0 ? model.Count : count;
                _tail.Consume(_pools, count);
                model.RemoveRange(0, count);
            }

            Assert.True(_tail.Bytes.SequenceEqual(model.ToArray()));
            Assert.Equal(model.Count == 0 ? 0 : 1, _pools.LentCount);
        }
    }
}
