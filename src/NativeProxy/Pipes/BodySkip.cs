using System;
using System.Buffers;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Pipes;

/// <summary>
/// Finds the end of a body that nobody wants, as it comes out of a pipe: by its length, its chunks and trailers, or never (a body that ends
/// with the connection). One value per body; owner: whoever reads the pipe.
/// </summary>
internal sealed class BodySkip
{
    private const int TrailerBytesMax = 16 * 1024;

    private readonly HeaderTable _trailers = new(64);
    private readonly BodyKind _kind;
    private ChunkedDecoder _chunks;
    private long _leftBytes;

    /// <param name="framing">How the body is delimited; one that is not sound has no end but that of the connection.</param>
    public BodySkip(BodyFraming framing)
    {
        _kind = framing.Reason == RejectReason.None ? framing.Kind : BodyKind.UntilClose;
        _leftBytes = framing.LengthBytes;
        IsComplete = _kind == BodyKind.None || (_kind == BodyKind.Length && _leftBytes == 0);
    }

    /// <summary>The whole body has been seen.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The rest has no end that could be found.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Takes what has come. Returns how many bytes of it are used; those that are not must be there again, with more behind them.</summary>
    public long Take(in ReadOnlySequence<byte> bytes) => _kind switch
    {
        _ when IsComplete => 0,
        BodyKind.Length => TakeLength(bytes.Length),
        BodyKind.Chunked => TakeChunks(bytes),
        _ => bytes.Length,
    };

    private long TakeLength(long bytes)
    {
        long used = Math.Min(bytes, _leftBytes);
        _leftBytes -= used;
        IsComplete = _leftBytes == 0;
        return used;
    }

    private long TakeChunks(in ReadOnlySequence<byte> bytes)
    {
        long used = 0;
        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            if (_chunks.IsComplete)
                break;
            int position = 0;
            while (_chunks.Read(piece.Span, ref position, out _) is ChunkStep.Data)
            {
            }
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
