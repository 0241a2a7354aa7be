using System;
using System.Collections.Generic;
using NativeProxy.Buffers;
using Xunit;

namespace NativeProxy.Tests.Buffers;

/// <summary>Lending and taking back: limits, order, accounts, and the two bugs that must always be caught.</summary>
public sealed class BufferPoolTests
{
    [Fact]
    public void PoolWithThreeBlocks_LendsThreeAndRefusesTheFourth()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 3);
        Lend(pool, 3);
        Assert.False(pool.TryLend(Borrower.LogText, out BufferBlock? none));
        Assert.Null(none);
        Assert.Equal(3, pool.LentCount);
        Assert.Equal(3 * 64, pool.SlabBytes);
    }

    [Fact]
    public void FullPool_LendsAgainAfterAReturn()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 2);
        List<BufferBlock> blocks = Lend(pool, 2);
        pool.Return(blocks[0]);
        Assert.True(pool.TryLend(Borrower.LogText, out BufferBlock? again));
        Assert.Same(blocks[0], again);
    }

    [Fact]
    public void LastReturnedBlock_IsLentFirst()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 10);
        List<BufferBlock> blocks = Lend(pool, 3);
        pool.Return(blocks[2]);
        pool.Return(blocks[0]);
        pool.Return(blocks[1]);
        Assert.Equal([blocks[1], blocks[0], blocks[2]], Lend(pool, 3));
    }

    [Fact]
    public void EmptyPool_NeverLends() => Assert.False(new BufferPool(blockBytes: 64, blocksMax: 0).TryLend(Borrower.LogText, out _));

    [Fact]
    public void BlockReturnedTwice_IsDetected()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 3);
        BufferBlock block = Lend(pool, 1)[0];
        pool.Return(block);
        Assert.Throws<InvalidOperationException>(() => pool.Return(block));
        Assert.Equal(0, pool.LentCount);
    }

    [Fact]
    public void BlockOfAnotherPool_IsRefused()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 3);
        BufferBlock stranger = Lend(new BufferPool(blockBytes: 64, blocksMax: 1), 1)[0];
        Assert.Throws<InvalidOperationException>(() => pool.Return(stranger));
    }

    [Fact]
    public void ManySlabs_GiveBlocksThatDoNotOverlap()
    {
        BufferPool pool = new(blockBytes: 16 * 1024, blocksMax: 200);
        List<BufferBlock> blocks = Lend(pool, 200);
        for (int i = 0; i < blocks.Count; i++)
            blocks[i].Span.Fill((byte)i);

        for (int i = 0; i < blocks.Count; i++)
        {
            Assert.Equal(16 * 1024, blocks[i].CapacityBytes);
            Assert.True(blocks[i].Span.IndexOfAnyExcept((byte)i) < 0);
        }

        Assert.Equal(200 * 16 * 1024, pool.SlabBytes);
    }

    [Fact]
    public void LentBlocks_AreCountedByBorrowerAndNamedAsLeaks()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 5);
        Assert.Null(pool.DescribeLeaks());
        pool.TryLend(Borrower.SendQueue, out BufferBlock? sent);
        pool.TryLend(Borrower.ReceiveTail, out BufferBlock? tail);
        pool.TryLend(Borrower.ReceiveTail, out _);
        Assert.Equal(2, pool.LentTo(Borrower.ReceiveTail));
        Assert.Equal("3 block(s) of 64 bytes still lent: ReceiveTail=2 SendQueue=1", pool.DescribeLeaks());
        pool.Return(sent!);
        pool.Return(tail!);
        Assert.Equal("1 block(s) of 64 bytes still lent: ReceiveTail=1", pool.DescribeLeaks());
    }

    [Fact]
    public void LendingAndReturning_AllocatesNothing()
    {
        BufferPool pool = new(blockBytes: 2048, blocksMax: 5);
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            Run();

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Run()
        {
            pool.TryLend(Borrower.LogText, out BufferBlock? block);
            pool.Return(block!);
        }
    }

#if DEBUG
    [Fact]
    public void ReturnedMemory_IsPoisonedInDebugBuilds()
    {
        BufferPool pool = new(blockBytes: 64, blocksMax: 1);
        BufferBlock block = Lend(pool, 1)[0];
        block.Span.Clear();
        pool.Return(block);
        Assert.Equal(0xDD, block.Span[0]);
    }
#endif

    [Fact]
    public void BigBlocks_KeepTheirBudgetAndGiveItBack()
    {
        BigBlockPool pool = new(bytesMax: 128 * 1024);
        Assert.True(pool.TryLend(Borrower.ReceiveTail, 40_000, out BufferBlock? first));
        Assert.Equal(64 * 1024, first.CapacityBytes);
        Assert.True(first.Span.Length >= 40_000);
        Assert.True(pool.TryLend(Borrower.ReceiveTail, 65_536, out _));
        Assert.False(pool.TryLend(Borrower.ReceiveTail, 17_000, out _));
        pool.Return(first);
        Assert.True(pool.TryLend(Borrower.ReceiveTail, 17_000, out _));
    }

    [Fact]
    public void BigBlockReturnedTwice_IsDetected()
    {
        BigBlockPool pool = new(bytesMax: 128 * 1024);
        pool.TryLend(Borrower.ReceiveTail, 40_000, out BufferBlock? block);
        pool.Return(block!);
        Assert.Throws<InvalidOperationException>(() => pool.Return(block!));
        Assert.Equal(0, pool.LentBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(64 << 20)]
    public void PoolsUnderABudget_NeverHoldMore(long bytesMax)
    {
        BufferPools pools = new(bytesMax);
        List<BufferBlock> lent = [];
        foreach (int bytes in new[] { 1, BufferPools.LargeBlockBytes, BufferPools.LargeBlockBytes + 1 })
        {
            while (pools.TryLend(Borrower.LogText, bytes, out BufferBlock? block))
                lent.Add(block);
        }

        Assert.True(pools.HeldBytes <= bytesMax);
        Assert.Equal(lent.Count == 0, pools.DescribeLeaks() is null);
        lent.ForEach(pools.Return);
        Assert.Equal(0, pools.LentCount);
        Assert.Null(pools.DescribeLeaks());
    }

    [Fact]
    public void LentBytes_AreCountedByPurposeOverAllSizes()
    {
        BufferPools pools = new(64 << 20);
        List<BufferBlock> lent = [];
        foreach (int bytes in new[] { 1, BufferPools.SmallBlockBytes + 1, BufferPools.LargeBlockBytes + 1 })
        {
            Assert.True(pools.TryLend(Borrower.ReceiveTail, bytes, out BufferBlock? block));
            lent.Add(block);
        }

        Assert.Equal(BufferPools.SmallBlockBytes + (3 * BufferPools.LargeBlockBytes), pools.LentBytesTo(Borrower.ReceiveTail));
        Assert.Equal(0, pools.LentBytesTo(Borrower.SendQueue));
        lent.ForEach(pools.Return);
        Assert.Equal(0, pools.LentBytesTo(Borrower.ReceiveTail));
    }

    [Fact]
    public void Fullness_IsThatOfTheFullerSize_AndSmallBlocksDoNotCount()
    {
        BufferPools pools = new(1 << 20);
        Assert.Equal(0, pools.LentPermille);
        List<BufferBlock> lent = [.. Lend(pools.Small, pools.Small.BlocksMax)];
        Assert.Equal(0, pools.LentPermille);
        lent.AddRange(Lend(pools.Large, 10));
        Assert.Equal(250, pools.LentPermille);
        Assert.True(pools.Big.TryLend(Borrower.LogText, 64 * 1024, out BufferBlock? big));
        Assert.Equal(500, pools.LentPermille);
        pools.Return(big);
        lent.AddRange(Lend(pools.Large, 30));
        Assert.Equal(1000, pools.LentPermille);
        lent.ForEach(pools.Return);
        Assert.Equal(0, new BufferPools(0).LentPermille);
    }

    private static List<BufferBlock> Lend(BufferPool pool, int count)
    {
        List<BufferBlock> blocks = [];
        for (int i = 0; i < count; i++)
        {
            Assert.True(pool.TryLend(Borrower.LogText, out BufferBlock? block));
            blocks.Add(block);
        }

        return blocks;
    }
}
