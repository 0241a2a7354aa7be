using System;
using NativeProxy.Buffers;
using NativeProxy.Http1;
using NativeProxy.Transport;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// What has come of a response whose turn has not come: an earlier request of the same client is still being answered. Bounded: from
/// <see cref="FullBytes"/> on the server is paused, so that little more than one further receive follows. Owner: one
/// <see cref="Http1ClientStream"/> (a mutable struct: keep it in a field, never copy it); thread: the loop.
/// </summary>
internal struct WithheldResponse
{
    /// <summary>From here on no more is wanted of the server.</summary>
    public const int FullBytes = 32 * 1024;

    /// <summary>One receive that the engine has begun already may follow, with the head or chunk frames around it.</summary>
    private const int BytesMax = FullBytes + EventLoop.ReceiveBytesMax + WireScratch.ResponseHeadBytesMax;

    private SendQueue _queue = new();

    public WithheldResponse()
    {
    }

    public readonly bool IsEmpty => _queue.IsEmpty;

    public readonly int Bytes => _queue.QueuedBytes;

    public readonly bool IsFull => _queue.QueuedBytes >= FullBytes;

    /// <summary>Copies bytes behind what is there. False, with nothing changed, when the pools have no block for them.</summary>
    public bool TryAdd(BufferPools pools, ReadOnlySpan<byte> bytes) => _queue.TryEnqueue(pools, bytes, BytesMax);

    /// <summary>Sends as much as the client takes at once. True when nothing is left.</summary>
    public bool Flush(BufferPools pools, TcpConnection client)
    {
        while (!_queue.IsEmpty && !client.HasQueuedBytes)
        {
            ReadOnlySpan<byte> block = _queue.First;
            if (client.Send(block) == SendResult.Failed)
            {
                _queue.Release(pools);
                return true;
            }
            _queue.Advance(pools, block.Length);
        }
        return _queue.IsEmpty;
    }

    /// <summary>Throws everything away.</summary>
    public void Release(BufferPools pools) => _queue.Release(pools);
}
