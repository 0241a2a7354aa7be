using System;
using System.Diagnostics;

namespace NativeProxy.Buffers;

/// <summary>
/// Received bytes of one connection that could not be used yet. Holds nothing while empty, else one block: a small one, exchanged
/// for a larger as the bytes grow. Owner: the connection (a mutable struct: keep it in a field, never copy it); thread: loop only.
/// </summary>
internal struct ByteTail
{
    /// <summary>Null exactly while nothing is kept; its cursors say which part of it is. One word, because every idle connection has it.</summary>
    private BufferBlock? _block;

    public readonly bool IsEmpty => _block is null;

    public readonly int Length => _block is null ? 0 : _block.FilledBytes - _block.SentBytes;

    /// <summary>The kept bytes, valid until the next call that changes the tail.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _block is null ? default : _block.Span[_block.SentBytes.._block.FilledBytes];

    /// <summary>
    /// Copies bytes behind the kept ones. False, with nothing changed, when more than <paramref name="bytesMax"/> would be kept
    /// (then <c>Length + more.Length &gt; bytesMax</c>) or the pools have no block. <paramref name="more"/> must not be part of <see cref="Bytes"/>.
    /// </summary>
    public bool TryAppend(BufferPools pools, ReadOnlySpan<byte> more, int bytesMax)
    {
        if (more.Length > bytesMax - Length)
            return false;

        if (more.IsEmpty)
            return true;

        if (!TryMakeRoom(pools, more.Length))
            return false;

        more.CopyTo(_block!.Span[_block.FilledBytes..]);
        _block.FilledBytes += more.Length;
        CheckOrder();
        return true;
    }

    /// <summary>Drops the first <paramref name="count"/> kept bytes; the block goes back when none is left.</summary>
    public void Consume(BufferPools pools, int count)
    {
        if ((uint)count > (uint)Length)
            throw new ArgumentOutOfRangeException(nameof(count), count, "more bytes consumed than kept");

        if (_block is null)
            return;

        _block.SentBytes += count;
        if (_block.SentBytes == _block.FilledBytes)
            Release(pools);

        CheckOrder();
    }

    /// <summary>Drops everything and returns the block; harmless on an empty tail.</summary>
    public void Release(BufferPools pools)
    {
        BufferBlock? block = _block;
        _block = null;
        if (block is not null)
            pools.Return(block);
    }

    private bool TryMakeRoom(BufferPools pools, int moreBytes)
    {
        int neededBytes = Length + moreBytes;
        BufferBlock? old = _block;
        if (old is not null && neededBytes <= old.CapacityBytes)
        {
            if (old.SentBytes + neededBytes > old.CapacityBytes)
                MoveTo(old);

            return true;
        }

        if (!pools.TryLend(Borrower.ReceiveTail, neededBytes, out BufferBlock? larger))
            return false;

        if (old is not null)
        {
            MoveTo(larger);
            pools.Return(old);
        }

        _block = larger;
        return true;
    }

    /// <summary>The kept bytes go to the start of a block, perhaps the same one.</summary>
    private readonly void MoveTo(BufferBlock target)
    {
        ReadOnlySpan<byte> bytes = Bytes;
        bytes.CopyTo(target.Span);
        target.SentBytes = 0;
        target.FilledBytes = bytes.Length;
    }

    [Conditional("DEBUG")]
    private readonly void CheckOrder()
    {
        Debug.Assert(
            _block is null || (_block.SentBytes >= 0 && _block.SentBytes < _block.FilledBytes && _block.FilledBytes <= _block.CapacityBytes),
            "cursor order of the tail, and a block is held exactly when bytes are kept");
    }
}
