using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace NativeProxy.Buffers;

/// <summary>
/// Bytes accepted for one connection that its socket has not taken yet: a chain of blocks, first in first out, with partial progress.
/// Owner: the connection (a mutable struct: keep it in a field, never copy it); thread: loop only. Empty, it holds no block. It never touches a
/// socket.
/// </summary>
/// <remarks>Bytes behind the filled cursor may be appended while <see cref="FirstSegment"/> is being sent; <see cref="Release"/> must wait for that
/// send to end.</remarks>
internal struct SendQueue
{
    public SendQueue()
    {
    }

    private BufferBlock? _head;
    private BufferBlock? _tail;

    public readonly bool IsEmpty => QueuedBytes == 0;

    public int QueuedBytes { get; private set; }

    /// <summary>Unsent bytes of the first block; empty when the queue is.</summary>
    public readonly ReadOnlySpan<byte> First => _head is null ? default : _head.Span[_head.SentBytes.._head.FilledBytes];

    /// <summary>The same bytes as <see cref="First"/>, in pinned memory, in the shape SocketAsyncEventArgs.SetBuffer takes.</summary>
    public readonly (byte[] Array, int Offset, int Count) FirstSegment =>
        _head is null ? ([], 0, 0) : (_head.Array, _head.Offset + _head.SentBytes, _head.FilledBytes - _head.SentBytes);

    /// <summary>
    /// Copies all bytes or none: false when more than <paramref name="bytesMax"/> would be queued or the pools have too few blocks.
    /// </summary>
    public bool TryEnqueue(BufferPools pools, ReadOnlySpan<byte> bytes, int bytesMax)
    {
        if (bytes.Length > bytesMax - QueuedBytes)
            return false;

        int tailRoom = _tail is null ? 0 : Math.Min(bytes.Length, _tail.CapacityBytes - _tail.FilledBytes);
        if (!TryLendChain(pools, bytes.Length - tailRoom, out BufferBlock? chain))
            return false;

        QueuedBytes += bytes.Length;
        if (tailRoom > 0)
            Fill(_tail!, ref bytes);

        AppendChain(chain, bytes);
        return true;
    }

    /// <summary>
    /// Copies all bytes into one large block that is the whole queue, so that they go in one send; false when they do not fit behind what is
    /// there, or no block is to be had.
    /// </summary>
    public bool TryHold(BufferPools pools, ReadOnlySpan<byte> bytes)
    {
        if (_head is null && bytes.Length <= BufferPools.LargeBlockBytes && pools.Large.TryLend(Borrower.SendQueue, out BufferBlock? block))
            _head = _tail = block;
        if (_head is null || _head != _tail || bytes.Length > _head.CapacityBytes - _head.FilledBytes)
            return false;
        QueuedBytes += bytes.Length;
        Fill(_head, ref bytes);
        return true;
    }

    /// <summary>Drops bytes that the socket took; they may span several blocks. Wholly sent blocks go back.</summary>
    public void Advance(BufferPools pools, int sentBytes)
    {
        if ((uint)sentBytes > (uint)QueuedBytes)
            throw new ArgumentOutOfRangeException(nameof(sentBytes), sentBytes, "more bytes sent than queued");

        QueuedBytes -= sentBytes;
        while (_head is { } block)
        {
            int taken = Math.Min(sentBytes, block.FilledBytes - block.SentBytes);
            block.SentBytes += taken;
            sentBytes -= taken;
            CheckOrder(block);
            if (block.SentBytes < block.FilledBytes)
                return;

            DropHead(pools, block);
        }
    }

    /// <summary>Drops everything unsent and returns all blocks.</summary>
    public void Release(BufferPools pools)
    {
        QueuedBytes = 0;
        while (_head is { } block)
            DropHead(pools, block);
    }

    /// <summary>Lends blocks for <paramref name="bytes"/> before anything is copied, so that failing changes nothing.</summary>
    private static bool TryLendChain(BufferPools pools, int bytes, out BufferBlock? chain)
    {
        chain = null;
        BufferBlock? last = null;
        while (bytes > 0)
        {
            if (!TryLendOne(pools, bytes, out BufferBlock? block))
            {
                ReturnChain(pools, chain);
                chain = null;
                return false;
            }

            chain ??= block;
            if (last is not null)
                last.Next = block;

            last = block;
            bytes -= block.CapacityBytes;
        }

        return true;
    }

    /// <summary>A small block when the rest fits into it, else a large one; when that size is lent out, the other.</summary>
    private static bool TryLendOne(BufferPools pools, int bytes, [NotNullWhen(true)] out BufferBlock? block)
    {
        (BufferPool first, BufferPool second) = bytes <= BufferPools.SmallBlockBytes ? (pools.Small, pools.Large) : (pools.Large, pools.Small);
        return first.TryLend(Borrower.SendQueue, out block) || second.TryLend(Borrower.SendQueue, out block);
    }

    private static void ReturnChain(BufferPools pools, BufferBlock? chain)
    {
        while (chain is not null)
        {
            BufferBlock block = chain;
            chain = block.Next;
            pools.Return(block);
        }
    }

    private void AppendChain(BufferBlock? chain, ReadOnlySpan<byte> bytes)
    {
        while (chain is not null)
        {
            BufferBlock block = chain;
            chain = block.Next;
            block.Next = null;
            Fill(block, ref bytes);
            if (_tail is null)
                _head = block;
            else
                _tail.Next = block;

            _tail = block;
        }

        Debug.Assert(bytes.IsEmpty, "the chain was lent for all bytes");
    }

    private static void Fill(BufferBlock block, ref ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(bytes.Length, block.CapacityBytes - block.FilledBytes);
        bytes[..count].CopyTo(block.Span[block.FilledBytes..]);
        block.FilledBytes += count;
        bytes = bytes[count..];
        CheckOrder(block);
    }

    private void DropHead(BufferPools pools, BufferBlock block)
    {
        _head = block.Next;
        if (_head is null)
            _tail = null;

        pools.Return(block);
    }

    [Conditional("DEBUG")]
    private static void CheckOrder(BufferBlock block) =>
        Debug.Assert(0 <= block.SentBytes && block.SentBytes <= block.FilledBytes && block.FilledBytes <= block.CapacityBytes,
            "cursor order of a send block");
}
