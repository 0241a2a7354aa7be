using System;
using System.Buffers;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Pipes;

/// <summary>
/// Finds the end of a body as it comes out of a pipe: by its length, its chunks and trailers, or never (a body that ends with the connection). Drops
/// it, but for the beginning that somebody wants kept. One value per body; owner: whoever reads the pipe.
/// </summary>
internal sealed class BodySkip
{
    private const int TrailerBytesMax = 16 * 1024;

    private readonly HeaderTable _trailers = new(64);
    private readonly BodyKind _kind;
    private ChunkedDecoder _chunks;
    private long _leftBytes;
    private readonly ArrayBufferWriter<byte> _kept = new();
    private int _keptBytesMax;

    /// <param name="framing">How the body is delimited; one that is not sound has no end but that of the connection.</param>
    public BodySkip(BodyFraming framing)
    {
        _kind = framing.Reason == RejectReason.None ? framing.Kind : BodyKind.UntilClose;
        _leftBytes = framing.LengthBytes;
        IsComplete = _kind == BodyKind.None || (_kind == BodyKind.Length && _leftBytes == 0);
    }

    /// <summary>The whole body has been seen.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The body says itself where it ends, other than by the end of the connection.</summary>
    public bool IsDelimited => _kind is BodyKind.Length or BodyKind.Chunked;

    /// <summary>The rest has no end that could be found.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The beginning of the content, as far as it was to be kept and has come.</summary>
    public ReadOnlyMemory<byte> Kept => _kept.WrittenMemory;

    /// <summary>As much has come as was to be kept.</summary>
    public bool IsKeptFull => Kept.Length == _keptBytesMax;

    /// <summary>Keeps the beginning of the content; before the first bytes of it are taken.</summary>
    public void Keep(int bytesMax) => _keptBytesMax = bytesMax;

    /// <summary>Takes what has come. Returns how many bytes of it are used; those that are not must be there again, with more behind them.</summary>
    public long Take(in ReadOnlySequence<byte> bytes) => _kind switch
    {
        _ when IsComplete => 0,
        BodyKind.Length => TakeLength(bytes),
        BodyKind.Chunked => TakeChunks(bytes),
        _ => TakeAll(bytes),
    };

    private long TakeLength(in ReadOnlySequence<byte> bytes)
    {
        long used = TakeAll(bytes.Slice(0, Math.Min(bytes.Length, _leftBytes)));
        _leftBytes -= used;
        IsComplete = _leftBytes == 0;
        return used;
    }

    private long TakeAll(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> piece in bytes)
            Keep(piece.Span);
        return bytes.Length;
    }

    private void Keep(ReadOnlySpan<byte> content)
    {
        int count = Math.Min(content.Length, _keptBytesMax - Kept.Length);
        if (count > 0)
            _kept.Write(content[..count]);
    }

    private long TakeChunks(in ReadOnlySequence<byte> bytes)
    {
        long used = 0;
        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            if (_chunks.IsComplete)
                break;
            int position = 0;
            while (_chunks.Read(piece.Span, ref position, out ByteRange data) is ChunkStep.Data)
                Keep(data.Of(piece.Span));
            used += position;
        }
        IsBroken = _chunks.Reason != RejectReason.None;
        return _chunks.IsComplete ? used + TakeTrailers(bytes.Slice(used)) : used;
    }

    private int TakeTrailers(in ReadOnlySequence<byte> bytes)
    {
        ParseOutcome outcome = TrailerParser.Parse(SequenceBytes.First(bytes, TrailerBytesMax), TrailerBytesMax, _trailers);
        IsComplete = outcome.Status == ParseStatus.Done;
        IsBroken = outcome.Status == ParseStatus.Rejected;
        return IsComplete ? outcome.ConsumedBytes : 0;
    }
}
