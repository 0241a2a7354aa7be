using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// A request as it went out, kept so that it can go out again: its head, and behind it what has been sent of its body. The head's block is
/// always there (the request is not served without); what of the body does not fit into the rest of it lies in blocks of the budget.
/// Owner: a <see cref="RequestPump"/>; thread: the loop. Never sends and never decides.
/// </summary>
internal sealed class ReplayBuffer(BufferPools pools, ReplayBudget budget)
{
    private BufferBlock? _head;
    private BufferBlock? _last;

    /// <summary>The block that <see cref="TakeNext"/> gives next; null when all were taken.</summary>
    private BufferBlock? _next;
    private int _headBytes;

    /// <summary>True while the copy is there and whole.</summary>
    public bool IsHeld => _head is not null;

    /// <summary>Bytes of the body that are kept, in their outgoing form.</summary>
    public int BodyBytes { get; private set; }

    /// <summary>The outgoing head.</summary>
    public ReadOnlySpan<byte> Head => _head!.Span[.._headBytes];

    /// <summary>Begins with a copy of the head. False when there is no block for it.</summary>
    public bool TryBegin(ReadOnlySpan<byte> head)
    {
        if (!pools.TryLend(Borrower.ReplayCopy, head.Length, out _head))
            return false;
        head.CopyTo(_head.Span);
        _head.FilledBytes = _headBytes = head.Length;
        _last = _head;
        _next = null;
        BodyBytes = 0;
        return true;
    }

    /// <summary>
    /// Copies what follows of the body. False when more than <paramref name="bytesMax"/> of it would be kept, or the budget is used up: the
    /// copy is no longer whole then, and must be released.
    /// </summary>
    public bool TryKeep(ReadOnlySpan<byte> body, int bytesMax)
    {
        if (body.Length > bytesMax - BodyBytes)
            return false;
        BodyBytes += body.Length;
        while (true)
        {
            BufferBlock block = _last!;
            int count = Math.Min(body.Length, block.CapacityBytes - block.FilledBytes);
            body[..count].CopyTo(block.Span[block.FilledBytes..]);
            block.FilledBytes += count;
            body = body[count..];
            if (body.IsEmpty)
                return true;
            if (!budget.TryLend(body.Length, out BufferBlock? more))
                return false;
            block.Next = more;
            _last = more;
        }
    }

    /// <summary>From now on <see cref="TakeNext"/> gives the whole request again, from its first byte.</summary>
    public void Rewind()
    {
        Check.That(_head is not null, "a request is sent again that is not kept");
        _next = _head;
        if (BodyBytes > 0)
            budget.CountReplay();
    }

    /// <summary>The next piece to send; empty when there is none.</summary>
    public ReadOnlySpan<byte> TakeNext()
    {
        if (_next is not { } block)
            return default;
        _next = block.Next;
        return block.Span[..block.FilledBytes];
    }

    /// <summary>Returns all blocks; harmless when nothing is held.</summary>
    public void Release()
    {
        if (_head is not { } head)
            return;
        BufferBlock? block = head.Next;
        _head = _last = _next = null;
        BodyBytes = 0;
        pools.Return(head);
        while (block is not null)
        {
            BufferBlock next = block;
            block = block.Next;
            budget.Return(next);
        }
    }
}
