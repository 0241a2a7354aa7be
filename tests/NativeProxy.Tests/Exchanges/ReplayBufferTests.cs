using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Buffers;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>What was kept comes out again byte for byte; the bounds hold; every block comes back.</summary>
[Trait("promise", "B12")]
public sealed class ReplayBufferTests
{
    private const int NoLimit = int.MaxValue;
    private const long Plenty = 1 << 20;

    private static readonly byte[] Head = "PUT / HTTP/1.1\r\n\r\n"u8.ToArray();

    private readonly BufferPools _pools = new(bytesMax: 4 << 20);
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly ReplayBudget _budget;
    private readonly ReplayBuffer _buffer;

    public ReplayBufferTests()
    {
        _budget = new ReplayBudget(_pools, _counters) { BytesMax = Plenty };
        _buffer = new ReplayBuffer(_pools, _budget);
    }

    [Fact]
    public void Head_IsKeptWithoutTheBudget()
    {
        _budget.BytesMax = 0;
        Assert.True(_buffer.TryBegin(Head));
        Assert.True(_buffer.IsHeld);
        Assert.Equal(Head, _buffer.Head.ToArray());
        Assert.Equal(1, _pools.Small.LentTo(Borrower.ReplayCopy));
        Assert.Equal(0, _budget.HeldBytes);
    }

    [Fact]
    public void Head_WithoutABlock_IsRefused()
    {
        var none = new BufferPools(bytesMax: 0);
        Assert.False(new ReplayBuffer(none, new ReplayBudget(none, _counters)).TryBegin(Head));
    }

    [Fact]
    public void SmallBody_LiesBehindTheHeadAndCostsNoBudget()
    {
        _budget.BytesMax = 0;
        _buffer.TryBegin(Head);
        Assert.True(_buffer.TryKeep(Bytes(BufferPools.SmallBlockBytes - Head.Length), NoLimit));
        Assert.Equal(1, _pools.LentCount);
        Assert.Equal(0, _counters.Read(CounterId.ReplayRefusals));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2_048)]
    [InlineData(5_000)]
    [InlineData(40_000)]
    public void Body_InAnyPieces_ComesOutAgainBehindTheHead_AsOftenAsWanted(int pieceBytes)
    {
        byte[] body = Bytes(40_000);
        _buffer.TryBegin(Head);
        foreach (byte[] piece in body.Chunk(pieceBytes))
            Assert.True(_buffer.TryKeep(piece, NoLimit));
        Assert.Equal(body.Length, _buffer.BodyBytes);
        byte[] whole = [.. Head, .. body];
        Assert.Equal(whole, TakeAll());
        Assert.Equal(whole, TakeAll());
        Assert.Equal(2, _counters.Read(CounterId.ReplayedBodies));
    }

    [Fact]
    public void HeadAlone_ComesOutAgain_AndIsNoReplayedBody()
    {
        _buffer.TryBegin(Head);
        Assert.Equal(Head, TakeAll());
        Assert.Equal(0, _counters.Read(CounterId.ReplayedBodies));
    }

    [Theory]
    [InlineData(100, 100, true)]
    [InlineData(100, 101, false)]
    [InlineData(0, 1, false)]
    public void Bound_HoldsForTheBodyToTheByte(int bytesMax, int bodyBytes, bool isKept)
    {
        _buffer.TryBegin(Head);
        Assert.Equal(isKept, _buffer.TryKeep(Bytes(bodyBytes), bytesMax));
        Assert.Equal(0, _counters.Read(CounterId.ReplayRefusals));
    }

    [Fact]
    public void Bound_HoldsForAllPiecesTogether()
    {
        _buffer.TryBegin(Head);
        Assert.True(_buffer.TryKeep(Bytes(60), bytesMax: 100));
        Assert.True(_buffer.TryKeep(Bytes(40), bytesMax: 100));
        Assert.False(_buffer.TryKeep(Bytes(1), bytesMax: 100));
    }

    [Fact]
    public void Budget_CountsWholeBlocks_AndRefusesTheOneThatWouldPassIt()
    {
        _budget.BytesMax = BufferPools.LargeBlockBytes + BufferPools.SmallBlockBytes;
        _buffer.TryBegin(Bytes(BufferPools.SmallBlockBytes));
        Assert.True(_buffer.TryKeep(Bytes(BufferPools.LargeBlockBytes), NoLimit));
        Assert.True(_buffer.TryKeep(Bytes(BufferPools.SmallBlockBytes), NoLimit));
        Assert.Equal(_budget.BytesMax, _budget.HeldBytes);
        Assert.Equal(_budget.BytesMax, _counters.Read(CounterId.ReplayBytesHeld));
        Assert.False(_buffer.TryKeep(Bytes(1), NoLimit));
        Assert.Equal(1, _counters.Read(CounterId.ReplayRefusals));
    }

    [Fact]
    public void Budget_IsSharedByAllCopies_AndFreeAgainWhenOneIsReleased()
    {
        _budget.BytesMax = BufferPools.LargeBlockBytes;
        var other = new ReplayBuffer(_pools, _budget);
        _buffer.TryBegin(Head);
        other.TryBegin(Head);
        Assert.True(_buffer.TryKeep(Bytes(5_000), NoLimit));
        Assert.False(other.TryKeep(Bytes(5_000), NoLimit));
        other.Release();
        _buffer.Release();
        other.TryBegin(Head);
        Assert.True(other.TryKeep(Bytes(5_000), NoLimit));
        other.Release();
    }

    [Fact]
    public void PoolsWithoutABlock_RefuseLikeAFullBudget()
    {
        _buffer.TryBegin(Head);
        var borrowed = new List<BufferBlock>();
        while (_pools.Large.TryLend(Borrower.LogText, out BufferBlock? block))
            borrowed.Add(block);
        Assert.False(_buffer.TryKeep(Bytes(10_000), NoLimit));
        Assert.Equal(1, _counters.Read(CounterId.ReplayRefusals));
        _buffer.Release();
        borrowed.ForEach(_pools.Return);
        Assert.Equal(0, _pools.LentCount);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(50_000)]
    [InlineData(500_000)]
    public void Release_ReturnsEverything_AlsoAfterARefusalInTheMiddle(int bodyBytes)
    {
        _budget.BytesMax = 100_000;
        _buffer.TryBegin(Head);
        Assert.Equal(bodyBytes < 500_000, _buffer.TryKeep(Bytes(bodyBytes), NoLimit));
        _buffer.Release();
        Assert.False(_buffer.IsHeld);
        Assert.Equal(0, _buffer.BodyBytes);
        Assert.Equal(0, _pools.LentCount);
        Assert.Equal(0, _budget.HeldBytes);
        Assert.Equal(0, _counters.Read(CounterId.ReplayBytesHeld));
        _buffer.Release();
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void BudgetSetBelowWhatIsLent_LendsNothingUntilEnoughCameBack()
    {
        var other = new ReplayBuffer(_pools, _budget);
        _buffer.TryBegin(Head);
        other.TryBegin(Head);
        Assert.True(_buffer.TryKeep(Bytes(30_000), NoLimit));
        _budget.BytesMax = BufferPools.LargeBlockBytes;
        Assert.False(other.TryKeep(Bytes(10_000), NoLimit));
        other.Release();
        _buffer.Release();
        _buffer.TryBegin(Head);
        Assert.True(_buffer.TryKeep(Bytes(10_000), NoLimit));
        _buffer.Release();
    }

    [Fact]
    public void SteadyUse_AllocatesNothing()
    {
        byte[] body = Bytes(40_000);
        void UseOnce()
        {
            _buffer.TryBegin(Head);
            _buffer.TryKeep(body, NoLimit);
            _buffer.Rewind();
            while (!_buffer.TakeNext().IsEmpty)
            {
            }
            _buffer.Release();
        }
        UseOnce();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            UseOnce();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private byte[] TakeAll()
    {
        var all = new List<byte>();
        _buffer.Rewind();
        for (ReadOnlySpan<byte> piece; !(piece = _buffer.TakeNext()).IsEmpty;)
            all.AddRange(piece.ToArray());
        return [.. all];
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(17).NextBytes(bytes);
        return bytes;
    }
}
