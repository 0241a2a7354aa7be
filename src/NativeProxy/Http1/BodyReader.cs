using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Takes the body of one message out of its HTTP/1 framing: bytes of the connection in, pieces of plain data, trailer fields and an end out.
/// Works on spans only: data is a piece of the input where that is possible. A mutable struct owned by who reads the message; never holds bytes.
/// </summary>
internal struct BodyReader
{
    private BodyKind _kind;
    private FieldNameMask _droppedTrailers;
    private bool _inTrailers;
    private long _leftBytes;
    private ChunkedDecoder _decoder;

    /// <summary>True once the last byte of the body was read.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Why the body is invalid, or None.</summary>
    public RejectReason Fault { get; private set; }

    /// <summary>True once a chunk size of a server had blanks behind it.</summary>
    public readonly bool HasPaddedSizes => _decoder.HasPaddedSizes;

    /// <param name="framing">How the body arrives.</param>
    /// <param name="droppedTrailers">Trailer fields that end here, besides those that none may forward.</param>
    /// <param name="decoder">For chunks of a server <see cref="ChunkedDecoder.OfServer"/>.</param>
    public void Begin(BodyFraming framing, FieldNameMask droppedTrailers = default, ChunkedDecoder decoder = default)
    {
        this = default;
        _decoder = decoder;
        _kind = framing.Kind;
        _leftBytes = framing.LengthBytes;
        _droppedTrailers = droppedTrailers;
        IsComplete = _kind == BodyKind.None || (_kind == BodyKind.Length && _leftBytes == 0);
    }

    /// <summary>
    /// Reads body bytes, at most <see cref="WireScratch.PieceBytesMax"/> at once. Returns how many bytes of the input belong to the body and are
    /// dealt with; the rest is behind the body (<see cref="IsComplete"/>), for the next call, or part of an unfinished trailer section, which must be
    /// given again with more.
    /// </summary>
    /// <param name="input">Bytes of the message from where the last call stopped.</param>
    /// <param name="scratch">Where data of several chunks is put together, and trailer fields.</param>
    /// <param name="piece">What has come, up to the <see cref="Fault"/> if there is one; valid until the scratch is used again.</param>
    public int Read(ReadOnlySpan<byte> input, WireScratch scratch, out BodyPiece piece)
    {
        input = input[..Math.Min(input.Length, scratch.PieceBytesMax)];
        switch (_kind)
        {
            case BodyKind.Length:
                int length = (int)Math.Min(_leftBytes, input.Length);
                _leftBytes -= length;
                IsComplete = _leftBytes == 0;
                piece = new BodyPiece { Data = input[..length], IsLast = IsComplete };
                return length;
            case BodyKind.Chunked:
                return ReadChunks(input, scratch, out piece);
            case BodyKind.UntilClose:
                piece = new BodyPiece { Data = input };
                return input.Length;
            default:
                piece = default;
                return 0;
        }
    }

    /// <summary>The sender has ended its side: that ends a body that is delimited by it. False when the body is cut short.</summary>
    public bool TryEnd() => IsComplete = IsComplete || _kind == BodyKind.UntilClose;

    private int ReadChunks(ReadOnlySpan<byte> input, WireScratch scratch, out BodyPiece piece)
    {
        int position = 0;
        ReadOnlySpan<byte> data = _inTrailers ? default : ReadData(input, scratch.Data, ref position);
        ReadOnlySpan<byte> trailerLines = default;
        if (_inTrailers && Fault == RejectReason.None)
            position += ReadTrailers(input[position..], scratch, out trailerLines);
        piece = new BodyPiece { Data = data, IsLast = IsComplete, TrailerLines = trailerLines };
        return position;
    }

    /// <summary>All data of the input: where one chunk has it all, a piece of the input, else put together.</summary>
    private ReadOnlySpan<byte> ReadData(ReadOnlySpan<byte> input, Span<byte> room, scoped ref int position)
    {
        ReadOnlySpan<byte> data = default;
        int gathered = 0;
        ChunkStep step;
        while ((step = _decoder.Read(input, ref position, out ByteRange range)) == ChunkStep.Data)
        {
            ReadOnlySpan<byte> chunk = range.Of(input);
            if (data.IsEmpty)
            {
                data = chunk;
                continue;
            }
            if (gathered == 0)
            {
                data.CopyTo(room);
                gathered = data.Length;
            }
            chunk.CopyTo(room[gathered..]);
            gathered += chunk.Length;
            data = room[..gathered];
        }
        if (step == ChunkStep.Rejected)
            Fault = _decoder.Reason;
        else if (step == ChunkStep.TrailerStart)
            _inTrailers = true;
        return data;
    }

    private int ReadTrailers(ReadOnlySpan<byte> input, WireScratch scratch, out ReadOnlySpan<byte> lines)
    {
        lines = default;
        ParseOutcome outcome = TrailerParser.Parse(input, WireScratch.TrailerBytesMax, scratch.Trailers);
        if (outcome.Status == ParseStatus.Rejected)
            Fault = outcome.Reason;
        if (outcome.Status != ParseStatus.Done)
            return 0;
        IsComplete = true;
        lines = WriteLines(input, scratch);
        return outcome.ConsumedBytes;
    }

    /// <summary>Room is always enough: canonical lines are never longer than those that came.</summary>
    private readonly ReadOnlySpan<byte> WriteLines(ReadOnlySpan<byte> input, WireScratch scratch)
    {
        HeaderTable trailers = scratch.Trailers;
        var writer = new HeadWriter(scratch.TrailerLines);
        for (int i = 0; i < trailers.Count; i++)
        {
            ref HeaderField field = ref trailers[i];
            ReadOnlySpan<byte> name = field.Name.Of(input);
            if (TrailerParser.MayForward(field.Known) && !_droppedTrailers.MayContain(name))
                writer.AppendField(name, field.Value.Of(input));
        }
        return writer.Written;
    }
}
