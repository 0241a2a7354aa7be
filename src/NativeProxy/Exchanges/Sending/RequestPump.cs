using System;
using NativeProxy.Buffers;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

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
/// Client to server: sends the outgoing head, relays the body behind it, and keeps a copy of both for as long as they may have to be sent
/// again. Owner: one exchange; thread: the loop. Never reads from a socket and never decides about retries.
/// </summary>
internal sealed class RequestPump(BufferPools pools, SessionScratch scratch, ReplayBudget budget)
{
    private readonly ReplayBuffer _copy = new(pools, budget);
    private BodyRelay _body;
    private UpstreamConnection? _server;
    private int _headBytes;
    private long _bodyBytesMax;
    private int _copyBytesMax;

    /// <summary>True while the policy might have what went out on the present connection sent again.</summary>
    private bool _keepsBody;

    /// <summary>True from the beginning of a replay until the present connection has got all that was sent before.</summary>
    private bool _isReplaying;

    public RequestPumpState State { get; private set; }

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool IsComplete => _body.IsComplete;

    /// <summary>True once the whole request has gone out on the present connection.</summary>
    public bool IsSent => _body.IsComplete && State == RequestPumpState.Sending && !_isReplaying;

    /// <summary>Why the body is invalid, or None.</summary>
    public RejectReason Fault => _body.Fault;

    /// <summary>Body bytes read, without framing.</summary>
    public long BodyBytes => _body.BodyBytes;

    /// <summary>True while everything that ever went out, and the head in any case, is kept, so that it can be sent again.</summary>
    public bool IsHeld => _copy.IsHeld;

    /// <summary>True when there is a body that may be kept.</summary>
    public bool HasBodyToKeep => _copyBytesMax > 0;

    /// <summary>True exactly when the first write of this try failed: the server cannot have seen any of it.</summary>
    public bool NothingWasSent { get; private set; }

    /// <summary>True while the server connection has more queued than it takes.</summary>
    public bool IsBlocked => _isReplaying || _server is { Tcp.HasQueuedBytes: true };

    /// <summary>True when the body is longer than allowed; what is too much was not sent.</summary>
    public bool IsTooLarge => _bodyBytesMax > 0 && _body.BodyBytes > _bodyBytesMax;

    /// <summary>Takes the outgoing head, which stands at the start of the scratch. False when there is no buffer to keep it in.</summary>
    /// <param name="headBytes">Length of the head.</param>
    /// <param name="framing">How the body arrives.</param>
    /// <param name="bodyBytesMax">Longest body; 0 = no limit.</param>
    /// <param name="copyBytesMax">Longest body that is kept, in its outgoing form.</param>
    /// <param name="droppedTrailers">Trailer fields that do not pass.</param>
    public bool TryBegin(int headBytes, BodyFraming framing, long bodyBytesMax, int copyBytesMax, FieldNameMask droppedTrailers)
    {
        _bodyBytesMax = bodyBytesMax;
        _body.Begin(framing, emitsChunks: framing.Kind == BodyKind.Chunked, droppedTrailers);
        State = RequestPumpState.Holding;
        _headBytes = headBytes;

        // What is known to be too long is not even begun to be copied.
        _copyBytesMax = _body.IsComplete || framing.LengthBytes > copyBytesMax ? 0 : copyBytesMax;
        return _copy.TryBegin(scratch.Output.AsSpan(0, headBytes));
    }

    /// <summary>Begins with a request without a body that goes to no server.</summary>
    public void BeginUnsent()
    {
        _body.Begin(BodyFraming.None, emitsChunks: false);
        State = RequestPumpState.Holding;
    }

    /// <summary>
    /// Sends the head, and as much of the body as is there, in one go; after a failed try, everything that had gone out before, and the
    /// body goes on behind it. Returns how many input bytes were used.
    /// </summary>
    /// <param name="server">An established connection.</param>
    /// <param name="headIsInScratch">The head still stands at the start of the scratch.</param>
    /// <param name="keepsBody">What goes out may have to go out again.</param>
    /// <param name="input">What has arrived behind the head, or behind what was read of the body.</param>
    /// <param name="mayWait">Another request will shortly follow on the same connection.</param>
    public int Start(UpstreamConnection server, bool headIsInScratch, bool keepsBody, ReadOnlySpan<byte> input, bool mayWait)
    {
        _server = server;
        _keepsBody = keepsBody;
        State = RequestPumpState.Sending;
        if (_copy.BodyBytes > 0)
            return StartAgain(input);
        Span<byte> output = scratch.Output;
        if (!headIsInScratch)
            _copy.Head.CopyTo(output);
        Span<byte> free = output[_headBytes..];
        int used = 0;
        int bodyBytes = 0;
        if (!input.IsEmpty && !_body.IsComplete)
        {
            used = _body.Relay(input, free, scratch.Trailers, out ReadOnlySpan<byte> body);
            if (!body.Overlaps(free))
                body.CopyTo(free);
            bodyBytes = body.Length;
        }
        ReadOnlySpan<byte> message = output[..(_headBytes + bodyBytes)];
        if (IsSound && (mayWait ? server.SendSoon(message) : server.Send(message)) == SendResult.Failed)
            FirstWriteFailed();
        if (bodyBytes > 0)
            Keep(free[..bodyBytes]);
        return used;
    }

    /// <summary>Relays body bytes. Returns how many were used: 0 while the server is not there or does not keep up.</summary>
    public int Feed(ReadOnlySpan<byte> input)
    {
        if (State == RequestPumpState.Holding || IsBlocked)
            return 0;
        int used = _body.Relay(input, scratch.Output, scratch.Trailers, out ReadOnlySpan<byte> output);
        if (output.IsEmpty)
            return used;

        // Also what a server takes no more: its successor may get it.
        Keep(output);
        if (State == RequestPumpState.Sending && IsSound && _server!.Send(output) == SendResult.Failed)
            Refuse();
        return used;
    }

    private bool IsSound => Fault == RejectReason.None && !IsTooLarge;

    /// <summary>The server takes bytes again: a replay goes on.</summary>
    public void ServerCaughtUp()
    {
        if (_isReplaying)
            Replay();
    }

    /// <summary>The answer has begun, so nothing will be sent again.</summary>
    public void AnswerHasBegun()
    {
        _keepsBody = false;
        if (!_isReplaying && State != RequestPumpState.Holding)
            _copy.Release();
    }

    /// <summary>The server takes no more of the request.</summary>
    public void Refuse()
    {
        State = RequestPumpState.Refused;
        _isReplaying = false;
    }

    /// <summary>The connection is gone; the request is held for another one.</summary>
    public void Detach()
    {
        _server = null;
        NothingWasSent = false;
        _isReplaying = false;
        State = RequestPumpState.Holding;
    }

    /// <summary>Returns everything; the pump can begin another request.</summary>
    public void Release()
    {
        _copy.Release();
        _server = null;
        NothingWasSent = false;
        _isReplaying = false;
        _body = default;
    }

    /// <summary>
    /// Sends what went out before, and the body behind it as far as the connection takes it. Returns how many input bytes were used.
    /// </summary>
    private int StartAgain(ReadOnlySpan<byte> input)
    {
        _copy.Rewind();
        _isReplaying = true;
        if (_server!.Send(_copy.TakeNext()) == SendResult.Failed)
            FirstWriteFailed();
        else
            Replay();
        return Feed(input);
    }

    /// <summary>Sends the kept pieces one after another until the connection has enough for the moment.</summary>
    private void Replay()
    {
        while (!_server!.Tcp!.HasQueuedBytes)
        {
            ReadOnlySpan<byte> piece = _copy.TakeNext();
            if (piece.IsEmpty)
            {
                _isReplaying = false;
                if (!_keepsBody)
                    _copy.Release();
                return;
            }
            if (_server.Send(piece) == SendResult.Failed)
            {
                Refuse();
                return;
            }
        }
    }

    /// <summary>Nothing has reached the server, unless the connection failed because what it did not take could not be queued.</summary>
    private void FirstWriteFailed()
    {
        NothingWasSent = !_server!.Tcp!.RanOutOfBuffers;
        Refuse();
    }

    /// <summary>Keeps a piece of the body that was taken from the client, or gives the copy up when it cannot be of use any more.</summary>
    private void Keep(ReadOnlySpan<byte> body)
    {
        if (!_copy.IsHeld || ((_keepsBody || NothingWasSent) && _copy.TryKeep(body, _copyBytesMax)))
            return;
        _copy.Release();
    }
}
