using System;
using System.Buffers;
using System.Buffers.Binary;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Recording;

/// <summary>
/// One direction of a recorded connection on its way into a record: finds heads and bodies in it, hides what is secret in the heads, and leaves the
/// bodies out unless they are wanted; the frames around them stay. What it cannot read it leaves out. Any thread, one at a time.
/// </summary>
/// <param name="isRequests">Requests go this way; else responses.</param>
/// <param name="talk">What both directions know.</param>
/// <param name="isUsed">Messages have gone this way before.</param>
/// <param name="redaction">What is hidden.</param>
/// <param name="hasBodies">Bodies are wanted.</param>
internal sealed class RecordedStream(bool isRequests, RecordedTalk talk, bool isUsed, Redaction redaction, bool hasBodies)
{
    private const int HeadBytesMax = WireScratch.ResponseHeadBytesMax;

    private static readonly HeadLimits Limits = new(HeadBytesMax, WireScratch.ResponseFieldsMax, HeadBytesMax, AllowsNonAsciiTarget: true);

    private readonly RequestHead _request = new(WireScratch.ResponseFieldsMax);
    private readonly ResponseHead _response = new(WireScratch.ResponseFieldsMax);
    private readonly ArrayBufferWriter<byte> _head = new(1024);
    private ChunkedDecoder _chunks;
    private State _state;
    private long _leftBytes;

    /// <summary>A head has been read, so that what is none may be what a body has too many.</summary>
    private bool _isUsed = isUsed;

    /// <summary>What comes next.</summary>
    private enum State
    {
        Head,
        Length,
        Chunks,
        Trailers,

        /// <summary>To the end of the connection, as one body: until it ends, a tunnel, or what no parser takes.</summary>
        Rest,
    }

    /// <summary>Writes entries for bytes that have come.</summary>
    /// <param name="entry">With them.</param>
    /// <param name="output">Takes them.</param>
    public void Take(in RecordEntry entry, ArrayBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> bytes = entry.Payload;
        while (!bytes.IsEmpty)
        {
            if (talk.IsOpaque || (talk.IsUncertain && isRequests && _state == State.Head))
                _state = State.Rest;
            int used = _state switch
            {
                State.Head or State.Trailers => TakeLines(entry, bytes, output),
                State.Chunks => TakeChunks(entry, bytes, output),
                State.Length => TakeBody(entry, bytes[..(int)Math.Min(_leftBytes, bytes.Length)], output),
                _ => TakeBody(entry, bytes, output),
            };
            bytes = bytes[used..];
        }
    }

    /// <summary>A head or trailers: given on at once, as far as they have come; their lines are told by all that has come of them.</summary>
    private int TakeLines(in RecordEntry entry, ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        int before = _head.WrittenCount;
        int part = Math.Min(bytes.Length, HeadBytesMax + 1 - before);
        _head.Write(bytes[..part]);
        ReadOnlySpan<byte> all = _head.WrittenSpan;

        // A head ends with a line, and shows at its beginning whether it is one.
        bool isAsked = before == 0 || bytes[..part].Contains((byte)'\n') || all.Length > HeadBytesMax;
        ParseOutcome outcome = isAsked ? Parse(all) : ParseOutcome.NeedMore;
        if (_isUsed && _state == State.Head && outcome.Status == ParseStatus.Rejected && BodyRest.MayBe(all, isOfServer: !isRequests))
        {
            _state = State.Rest;
            return 0;
        }
        bool isWhole = outcome.Status == ParseStatus.Done;
        int end = isWhole ? outcome.ConsumedBytes : outcome.Status == ParseStatus.NeedMore ? all.Length : EndOfBroken(all, before);
        byte[] copy = all[before..end].ToArray();
        redaction.HideInHead(all[..end], before, copy);
        if (copy.Length > 0)
            entry.With(RecordKind.Bytes, copy).WriteTo(output);
        if (outcome.Status != ParseStatus.NeedMore)
        {
            _isUsed = true;
            _state = isWhole ? Next(all) : State.Rest;
            _head.ResetWrittenCount();
        }
        return end - before;
    }

    private ParseOutcome Parse(ReadOnlySpan<byte> lines) => _state == State.Trailers
        ? TrailerParser.Parse(lines, WireScratch.TrailerBytesMax, _request.Fields)
        : isRequests ? RequestHeadParser.Parse(lines, Limits, _request) : ResponseHeadParser.Parse(lines, Limits, _response);

    /// <summary>Where the lines of a refused head end: behind the empty one, or where they have come to.</summary>
    private static int EndOfBroken(ReadOnlySpan<byte> all, int before) => Math.Max(before, Redaction.HeadBytesOf(all));

    /// <summary>What follows the head that was read.</summary>
    private State Next(ReadOnlySpan<byte> head)
    {
        if (_state == State.Trailers)
            return State.Head;
        BodyFraming framing = isRequests ? OfRequest(head) : OfResponse(head);
        if (framing.Reason != RejectReason.None)
            return State.Rest;
        _leftBytes = framing.LengthBytes;
        _chunks = isRequests ? default : ChunkedDecoder.OfServer;
        return framing.Kind switch
        {
            BodyKind.None => State.Head,
            BodyKind.Length => _leftBytes == 0 ? State.Head : State.Length,
            BodyKind.Chunked => State.Chunks,
            _ => State.Rest,
        };
    }

    private BodyFraming OfRequest(ReadOnlySpan<byte> head)
    {
        // Whoever sends CONNECT speaks HTTP again only when it is refused.
        bool isConnect = _request.MethodKind == HttpMethod.Connect;
        talk.Asked(_request.MethodKind, isConnect || _request.Fields.Contains(KnownHeader.Upgrade));
        return MessageFraming.OfRequest(head, _request);
    }

    private BodyFraming OfResponse(ReadOnlySpan<byte> head)
    {
        bool isInterim = _response.StatusCode is >= 100 and < 200 and not 101;
        HttpMethod method = isInterim ? HttpMethod.Get : talk.Answered();
        BodyFraming framing = MessageFraming.OfResponse(head, _response, method, upgradeForwarded: true);
        if (framing.Kind == BodyKind.Tunnel || (method == HttpMethod.Connect && _response.StatusCode is >= 200 and < 300))
            talk.Switched();
        return framing;
    }

    private int TakeBody(in RecordEntry entry, ReadOnlySpan<byte> body, ArrayBufferWriter<byte> output)
    {
        WriteBody(entry, body, output);
        if (_state == State.Length && (_leftBytes -= body.Length) == 0)
            _state = State.Head;
        return body.Length;
    }

    private int TakeChunks(in RecordEntry entry, ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output)
    {
        int position = 0;
        int written = 0;
        ChunkStep step;
        while ((step = _chunks.Read(bytes, ref position, out ByteRange data)) == ChunkStep.Data)
        {
            if (data.Start > written)
                entry.With(RecordKind.Bytes, bytes[written..data.Start]).WriteTo(output);
            WriteBody(entry, data.Of(bytes), output);
            written = data.End;
        }
        if (step == ChunkStep.Rejected)
        {
            // The byte at which it broke is a part of what can be shown.
            position = Math.Min(bytes.Length, position + 1);
            _state = State.Rest;
        }
        else if (step == ChunkStep.TrailerStart)
        {
            _state = State.Trailers;
        }
        if (position > written)
            entry.With(RecordKind.Bytes, bytes[written..position]).WriteTo(output);
        return position;
    }

    private void WriteBody(in RecordEntry entry, ReadOnlySpan<byte> body, ArrayBufferWriter<byte> output)
    {
        if (hasBodies)
        {
            entry.With(RecordKind.Bytes, body).WriteTo(output);
            return;
        }
        Span<byte> count = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(count, body.Length);
        entry.With(RecordKind.Gap, count).WriteTo(output);
    }
}
