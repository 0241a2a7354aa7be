using System;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// Carries one body from its incoming framing to its outgoing one: counts lengths, takes chunks apart, puts bytes into canonical
/// chunks of its own (one per call, extensions dropped). Works on spans only: what to send is either a piece of the input or written
/// to the scratch it is given. A mutable struct owned by one pump; never sends, never holds bytes.
/// </summary>
internal struct BodyRelay
{
    private BodyKind _kind;
    private bool _emitsChunks;
    private FieldNameMask _droppedTrailers;
    private bool _inTrailers;
    private long _leftBytes;
    private ChunkedDecoder _decoder;

    /// <summary>True once the last byte of the incoming body was read.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Why the body is invalid, or None.</summary>
    public RejectReason Fault { get; private set; }

    /// <summary>Body bytes so far, without framing.</summary>
    public long BodyBytes { get; private set; }

    /// <summary>True once a chunk size of a server had blanks behind it.</summary>
    public readonly bool HasPaddedSizes => _decoder.HasPaddedSizes;

    /// <summary>The framing on the incoming side.</summary>
    public readonly BodyKind Kind => _kind;

    /// <param name="incoming">How the body arrives.</param>
    /// <param name="emitsChunks">Whether it leaves in chunks; else as plain bytes.</param>
    /// <param name="droppedTrailers">Trailer fields that do not pass.</param>
    /// <param name="decoder">For chunks of a server <see cref="ChunkedDecoder.OfServer"/>.</param>
    public void Begin(BodyFraming incoming, bool emitsChunks, FieldNameMask droppedTrailers = default, ChunkedDecoder decoder = default)
    {
        this = default;
        _decoder = decoder;
        _kind = incoming.Kind;
        _leftBytes = incoming.LengthBytes;
        _emitsChunks = emitsChunks;
        _droppedTrailers = droppedTrailers;
        IsComplete = _kind == BodyKind.None || (_kind == BodyKind.Length && _leftBytes == 0);
    }

    /// <summary>
    /// Reads body bytes. Returns how many bytes of the input belong to the body and are dealt with; the rest is either behind the body
    /// (<see cref="IsComplete"/>) or part of an unfinished trailer section and must be given again with more.
    /// </summary>
    /// <param name="input">Bytes of the message from where the last call stopped.</param>
    /// <param name="scratch">At least <c>input.Length</c> plus the trailer limit plus 64 bytes.</param>
    /// <param name="trailers">Table for trailer fields.</param>
    /// <param name="output">What to send now; may be empty.</param>
    public int Relay(ReadOnlySpan<byte> input, Span<byte> scratch, HeaderTable trailers, out ReadOnlySpan<byte> output)
    {
        switch (_kind)
        {
            case BodyKind.Length:
                int length = (int)Math.Min(_leftBytes, input.Length);
                _leftBytes -= length;
                BodyBytes += length;
                IsComplete = _leftBytes == 0;
                output = input[..length];
                return length;
            case BodyKind.Chunked:
                return RelayChunks(input, scratch, trailers, out output);
            case BodyKind.UntilClose:
                BodyBytes += input.Length;
                output = _emitsChunks ? WriteChunk(input, scratch) : input;
                return input.Length;
            default:
                output = default;
                return 0;
        }
    }

    /// <summary>The sender closed: ends a body that is delimited by that. False when the body is cut short.</summary>
    public bool TryEnd(out ReadOnlySpan<byte> output)
    {
        output = default;
        if (IsComplete)
            return true;
        if (_kind != BodyKind.UntilClose)
            return false;
        IsComplete = true;
        if (_emitsChunks)
            output = "0\r\n\r\n"u8;
        return true;
    }

    private static ReadOnlySpan<byte> WriteChunk(ReadOnlySpan<byte> bytes, Span<byte> scratch)
    {
        if (bytes.IsEmpty)
            return default;
        var writer = new HeadWriter(scratch);
        writer.AppendHex(bytes.Length);
        writer.EndLine();
        writer.Append(bytes);
        writer.EndLine();
        return writer.Written;
    }

    private int RelayChunks(ReadOnlySpan<byte> input, Span<byte> scratch, HeaderTable trailers, out ReadOnlySpan<byte> output)
    {
        var writer = new HeadWriter(scratch);
        int position = 0;
        if (!_inTrailers)
            position = CopyData(input, ref writer);
        if (_inTrailers && Fault == RejectReason.None)
            position += ReadTrailers(input[position..], trailers, ref writer);
        output = writer.Written;
        return position;
    }

    /// <summary>Writes all data of the input as one chunk; the size is found by a dry run on a copy of the decoder.</summary>
    private int CopyData(ReadOnlySpan<byte> input, ref HeadWriter writer)
    {
        long dataBytes = CountData(input);
        if (dataBytes > 0 && _emitsChunks)
        {
            writer.AppendHex(dataBytes);
            writer.EndLine();
        }
        int position = 0;
        ChunkStep step;
        while ((step = _decoder.Read(input, ref position, out ByteRange data)) == ChunkStep.Data)
            writer.Append(data.Of(input));
        if (dataBytes > 0 && _emitsChunks)
            writer.EndLine();
        BodyBytes += dataBytes;
        if (step == ChunkStep.Rejected)
            Fault = _decoder.Reason;
        else if (step == ChunkStep.TrailerStart)
            _inTrailers = true;
        return position;
    }

    private readonly long CountData(ReadOnlySpan<byte> input)
    {
        ChunkedDecoder dryRun = _decoder;
        int position = 0;
        long dataBytes = 0;
        while (dryRun.Read(input, ref position, out ByteRange data) == ChunkStep.Data)
            dataBytes += data.Length;
        return dataBytes;
    }

    private int ReadTrailers(ReadOnlySpan<byte> input, HeaderTable trailers, ref HeadWriter writer)
    {
        ParseOutcome outcome = TrailerParser.Parse(input, SessionScratch.TrailerBytesMax, trailers);
        switch (outcome.Status)
        {
            case ParseStatus.Done:
                IsComplete = true;
                if (_emitsChunks)
                    WriteEnd(input, trailers, ref writer);
                return outcome.ConsumedBytes;
            case ParseStatus.Rejected:
                Fault = outcome.Reason;
                return 0;
            default:
                return 0;
        }
    }

    private readonly void WriteEnd(ReadOnlySpan<byte> input, HeaderTable trailers, ref HeadWriter writer)
    {
        writer.Append("0\r\n"u8);
        for (int i = 0; i < trailers.Count; i++)
        {
            ref HeaderField field = ref trailers[i];
            ReadOnlySpan<byte> name = field.Name.Of(input);
            if (TrailerParser.MayForward(field.Known) && !_droppedTrailers.MayContain(name))
                writer.AppendField(name, field.Value.Of(input));
        }
        writer.EndLine();
    }
}
