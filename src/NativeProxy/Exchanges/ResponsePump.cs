using System;
using NativeProxy.Buffers;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Exchanges;

/// <summary>How far the response has come on its way to the client.</summary>
internal enum ResponsePumpState : byte
{
    /// <summary>No final response head yet.</summary>
    AwaitingHead,

    /// <summary>The head has been passed on; body bytes follow.</summary>
    Body,

    /// <summary>Everything has been passed on.</summary>
    Complete,

    /// <summary>The server switched protocols; bytes are no longer HTTP.</summary>
    Switched,
}

/// <summary>
/// Server to client: reads response heads, passes interim ones on, rebuilds the final one and relays its body, head and first body
/// bytes in one send. Owner: one <see cref="Exchange"/>; thread: the loop. Never touches the server connection: the exchange does.
/// </summary>
internal sealed class ResponsePump(Exchange exchange, BufferPools pools, SessionScratch scratch)
{
    /// <summary>Interim responses per exchange; a server that sends more is broken or hostile.</summary>
    private const int InterimResponsesMax = 64;

    private ByteTail _tail;
    private BodyRelay _body;
    private WithheldResponse _withheld = new();
    private int _interimCount;

    /// <summary>Of what was sent, or withheld, the heads.</summary>
    private int _headBytes;
    private bool _isOwnAnswer;
    private long _bodyBytesMax;
    private FieldNameMask _droppedTrailers;

    public ResponsePumpState State { get; private set; }

    /// <summary>Status passed on to the client; 0 before.</summary>
    public int StatusCode { get; private set; }

    /// <summary>True when any byte of an answer has come.</summary>
    public bool HasBytes { get; private set; }

    /// <summary>True when an interim response has come.</summary>
    public bool HasInterim => _interimCount > 0;

    /// <summary>
    /// Bytes that came behind the end of the response, all of them with the last delivery. They are the beginning of the next answer if another
    /// request is out on the connection; else it is poisoned.
    /// </summary>
    public int SurplusBytes { get; private set; }

    public bool HasSurplus => SurplusBytes > 0;

    /// <summary>The server keeps its connection open after this response.</summary>
    public bool ServerKeepsAlive { get; private set; }

    /// <summary>
    /// The response could have been meant otherwise than it was read: it has no body but announces one, which may still come, or says in two ways
    /// where it ends. Nothing else is then read from its connection.
    /// </summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>Bytes given to the client connection, or withheld until it is their turn.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Of these the content: not the heads, and not what frames the chunks of a body.</summary>
    public long SentBodyBytes =>
        Math.Clamp(SentBytes - _headBytes, 0, _isOwnAnswer || State == ResponsePumpState.Switched ? long.MaxValue : _body.BodyBytes);

    /// <summary>True while bytes wait for their turn or for the client to take what went before them.</summary>
    public bool HasWithheld => !_withheld.IsEmpty;

    /// <summary>True when so much is withheld that the server has to wait.</summary>
    public bool IsWithheldFull => _withheld.IsFull;

    /// <summary>True when there was no buffer to withhold the response in: it is lost.</summary>
    public bool IsLost { get; private set; }

    /// <summary>
    /// True when the client cannot tell the end of this body from a cut but by how the connection closes: what comes in chunks or
    /// until close goes to an HTTP/1.0 client without a frame.
    /// </summary>
    public bool IsCloseDelimited => _body.Kind is BodyKind.UntilClose or BodyKind.Chunked && exchange.ClientMinorVersion == 0;

    /// <summary>The rule that the server broke when its bytes were refused, or None.</summary>
    public RejectReason Fault { get; private set; }

    /// <summary>Body bytes read, without framing.</summary>
    public long BodyBytes => _body.BodyBytes;

    public void Begin(long bodyBytesMax)
    {
        _bodyBytesMax = bodyBytesMax;
        State = ResponsePumpState.AwaitingHead;
        StatusCode = 0;
        SentBytes = 0;
        _interimCount = _headBytes = 0;
        _isOwnAnswer = false;
        HasBytes = ServerKeepsAlive = IsDoubtful = IsLost = false;
        SurplusBytes = 0;
        Fault = RejectReason.None;
        _body = default;
    }

    /// <summary>Bytes of the server. None when all is well, else what is wrong with them.</summary>
    public ProxyError Feed(ReadOnlySpan<byte> bytes)
    {
        HasBytes = true;
        if (!_tail.IsEmpty)
        {
            if (!TryKeep(bytes))
                return ProxyError.ServerBadResponse;
            ProxyError tailError = Consume(_tail.Bytes, out int tailUsed);
            _tail.Consume(pools, tailUsed);
            return tailError;
        }
        ProxyError error = Consume(bytes, out int used);
        if (error == ProxyError.None && used < bytes.Length && !TryKeep(bytes[used..]))
            return ProxyError.ServerBadResponse;
        return error;
    }

    /// <summary>The server closed. None when that ends the response properly, else what is wrong.</summary>
    public ProxyError End()
    {
        if (State == ResponsePumpState.AwaitingHead)
            return HeadIsCut();
        if (!_body.TryEnd(out ReadOnlySpan<byte> output))
            return ProxyError.ServerTruncatedResponse;
        SendToClient(output);
        State = ResponsePumpState.Complete;
        return ProxyError.None;
    }

    /// <summary>The connection ended, in whichever way, before the head was whole. Returns what is wrong.</summary>
    public ProxyError HeadIsCut() => HasBytes ? Bad(RejectReason.IncompleteHead) : ProxyError.ServerClosedBeforeResponse;

    /// <summary>Tells the client of CONNECT that its tunnel is open: from here on bytes are no longer HTTP (RFC 9110 9.3.6).</summary>
    public void OpenTunnel()
    {
        StatusCode = 200;
        State = ResponsePumpState.Switched;
        exchange.ResponseHeadRead();
        SendHead("HTTP/1.1 200 Connection established\r\n\r\n"u8);
    }

    /// <summary>Bytes that a tunnel has given to the client connection.</summary>
    public void CountTunnelBytes(int bytes) => SentBytes += bytes;

    /// <summary>Gives an answer of the proxy's own.</summary>
    public void Answer(ProxyError error, RejectReason detail)
    {
        var reply = new OwnReply
        {
            Error = error,
            Detail = detail,
            CloseReason = exchange.CloseReason,
            IsToHead = exchange.Method == HttpMethod.Head,
            ClientMinorVersion = exchange.ClientMinorVersion,
            RequestsLeft = exchange.RequestsLeft,
        };
        SendOwn(reply.StatusCode, reply.Write(scratch, exchange.Date, exchange.AllowedMethods, exchange.Keepalive, exchange.Counters));
    }

    /// <summary>Answers a TRACE or OPTIONS request that may not be forwarded any more. False when the answer does not fit.</summary>
    public bool TryAnswerAsLast(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        var writer = new HeadWriter(scratch.Output);
        FinalRecipientReply.Write(ref writer, bytes, head, exchange.AllowedMethods, exchange.Keepalive, new OutgoingResponse
        {
            EmitsChunks = false,
            KeepsLength = false,
            CloseReason = exchange.CloseReason,
            ClientMinorVersion = exchange.ClientMinorVersion,
            RequestsLeft = exchange.RequestsLeft,
            Date = exchange.Date,
        });
        if (writer.Overflowed)
            return false;
        exchange.Counters.Add(CounterId.ResponsesByProxy);
        SendOwn(statusCode: 200, writer.Written);
        return true;
    }

    /// <summary>It is this response's turn: sends what was withheld. True when nothing of it is left.</summary>
    public bool FlushWithheld() => _withheld.Flush(pools, exchange.Client);

    /// <summary>How far the body was read, for somebody who reads on. False when it has not begun, or some of it was read and not used.</summary>
    public bool TryCopyBody(out BodyRelay body)
    {
        body = _body;
        return State == ResponsePumpState.Body && _tail.IsEmpty;
    }

    /// <summary>Takes back what was withheld; nothing of it was sent, so another answer may take its place.</summary>
    public void Withdraw()
    {
        DropWithheld();
        _headBytes = 0;
        IsLost = false;
        StatusCode = 0;
        State = ResponsePumpState.AwaitingHead;
    }

    /// <summary>What is withheld will never be sent.</summary>
    public void DropWithheld()
    {
        SentBytes -= _withheld.Bytes;
        _withheld.Release(pools);
    }

    public void Release()
    {
        _tail.Release(pools);
        _withheld.Release(pools);
    }

    private bool TryKeep(ReadOnlySpan<byte> bytes) =>
        _tail.TryAppend(pools, bytes, SessionScratch.ResponseHeadBytesMax + bytes.Length);

    private ProxyError Consume(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            int step;
            ProxyError error;
            if (State == ResponsePumpState.AwaitingHead)
            {
                error = ReadHead(rest, out step);
            }
            else if (State == ResponsePumpState.Body)
            {
                error = RelayBody(rest, 0, out step);
            }
            else
            {
                SurplusBytes += State == ResponsePumpState.Complete ? rest.Length : 0;
                if (State == ResponsePumpState.Switched)
                    SendToClient(rest);
                used = bytes.Length;
                return ProxyError.None;
            }
            used += step;
            if (error != ProxyError.None || step == 0)
                return error;
        }
        return ProxyError.None;
    }

    private ProxyError ReadHead(ReadOnlySpan<byte> bytes, out int used)
    {
        ResponseHead head = scratch.Response;
        ParseOutcome outcome = ResponseHeadParser.Parse(bytes, scratch.ResponseLimits, head);
        used = outcome.ConsumedBytes;
        if (outcome.Status != ParseStatus.Done)
            return outcome.Status == ParseStatus.NeedMore ? ProxyError.None : Bad(outcome.Reason);
        BodyFraming framing = MessageFraming.OfResponse(bytes, head, exchange.Method, exchange.Upgrade is not null);
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        if (framing.Reason != RejectReason.None || options.Reason != RejectReason.None)
            return Bad(framing.Reason != RejectReason.None ? framing.Reason : options.Reason);
        if (framing.Tolerated != ServerFault.None)
            CountTolerated(framing.Tolerated);
        if (ConnectionAuthentication.IsInResponse(bytes, head.Fields))
            exchange.PinServer();
        if (framing.Kind == BodyKind.Tunnel)
            return Switch(bytes, used);
        if (head.StatusCode < 200)
            return PassInterim(bytes, used);
        if (_bodyBytesMax > 0 && framing.LengthBytes > _bodyBytesMax)
            return ProxyError.ResponseBodyTooLarge;
        IsDoubtful = framing.Tolerated is ServerFault.LengthWithCoding or ServerFault.IdentityCoding || MessageFraming.MayBodyFollow(bytes, head);
        _droppedTrailers = exchange.DroppedTrailers(options.NamedFields);
        if (head.Fields.FirstIndexOf(KnownHeader.KeepAlive) is >= 0 and var index
            && KeepAliveField.TimeoutSeconds(head.Fields[index].Value.Of(bytes)) is >= 0 and var seconds)
        {
            exchange.Server?.IdleTimeoutAnnounced(seconds);
        }

        ServerKeepsAlive = !options.Close && (head.MinorVersion == 1 || options.KeepAlive) && framing.Kind != BodyKind.UntilClose;
        exchange.Caching.HeadRead(bytes[..used], head, framing, HasInterim);
        ProxyError error = PassHead(bytes[..used], framing, bytes[used..], out int bodyUsed);
        used += bodyUsed;
        return error;
    }

    /// <summary>What the server has sent is refused by this rule.</summary>
    private ProxyError Bad(RejectReason reason)
    {
        Fault = reason;
        return ProxyError.ServerBadResponse;
    }

    private void SendOwn(int statusCode, ReadOnlySpan<byte> answer)
    {
        StatusCode = statusCode;
        State = ResponsePumpState.Complete;
        _isOwnAnswer = true;
        _headBytes += answer.IndexOf("\r\n\r\n"u8) + 4;
        SendToClient(answer);
    }

    private ProxyError PassInterim(ReadOnlySpan<byte> bytes, int headEnd)
    {
        if (++_interimCount > InterimResponsesMax)
            return Bad(RejectReason.TooManyInterims);
        exchange.Counters.Add(CounterId.Responses1xx);
        if (exchange.ClientMinorVersion == 0)
            return ProxyError.None;
        var writer = new HeadWriter(scratch.Head);
        ResponseHeadWriter.WriteInterim(ref writer, bytes, scratch.Response, headEnd, exchange.StickyResponse);
        if (writer.Overflowed)
            return Bad(RejectReason.HeadTooLarge);
        SendHead(writer.Written);
        return ProxyError.None;
    }

    /// <summary>
    /// A protocol that nobody asked for must not be spoken, and none before the request has been sent whole (RFC 9110 7.8): what is left of its
    /// body would be taken for the other protocol.
    /// </summary>
    private ProxyError Switch(ReadOnlySpan<byte> bytes, int headEnd)
    {
        HeaderTable fields = scratch.Response.Fields;
        if (!exchange.RequestIsSent || fields.CountOf(KnownHeader.Upgrade) != 1
            || !AsciiBytes.EqualsIgnoreCase(fields[fields.FirstIndexOf(KnownHeader.Upgrade)].Value.Of(bytes), exchange.Upgrade))
        {
            return Bad(RejectReason.UnexpectedUpgrade);
        }

        StickyResponse sticky = exchange.StickyResponse;
        var writer = new HeadWriter(scratch.Head);
        ResponseHeadWriter.WriteSwitch(ref writer, bytes, scratch.Response, headEnd, sticky);
        if (writer.Overflowed)
            return Bad(RejectReason.HeadTooLarge);
        exchange.Sticky.ResponseLetter = sticky.LetterOf(bytes, fields);
        StatusCode = scratch.Response.StatusCode;
        State = ResponsePumpState.Switched;
        exchange.ResponseHeadRead();
        SendHead(writer.Written);
        return ProxyError.None;
    }

    /// <summary>Writes the head, lets the body follow in the same buffer as far as it is there, and sends both.</summary>
    private ProxyError PassHead(ReadOnlySpan<byte> head, BodyFraming framing, ReadOnlySpan<byte> rest, out int bodyUsed)
    {
        ResponseHead response = scratch.Response;
        bool isUnbounded = framing.Kind is BodyKind.Chunked or BodyKind.UntilClose;
        bool emitsChunks = isUnbounded && exchange.ClientMinorVersion == 1;
        StatusCode = response.StatusCode;
        if (StatusCode > 599)
            CountTolerated(ServerFault.StatusAbove599);
        CloseReason closeReason = exchange.DecideClose(StatusCode, endIsVisible: !isUnbounded || emitsChunks);
        StickyResponse sticky = exchange.StickyResponse;
        var writer = new HeadWriter(scratch.Head);
        ResponseHeadWriter.Write(ref writer, head, response, head.Length, exchange.Keepalive, new OutgoingResponse
        {
            EmitsChunks = emitsChunks,
            KeepsLength = !isUnbounded && StatusCode != 204 && framing.Tolerated != ServerFault.LengthWithCoding,
            CloseReason = closeReason,
            ClientMinorVersion = exchange.ClientMinorVersion,
            RequestsLeft = exchange.RequestsLeft,
            Via = exchange.ResponseVia,
            Sticky = sticky,
            Date = exchange.Date,
            Cached = exchange.Caching.Times,
        });
        bodyUsed = 0;
        if (writer.Overflowed)
            return Bad(RejectReason.HeadTooLarge);
        exchange.Sticky.ResponseLetter = sticky.LetterOf(head, response.Fields);
        _body.Begin(framing, emitsChunks, _droppedTrailers, ChunkedDecoder.OfServer);
        State = _body.IsComplete ? ResponsePumpState.Complete : ResponsePumpState.Body;
        exchange.ResponseHeadRead();
        if (_body.IsComplete || rest.IsEmpty)
        {
            SendHead(writer.Written);
            return ProxyError.None;
        }
        _headBytes += writer.WrittenBytes;
        return RelayBody(rest, writer.WrittenBytes, out bodyUsed);
    }

    /// <summary>Relays body bytes behind what already stands in the output (a head, or nothing).</summary>
    private ProxyError RelayBody(ReadOnlySpan<byte> bytes, int outputBytes, out int used)
    {
        Span<byte> free = scratch.Output.AsSpan(outputBytes);
        used = _body.Relay(bytes, free, scratch.Trailers, out ReadOnlySpan<byte> body);
        if (_body.Fault != RejectReason.None || (_bodyBytesMax > 0 && _body.BodyBytes > _bodyBytesMax))
        {
            SendToClient(scratch.Output.AsSpan(0, outputBytes));
            Fault = _body.Fault;
            return Fault != RejectReason.None ? ProxyError.ServerBadBody : ProxyError.ResponseBodyTooLarge;
        }
        exchange.Caching.BodyRead(bytes[..used]);
        if (outputBytes == 0)
        {
            SendToClient(body);
        }
        else
        {
            if (!body.Overlaps(free))
                body.CopyTo(free);
            SendToClient(scratch.Output.AsSpan(0, outputBytes + body.Length));
        }
        if (!_body.IsComplete)
            return ProxyError.None;
        State = ResponsePumpState.Complete;

        // What the cache keeps was counted when it came.
        if (_body.HasPaddedSizes && !exchange.Caching.IsHit)
            CountTolerated(ServerFault.PaddedChunkSize);
        return ProxyError.None;
    }

    private void SendHead(ReadOnlySpan<byte> head)
    {
        _headBytes += head.Length;
        SendToClient(head);
    }

    private void CountTolerated(ServerFault fault) => exchange.Counters.Add(fault switch
    {
        ServerFault.PaddedChunkSize => CounterId.ToleratedPaddedChunkSize,
        ServerFault.LengthWithCoding => CounterId.ToleratedLengthWithCoding,
        ServerFault.IdentityCoding => CounterId.ToleratedIdentityCoding,
        ServerFault.LengthOnSwitch => CounterId.ToleratedLengthOnSwitch,
        _ => CounterId.ToleratedStatusAbove599,
    });

    private void SendToClient(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        if (!exchange.IsFirstInLine || HasWithheld)
        {
            Withhold(bytes);
            return;
        }
        SentBytes += bytes.Length;
        SendResult result = exchange.HasReadAhead ? exchange.Client.SendSoon(bytes) : exchange.Client.Send(bytes);
        if (result == SendResult.Queued)
            exchange.ClientFellBehind();
    }

    private void Withhold(ReadOnlySpan<byte> bytes)
    {
        if (IsLost || !_withheld.TryAdd(pools, bytes))
        {
            IsLost = true;
            return;
        }
        SentBytes += bytes.Length;
        if (_withheld.IsFull)
            exchange.ServerMustWait();
    }
}
