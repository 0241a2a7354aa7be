using System;
using System.Diagnostics.CodeAnalysis;
using NativeProxy.Buffers;
using NativeProxy.Metrics;

namespace NativeProxy.Caching;

/// <summary>
/// The memory of one cache under one bound: blocks of a pool of its own, so that a full cache is no shortage of buffers, and a fixed amount per
/// response for what lies around them. Thread: the loop. Says no instead of growing; never decides who has to go.
/// </summary>
internal sealed class CacheMemory(LoopCounters counters)
{
    public const int BlockBytes = 4 * 1024;

    /// <summary>What an entry costs besides its blocks: its object, those of its blocks, its place in the index.</summary>
    public const int EntryBytes = 256;

    private readonly BufferPool _pool = new(BlockBytes, blocksMax: 0);
    private long _bytesMax;

    /// <summary>Most bytes held at once. Set below what is held, nothing is given out until enough came back.</summary>
    public long BytesMax
    {
        get => _bytesMax;
        set
        {
            _bytesMax = value;
            _pool.BlocksMax = (int)Math.Min(value / BlockBytes, int.MaxValue);
        }
    }

    /// <summary>Capacities of the blocks given out, and what the entries cost.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Accounts for an entry. False when that would pass the bound.</summary>
    public bool TryTakeEntry()
    {
        if (HeldBytes + EntryBytes > BytesMax)
            return false;
        Hold(EntryBytes);
        return true;
    }

    public void ReturnEntry() => Hold(-EntryBytes);

    /// <summary>False when that would pass the bound.</summary>
    public bool TryLend([NotNullWhen(true)] out BufferBlock? block)
    {
        block = null;
        if (HeldBytes + BlockBytes > BytesMax || !_pool.TryLend(Borrower.CachedResponse, out block))
            return false;
        Hold(BlockBytes);
        return true;
    }

    public void Return(BufferBlock block)
    {
        Hold(-BlockBytes);
        _pool.Return(block);
    }

    private void Hold(int bytes)
    {
        HeldBytes += bytes;
        counters.Add(CounterId.CacheBytesHeld, bytes);
    }
}
