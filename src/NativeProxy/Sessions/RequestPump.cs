using System;
using NativeProxy.Buffers;
using NativeProxy.Http1;
using NativeProxy.Transport;
using NativeProxy.Upstreams;

namespace NativeProxy.Sessions;

/// <summary>How far the request has come on its way to a server.</summary>
internal enum RequestPumpState : byte
{
    /// <summary>The outgoing head is kept; no server connection carries it yet.</summary>
    Holding,

    /// <summary>The head has gone out; body bytes follow as they come.</summary>
    Sending,

    /// <summary>The server takes no more: the rest of the body is read and thrown away.</summary>
    Refused,
}

/// <summary>
/// Client to server: keeps the outgoing head so that it can be sent again, sends it, and relays the body behind it.
/// Owner: one <see cref="Exchange"/>; thread: the loop. Never reads from a socket and never decides about retries.
/// </summary>
internal sealed class RequestPump(BufferPools pools, SessionScratch scratch)
{
    private BodyRelay _body;
    private BufferBlock? _head;
    private int _headBytes;
    private UpstreamConnection? _server;
    private long _bodyBytesMax;
    private bool _bodyHasBegun;

    public RequestPumpState State { get; private set; }

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool IsComplete => _body.IsComplete;

    /// <summary>Why the body is invalid, or None.</summary>
    public RejectReason Fault => _body.Fault;

    /// <summary>Body bytes read, without framing.</summary>
    public long BodyBytes => _body.BodyBytes;

    /// <summary>True while nothing of the body was passed on, not even the last chunk of an empty one, so that the kept head (and what follows) is the whole request.</summary>
    public bool IsHeld => _head is not null && !_bodyHasBegun;

    /// <summary>True exactly when the first write of this try failed: the server cannot have seen any of it.</summary>
    public bool NothingWasSent { get; private set; }

    /// <summary>True while the server connection has more queued than it takes.</summary>
    public bool IsBlocked => _server is { Tcp.HasQueuedBytes: true };

    /// <summary>True when the body is longer than allowed; what is too much was not sent.</summary>
    public bool IsTooLarge => _bodyBytesMax > 0 && _body.BodyBytes > _bodyBytesMax;

    /// <summary>Takes the outgoing head, which stands at the start of the scratch. False when there is no buffer to keep it in.</summary>
    public bool TryBegin(int headBytes, BodyFraming framing, long bodyBytesMax, FieldNameMask droppedTrailers)
    {
        _bodyBytesMax = bodyBytesMax;
        _body.Begin(framing, emitsChunks: framing.Kind == BodyKind.Chunked, droppedTrailers);
        State = RequestPumpState.Holding;
        _headBytes = headBytes;
        _bodyHasBegun = false;
        if (!pools.TryLend(Borrower.ReplayCopy, headBytes, out _head))
            return false;
        scratch.Output.AsSpan(0, headBytes).CopyTo(_head.Span);
        return true;
    }

    /// <summary>
    /// Sends the head, and as much of the body as is there, in one go. Returns how many input bytes were used.
    /// </summary>
    /// <param name="server">An established connection.</param>
    /// <param name="headIsInScratch">The head still stands at the start of the scratch.</param>
    /// <param name="input">What has arrived behind the head.</param>
    public int Start(UpstreamConnection server, bool headIsInScratch, ReadOnlySpan<byte> input)
    {
        _server = server;
        State = RequestPumpState.Sending;
        Span<byte> output = scratch.Output;
        if (!headIsInScratch)
            _head!.Span[.._headBytes].CopyTo(output);
        Span<byte> free = output[_headBytes..];
        int used = 0;
        int bodyBytes = 0;
        if (!input.IsEmpty && !_body.IsComplete)
        {
            used = _body.Relay(input, free, scratch.Trailers, out ReadOnlySpan<byte> body);
            if (!body.Overlaps(free))
                body.CopyTo(free);
            bodyBytes = body.Length;
            _bodyHasBegun |= bodyBytes > 0;
        }
        if (IsSound && server.Send(output[..(_headBytes + bodyBytes)]) is var result and (SendResult.Failed or SendResult.Cut))
        {
            NothingWasSent = result == SendResult.Failed;
            State = RequestPumpState.Refused;
        }
        return used;
    }

    /// <summary>Relays body bytes. Returns how many were used: 0 while the server is not there or does not keep up.</summary>
    public int Feed(ReadOnlySpan<byte> input)
    {
        if (State == RequestPumpState.Holding || IsBlocked)
            return 0;
        int used = _body.Relay(input, scratch.Output, scratch.Trailers, out ReadOnlySpan<byte> output);
        _bodyHasBegun |= !output.IsEmpty;
        if (State == RequestPumpState.Sending && IsSound && !output.IsEmpty && _server!.Send(output) is (SendResult.Failed or SendResult.Cut))
            Refuse();
        return used;
    }

    private bool IsSound => Fault == RejectReason.None && !IsTooLarge;

    /// <summary>The server takes no more of the request.</summary>
    public void Refuse() => State = RequestPumpState.Refused;

    /// <summary>The connection is gone; the request is held for another one.</summary>
    public void Detach()
    {
        _server = null;
        NothingWasSent = false;
        State = RequestPumpState.Holding;
    }

    /// <summary>Returns everything; the pump can begin another request.</summary>
    public void Release()
    {
        if (_head is not null)
            pools.Return(_head);
        _head = null;
        _server = null;
        NothingWasSent = false;
        _body = default;
    }
}
