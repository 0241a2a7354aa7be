using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// A request as it means, kept so that it can be said to a server, and said again: method, target and fields, and behind them what has been sent
/// of its body, as data and not as frames. The head's block is always there (the request is not served without); what of the body does not fit
/// into the rest of it lies in blocks of the budget, trailer fields in one of their own. Owner: a <see cref="RequestPath"/>; thread: the loop. Never
/// sends and never decides.
/// </summary>
internal sealed class ReplayBuffer(BufferPools pools, ReplayBudget budget)
{
    private BufferBlock? _head;
    private BufferBlock? _last;
    private BufferBlock? _trailers;

    /// <summary>The block that <see cref="TryTakeNext"/> gives next; null when all were taken.</summary>
    private BufferBlock? _next;
    private int _wordBytes;
    private int _headBytes;
    private BodyLength _body;
    private bool _isOnlyOne;
    private bool _lacksHost;

    /// <summary>True while the copy is there and whole.</summary>
    public bool IsHeld => _head is not null;

    /// <summary>Bytes of the body that are kept, trailer fields included.</summary>
    public int BodyBytes { get; private set; }

    /// <summary>What is asked, valid while it is held.</summary>
    public RequestToServer Request => new(_head!.Span[.._headBytes], _wordBytes) { Body = _body, IsOnlyOne = _isOnlyOne, LacksHost = _lacksHost };

    /// <summary>Begins with a copy of the head. False when there is no block for it.</summary>
    public bool TryBegin(in RequestToServer request)
    {
        _wordBytes = request.WordBytes;
        _headBytes = request.Text.Length;
        _body = request.Body;
        _isOnlyOne = request.IsOnlyOne;
        _lacksHost = request.LacksHost;
        if (!pools.TryLend(Borrower.ReplayCopy, _headBytes, out _head))
            return false;
        request.Text.CopyTo(_head.Span);
        _head.FilledBytes = _headBytes;
        _last = _head;
        _next = null;
        BodyBytes = 0;
        return true;
    }

    /// <summary>
    /// Copies what follows of the body. False when more than <paramref name="bytesMax"/> of it would be kept, or the budget is used up: the
    /// copy is no longer whole then, and must be released.
    /// </summary>
    public bool TryKeep(in BodyPiece piece, int bytesMax)
    {
        int bytes = piece.Data.Length + piece.TrailerLines.Length;
        if (bytes > bytesMax - BodyBytes)
            return false;
        BodyBytes += bytes;
        return TryKeepData(piece.Data) && TryKeepTrailers(piece.TrailerLines);
    }

    /// <summary>From now on <see cref="TryTakeNext"/> gives the whole body again, from its first byte.</summary>
    public void Rewind()
    {
        Check.That(_head is not null, "a request is sent again that is not kept");
        _next = _head;
        if (BodyBytes > 0)
            budget.CountReplay();
    }

    /// <summary>The next piece to send. False when there is none.</summary>
    /// <param name="isWhole">The body is kept to its end, so that the last piece is the last of all.</param>
    /// <param name="piece">The piece; the first, and the last, may be empty.</param>
    public bool TryTakeNext(bool isWhole, out BodyPiece piece)
    {
        piece = default;
        if (_next is not { } block)
            return false;
        _next = block.Next;
        bool isLast = isWhole && _next is null;
        piece = new BodyPiece
        {
            Data = block.Span[(block == _head ? _headBytes : 0)..block.FilledBytes],
            IsLast = isLast,
            TrailerLines = isLast && _trailers is not null ? _trailers.Span[.._trailers.FilledBytes] : default,
        };
        return true;
    }

    /// <summary>Returns all blocks; harmless when nothing is held.</summary>
    public void Release()
    {
        if (_head is not { } head)
            return;
        BufferBlock? block = head.Next;
        if (_trailers is not null)
            budget.Return(_trailers);
        _head = _last = _next = _trailers = null;
        BodyBytes = 0;
        pools.Return(head);
        while (block is not null)
        {
            BufferBlock next = block;
            block = block.Next;
            budget.Return(next);
        }
    }

    private bool TryKeepData(ReadOnlySpan<byte> data)
    {
        while (true)
        {
            BufferBlock block = _last!;
            int count = Math.Min(data.Length, block.CapacityBytes - block.FilledBytes);
            data[..count].CopyTo(block.Span[block.FilledBytes..]);
            block.FilledBytes += count;
            data = data[count..];
            if (data.IsEmpty)
                return true;
            if (!budget.TryLend(data.Length, out BufferBlock? more))
                return false;
            block.Next = more;
            _last = more;
        }
    }

    private bool TryKeepTrailers(ReadOnlySpan<byte> lines)
    {
        if (lines.IsEmpty)
            return true;
        if (!budget.TryLend(lines.Length, out _trailers))
            return false;
        lines.CopyTo(_trailers.Span);
        _trailers.FilledBytes = lines.Length;
        return true;
    }
}
