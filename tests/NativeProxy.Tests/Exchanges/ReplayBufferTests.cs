using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Buffers;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>What was kept comes out again byte for byte; the bounds hold; every block comes back.</summary>
[Trait("promise", "B12")]
public sealed class ReplayBufferTests
{
    private const int NoLimit = int.MaxValue;
    private const long Plenty = 1 << 20;

    private const string Words = "PUT /a?b";
    private const string Lines = "Host: a\r\nX: y\r\n";
    private const int HeadBytes = 24;

    private static readonly byte[] Text = Wire.Bytes(Words + Lines);

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
        Assert.True(TryBegin(_buffer));
        Assert.True(_buffer.IsHeld);
        RequestToServer request = _buffer.Request;
        Assert.Equal((Words, Lines), (Wire.Text(request.Words), Wire.Text(request.Lines)));
        Assert.Equal((BodyLength.Unknown, true), (request.Body, request.IsOnlyOne));
        Assert.Equal(1, _pools.Small.LentTo(Borrower.ReplayCopy));
        Assert.Equal(0, _budget.HeldBytes);
    }

    [Fact]
    public void Head_WithoutABlock_IsRefused()
    {
        var none = new BufferPools(bytesMax: 0);
        Assert.False(TryBegin(new ReplayBuffer(none, new ReplayBudget(none, _counters))));
    }

    [Fact]
    public void SmallBody_LiesBehindTheHeadAndCostsNoBudget()
    {
        _budget.BytesMax = 0;
        TryBegin(_buffer);
        Assert.True(TryKeep(_buffer, Bytes(BufferPools.SmallBlockBytes - HeadBytes), NoLimit));
        Assert.Equal(1, _pools.LentCount);
        Assert.Equal(0, _counters.Read(CounterId.ReplayRefusals));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2_048)]
    [InlineData(5_000)]
    [InlineData(40_000)]
    public void Body_InAnyPieces_ComesOutAgain_AsOftenAsWanted(int pieceBytes)
    {
        byte[] body = Bytes(40_000);
        TryBegin(_buffer);
        foreach (byte[] piece in body.Chunk(pieceBytes))
            Assert.True(TryKeep(_buffer, piece, NoLimit));
        Assert.Equal(body.Length, _buffer.BodyBytes);
        Assert.Equal(body, TakeAll());
        Assert.Equal(body, TakeAll());
        Assert.Equal(2, _counters.Read(CounterId.ReplayedBodies));
    }

    [Fact]
    public void HeadAlone_ComesOutAgain_AndIsNoReplayedBody()
    {
        TryBegin(_buffer);
        Assert.Empty(TakeAll());
        Assert.Equal(Words, Wire.Text(_buffer.Request.Words));
        Assert.Equal(0, _counters.Read(CounterId.ReplayedBodies));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(100, false)]
    [InlineData(40_000, false)]
    [InlineData(0, true)]
    [InlineData(100, true)]
    [InlineData(40_000, true)]
    public void LastPiece_IsTheLastOne_AndHasTheTrailers(int bodyBytes, bool hasTrailers)
    {
        byte[] body = Bytes(bodyBytes);
        byte[] lines = hasTrailers ? "A: b\r\nC: d\r\n"u8.ToArray() : [];
        TryBegin(_buffer);
        Assert.True(_buffer.TryKeep(new BodyPiece { Data = body, IsLast = true, TrailerLines = lines }, NoLimit));
        Assert.Equal(bodyBytes + lines.Length, _buffer.BodyBytes);
        for (int round = 0; round < 2; round++)
        {
            var all = new List<byte>();
            var trailers = new List<byte>();
            int lastPieces = 0;
            _buffer.Rewind();
            while (_buffer.TryTakeNext(isWhole: true, out BodyPiece piece))
            {
                Assert.Equal(0, lastPieces);
                lastPieces += piece.IsLast ? 1 : 0;
                all.AddRange(piece.Data);
                trailers.AddRange(piece.TrailerLines);
            }
            Assert.Equal(1, lastPieces);
            Assert.Equal(body, all);
            Assert.Equal(lines, trailers);
        }
        _buffer.Release();
        Assert.Equal((0, 0L), (_pools.LentCount, _budget.HeldBytes));
    }

    /// <summary>A second try may end before the client has sent everything: what it sends then goes behind what was kept.</summary>
    [Fact]
    public void UnfinishedBody_HasNoLastPiece_UntilItsEndIsKept()
    {
        TryBegin(_buffer);
        Assert.True(TryKeep(_buffer, Bytes(5_000), NoLimit));
        Assert.Equal(Bytes(5_000), TakeAll());
        Assert.True(_buffer.TryKeep(BodyPiece.End, NoLimit));
        _buffer.Rewind();
        bool wasLast = false;
        while (_buffer.TryTakeNext(isWhole: true, out BodyPiece piece))
            wasLast = piece.IsLast;
        Assert.True(wasLast);
    }

    [Fact]
    public void TrailersWithoutRoomInTheBudget_AreRefused_AndEverythingComesBack()
    {
        _budget.BytesMax = 0;
        TryBegin(_buffer);
        Assert.False(_buffer.TryKeep(new BodyPiece { Data = Bytes(10), IsLast = true, TrailerLines = "A: b\r\n"u8 }, NoLimit));
        Assert.Equal(1, _counters.Read(CounterId.ReplayRefusals));
        _buffer.Release();
        Assert.Equal((0, 0L), (_pools.LentCount, _budget.HeldBytes));
    }

    [Fact]
    public void TrailersCount_LikeTheBody()
    {
        TryBegin(_buffer);
        Assert.False(_buffer.TryKeep(new BodyPiece { Data = Bytes(10), IsLast = true, TrailerLines = "A: b\r\n"u8 }, bytesMax: 15));
        Assert.True(_buffer.TryKeep(new BodyPiece { Data = Bytes(10), IsLast = true, TrailerLines = "A: b\r\n"u8 }, bytesMax: 16));
    }

    [Theory]
    [InlineData(100, 100, true)]
    [InlineData(100, 101, false)]
    [InlineData(0, 1, false)]
    public void Bound_HoldsForTheBodyToTheByte(int bytesMax, int bodyBytes, bool isKept)
    {
        TryBegin(_buffer);
        Assert.Equal(isKept, TryKeep(_buffer, Bytes(bodyBytes), bytesMax));
        Assert.Equal(0, _counters.Read(CounterId.ReplayRefusals));
    }

    [Fact]
    public void Bound_HoldsForAllPiecesTogether()
    {
        TryBegin(_buffer);
        Assert.True(TryKeep(_buffer, Bytes(60), bytesMax: 100));
        Assert.True(TryKeep(_buffer, Bytes(40), bytesMax: 100));
        Assert.False(TryKeep(_buffer, Bytes(1), bytesMax: 100));
    }

    [Fact]
    public void Budget_CountsWholeBlocks_AndRefusesTheOneThatWouldPassIt()
    {
        _budget.BytesMax = BufferPools.LargeBlockBytes + BufferPools.SmallBlockBytes;
        TryBegin(_buffer, new string('x', BufferPools.SmallBlockBytes - Words.Length));
        Assert.True(TryKeep(_buffer, Bytes(BufferPools.LargeBlockBytes), NoLimit));
        Assert.True(TryKeep(_buffer, Bytes(BufferPools.SmallBlockBytes), NoLimit));
        Assert.Equal(_budget.BytesMax, _budget.HeldBytes);
        Assert.Equal(_budget.BytesMax, _counters.Read(CounterId.ReplayBytesHeld));
        Assert.False(TryKeep(_buffer, Bytes(1), NoLimit));
        Assert.Equal(1, _counters.Read(CounterId.ReplayRefusals));
    }

    [Fact]
    public void Budget_IsSharedByAllCopies_AndFreeAgainWhenOneIsReleased()
    {
        _budget.BytesMax = BufferPools.LargeBlockBytes;
        var other = new ReplayBuffer(_pools, _budget);
        TryBegin(_buffer);
        TryBegin(other);
        Assert.True(TryKeep(_buffer, Bytes(5_000), NoLimit));
        Assert.False(TryKeep(other, Bytes(5_000), NoLimit));
        other.Release();
        _buffer.Release();
        TryBegin(other);
        Assert.True(TryKeep(other, Bytes(5_000), NoLimit));
        other.Release();
    }

    [Fact]
    public void PoolsWithoutABlock_RefuseLikeAFullBudget()
    {
        TryBegin(_buffer);
        var borrowed = new List<BufferBlock>();
        while (_pools.Large.TryLend(Borrower.LogText, out BufferBlock? block))
            borrowed.Add(block);
        Assert.False(TryKeep(_buffer, Bytes(10_000), NoLimit));
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
        TryBegin(_buffer);
        Assert.Equal(bodyBytes < 500_000, TryKeep(_buffer, Bytes(bodyBytes), NoLimit));
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
        TryBegin(_buffer);
        TryBegin(other);
        Assert.True(TryKeep(_buffer, Bytes(30_000), NoLimit));
        _budget.BytesMax = BufferPools.LargeBlockBytes;
        Assert.False(TryKeep(other, Bytes(10_000), NoLimit));
        other.Release();
        _buffer.Release();
        TryBegin(_buffer);
        Assert.True(TryKeep(_buffer, Bytes(10_000), NoLimit));
        _buffer.Release();
    }

    [Fact]
    public void SteadyUse_AllocatesNothing()
    {
        byte[] body = Bytes(40_000);
        void UseOnce()
        {
            TryBegin(_buffer);
            TryKeep(_buffer, body, NoLimit);
            _buffer.Rewind();
            while (_buffer.TryTakeNext(isWhole: true, out _))
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

    private static bool TryBegin(ReplayBuffer buffer, string lines = Lines) => buffer.TryBegin(
        new RequestToServer(lines == Lines ? Text : Wire.Bytes(Words + lines), Words.Length)
        {
            Body = BodyLength.Unknown,
            IsOnlyOne = true,
        });

    private static bool TryKeep(ReplayBuffer buffer, ReadOnlySpan<byte> data, int bytesMax) =>
        buffer.TryKeep(new BodyPiece { Data = data }, bytesMax);

    private byte[] TakeAll()
    {
        var all = new List<byte>();
        _buffer.Rewind();
        while (_buffer.TryTakeNext(isWhole: false, out BodyPiece piece))
        {
            Assert.False(piece.IsLast);
            all.AddRange(piece.Data);
        }
        return [.. all];
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(17).NextBytes(bytes);
        return bytes;
    }
}
