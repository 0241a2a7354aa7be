using System;
using NativeProxy.Compression;
using NativeProxy.Http;

namespace NativeProxy.Exchanges;

/// <summary>
/// The body of one answer on its way through an encoder, if it goes through one. Owner: a <see cref="ResponsePath"/>, made when the first request
/// comes by a route that compresses, and used again; thread: the loop. Never sends.
/// </summary>
/// <param name="encoders">Of the worker.</param>
/// <param name="pieceBytesMax">Longest piece that goes on.</param>
internal sealed class ResponseEncoding(Encoders encoders, int pieceBytesMax)
{
    private readonly byte[] _lines = new byte[EncodedHead.LinesBytesMax];
    private GzipEncoder? _encoder;
    private bool _isTaken;

    /// <summary>The client has kept an answer whose tag is a weak one, as those of encoded answers are.</summary>
    private bool _hasWeakTag;

    /// <summary>The body goes through an encoder.</summary>
    public bool IsRunning => _encoder is not null;

    /// <summary>A request has come.</summary>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    public void BeginRequest(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        _isTaken = head.Version != HttpVersion.Http10 && AcceptedCodings.TakesGzip(bytes, head.Fields)
            && !AcceptedCodings.ForbidsTransform(bytes, head.Fields);
        int index = _isTaken ? head.Fields.FirstIndexOf(KnownHeader.IfNoneMatch) : -1;
        _hasWeakTag = index >= 0 && head.Fields[index].Value.Of(bytes).IndexOf("W/\""u8) >= 0;
    }

    /// <summary>Its answer has come: changes the head where that is called for, and says which lines are added.</summary>
    /// <param name="rule">Of the route.</param>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="isToHead">It answers HEAD.</param>
    /// <param name="first">What has come of the body.</param>
    public ReadOnlySpan<byte> BeginResponse(
        CompressionRule rule, ReadOnlySpan<byte> bytes, ResponseHead head, bool isToHead, scoped in BodyPiece first)
    {
        // A 304 says which tag and which Vary the 200 would have had (RFC 9110 section 15.4.5): those that the client has kept.
        CompressionUse use = head.StatusCode == 304 && _hasWeakTag
            ? CompressionUse.OfHead
            : rule.Judge(bytes, head, isToHead, _isTaken, wholeBytes: first.IsLast && !isToHead ? first.Data.Length : -1);
        if (use == CompressionUse.Encodes && (_encoder = encoders.TryLend()) is null)
            use = CompressionUse.Varies;
        return use == CompressionUse.None ? default : _lines.AsSpan(0, EncodedHead.Change(_lines, bytes, head, use));
    }

    /// <summary>Encodes a piece. It goes on in several where it has become too long for one.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="rest">What follows the one that is given; empty when nothing does.</param>
    public BodyPiece Encode(in BodyPiece piece, out ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> data = _encoder!.Encode(piece.Data, piece.IsLast);
        if (piece.IsLast)
            ReturnEncoder();
        int count = Math.Min(data.Length, pieceBytesMax);
        rest = data[count..];
        return Piece(data[..count], piece, isLast: piece.IsLast && rest.IsEmpty);
    }

    /// <summary>The next part of what has become too long.</summary>
    /// <param name="piece">The piece that was encoded.</param>
    /// <param name="rest">What is left; without the part that is given afterwards.</param>
    public BodyPiece TakeNext(in BodyPiece piece, ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> data = rest[..Math.Min(rest.Length, pieceBytesMax)];
        rest = rest[data.Length..];
        return Piece(data, piece, isLast: piece.IsLast && rest.IsEmpty);
    }

    /// <summary>The exchange is over, in whichever way.</summary>
    public void End()
    {
        ReturnEncoder();
        _isTaken = false;
        _hasWeakTag = false;
    }

    /// <summary>An answer that was encoded to its end may have to wait for its turn; its encoder serves others meanwhile.</summary>
    private void ReturnEncoder()
    {
        _encoder?.End();
        _encoder = null;
    }

    private static BodyPiece Piece(ReadOnlySpan<byte> data, in BodyPiece whole, bool isLast) =>
        new() { Data = data, IsLast = isLast, TrailerLines = isLast ? whole.TrailerLines : default };
}
