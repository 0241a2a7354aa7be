using System.Diagnostics.CodeAnalysis;
using NativeProxy.Buffers;
using NativeProxy.Metrics;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The memory in which one worker keeps request bodies so that they can be sent again: all copies together, of all listeners, under one
/// bound. Thread: the loop. Says no instead of growing; whoever is told so goes on without a copy.
/// </summary>
internal sealed class ReplayBudget(BufferPools pools, LoopCounters counters)
{
    /// <summary>Most bytes of blocks lent at once. A reload may set it below what is lent: then nothing is lent until enough came back.</summary>
    public long BytesMax { get; set; }

    /// <summary>Capacities of the blocks that are lent.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>
    /// Lends a block for a piece of a body: a small one if the piece fits into it. False, and counted, when that would pass the bound.
    /// </summary>
    public bool TryLend(int bytes, [NotNullWhen(true)] out BufferBlock? block)
    {
        BufferPool pool = bytes <= BufferPools.SmallBlockBytes ? pools.Small : pools.Large;
        if (HeldBytes + pool.BlockBytes > BytesMax || !pool.TryLend(Borrower.ReplayCopy, out block))
        {
            block = null;
            counters.Add(CounterId.ReplayRefusals);
            return false;
        }
        Hold(block.CapacityBytes);
        return true;
    }

    public void Return(BufferBlock block)
    {
        Hold(-block.CapacityBytes);
        pools.Return(block);
    }

    /// <summary>A kept body is sent again.</summary>
    public void CountReplay() => counters.Add(CounterId.ReplayedBodies);

    private void Hold(int bytes)
    {
        HeldBytes += bytes;
        counters.Add(CounterId.ReplayBytesHeld, bytes);
    }
}
