using System;
using System.Diagnostics;

namespace NativeProxy.Buffers;

/// <summary>
/// Received bytes of one connection that could not be used yet. Holds nothing while empty, else one block: a small one, exchanged
/// for a larger as the bytes grow. Owner: the connection (a mutable struct: keep it in a field, never copy it); thread: loop only.
/// </summary>
internal struct ByteTail
{
    private BufferBlock? _block;
    private int _start;
    private int _length;

    public readonly bool IsEmpty => _length == 0;

    public readonly int Length => _length;

    /// <summary>The kept bytes, valid until the next call that changes the tail.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _block is null ? default : _block.Span.Slice(_start, _length);

    /// <summary>
    /// Copies bytes behind the kept ones. False, with nothing changed, when more than <paramref name="bytesMax"/> would be kept
    /// (then <c>Length + more.Length &gt; bytesMax</c>) or the pools have no block. <paramref name="more"/> must not be part of <see cref="Bytes"/>.
    /// </summary>
    public bool TryAppend(BufferPools pools, ReadOnlySpan<byte> more, int bytesMax)
    {
        if (more.Length > bytesMax - _length)
            return false;

        if (more.IsEmpty)
            return true;

        if (!TryMakeRoom(pools, more.Length))
            return false;

        more.CopyTo(_block!.Span[(_start + _length)..]);
        _length += more.Length;
        CheckOrder();
        return true;
    }

    /// <summary>Drops the first <paramref name="count"/> kept bytes; the block goes back when none is left.</summary>
    public void Consume(BufferPools pools, int count)
    {
        if ((uint)count > (uint)_length)
            throw new ArgumentOutOfRangeException(nameof(count), count, "more bytes consumed than kept");

        _start += count;
        _length -= count;
        if (_length == 0)
            Release(pools);

        CheckOrder();
    }

    /// <summary>Drops everything and returns the block; harmless on an empty tail.</summary>
    public void Release(BufferPools pools)
    {
        BufferBlock? block = _block;
        _block = null;
        _start = 0;
        _length = 0;
        if (block is not null)
            pools.Return(block);
    }

    private bool TryMakeRoom(BufferPools pools, int moreBytes)
    {
        int neededBytes = _length + moreBytes;
        BufferBlock? old = _block;
        if (old is not null && neededBytes <= old.CapacityBytes)
        {
            if (_start + neededBytes > old.CapacityBytes)
            {
                old.Span.Slice(_start, _length).CopyTo(old.Span);
                _start = 0;
            }

            return true;
        }

        if (!pools.TryLend(Borrower.ReceiveTail, neededBytes, out BufferBlock? larger))
            return false;

        if (old is not null)
        {
            old.Span.Slice(_start, _length).CopyTo(larger.Span);
            pools.Return(old);
        }

        _block = larger;
        _start = 0;
        return true;
    }

    [Conditional("DEBUG")]
    private readonly void CheckOrder()
    {
        Debug.Assert(_start >= 0 && _length >= 0 && _start + _length <= (_block?.CapacityBytes ?? 0), "cursor order of the tail");
        Debug.Assert((_block is null) == (_length == 0), "a block is held exactly when bytes are kept");
    }
}
