using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// One body through a <see cref="BodyReader"/> and a <see cref="BodyWriter"/>, its input cut into pieces; what the reader does not use is given again
/// with the next piece, as a connection does. A head can stand in front of the first piece.
/// </summary>
internal sealed class BodyRun
{
    /// <summary>Most that one read takes; more than any input that is given here at once, but for the tests of that bound.</summary>
    private const int PieceBytes = 64 * 1024;

    [ThreadStatic]
    private static WireScratch? t_scratch;

    private readonly WireScratch _scratch;
    private readonly BodyWriter _writer;
    private readonly List<byte> _output = [];
    private readonly List<byte> _data = [];
    private readonly List<byte> _trailers = [];
    private readonly byte[] _head;
    private BodyReader _reader;
    private bool _isHeadOut;

    private BodyRun(bool emitsChunks, byte[] head, WireScratch? scratch = null)
    {
        _writer = new BodyWriter(emitsChunks);
        _head = head;
        _scratch = scratch ?? (t_scratch ??= new WireScratch(requestHeadBytesMax: 1, requestFieldsMax: 1, PieceBytes));
    }

    public bool IsComplete => _reader.IsComplete;

    public RejectReason Fault => _reader.Fault;

    /// <summary>Content that came out.</summary>
    public long BodyBytes => _data.Count;

    public bool HasPaddedSizes => _reader.HasPaddedSizes;

    /// <summary>Input bytes that belong to the body.</summary>
    public int UsedBytes { get; private set; }

    /// <summary>How many pieces said that they were the last.</summary>
    public int LastPieces { get; private set; }

    /// <summary>What has left, framed.</summary>
    public byte[] Output => [.. _output];

    public string Text => Wire.Text(Output);

    /// <summary>Content and trailer lines as they were read.</summary>
    public (string Data, string TrailerLines) Meaning => (Wire.Text([.. _data]), Wire.Text([.. _trailers]));

    public static BodyRun Of(BodyFraming incoming, bool emitsChunks, ReadOnlySpan<byte> input, params int[] cuts) =>
        new BodyRun(emitsChunks, []).Begin(incoming, default, default, input, cuts);

    public static BodyRun Of(BodyFraming incoming, bool emitsChunks, string input, params int[] cuts) =>
        Of(incoming, emitsChunks, Wire.Bytes(input), cuts);

    /// <summary>As <see cref="Of(BodyFraming, bool, string, int[])"/>, with a head that leaves with the first piece.</summary>
    public static BodyRun WithHead(string head, BodyFraming incoming, bool emitsChunks, string input, params int[] cuts) =>
        new BodyRun(emitsChunks, Wire.Bytes(head)).Begin(incoming, default, default, Wire.Bytes(input), cuts);

    /// <summary>Chunks to chunks, without a trailer field of that name.</summary>
    public static BodyRun OfWithoutTrailer(string name, string input)
    {
        FieldNameMask dropped = default;
        dropped.Add(Wire.Bytes(name));
        return new BodyRun(emitsChunks: true, []).Begin(BodyFraming.Chunked, dropped, default, Wire.Bytes(input), []);
    }

    /// <summary>Chunks of a server.</summary>
    public static BodyRun OfServer(string input, params int[] cuts) =>
        new BodyRun(emitsChunks: true, []).Begin(BodyFraming.Chunked, default, ChunkedDecoder.OfServer, Wire.Bytes(input), cuts);

    /// <summary>With a scratch for pieces of that length.</summary>
    public static BodyRun InPiecesOf(int pieceBytesMax, BodyFraming incoming, bool emitsChunks, string input) =>
        new BodyRun(emitsChunks, [], new WireScratch(1, 1, pieceBytesMax)).Begin(incoming, default, default, Wire.Bytes(input), []);

    /// <summary>The sender closed.</summary>
    public bool TryEnd()
    {
        bool wasComplete = IsComplete;
        bool isWhole = _reader.TryEnd();
        if (isWhole && !wasComplete)
            Pass(BodyPiece.End);
        return isWhole;
    }

    /// <summary>The body inside the chunks of the output, found by a reading of its own; throws when they are not canonical.</summary>
    public (string Body, string Trailers) Unchunked()
    {
        string text = Text;
        var body = new System.Text.StringBuilder();
        for (int at = 0; ;)
        {
            int lineEnd = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            string size = text[at..lineEnd];
            int length = Convert.ToInt32(size, 16);
            if (size != length.ToString("x"))
                throw new InvalidOperationException($"size line \"{size}\" is not canonical");
            at = lineEnd + 2;
            if (length == 0)
                return (body.ToString(), text[at..]);
            body.Append(text, at, length);
            if (text.Substring(at + length, 2) != "\r\n")
                throw new InvalidOperationException("no line end behind a chunk");
            at += length + 2;
        }
    }

    private BodyRun Begin(BodyFraming incoming, FieldNameMask droppedTrailers, ChunkedDecoder decoder, ReadOnlySpan<byte> input, int[] cuts)
    {
        _reader.Begin(incoming, droppedTrailers, decoder);
        if (_reader.IsComplete)
            Pass(BodyPiece.End);
        foreach (int end in cuts.Append(input.Length))
        {
            for (int used = -1; used != 0 && !IsComplete && Fault == RejectReason.None && UsedBytes < end;)
                UsedBytes += used = Give(input[UsedBytes..end]);
        }
        return this;
    }

    private int Give(ReadOnlySpan<byte> input)
    {
        // A copy, so that a reading behind the input's end would be seen.
        int used = _reader.Read(input.ToArray(), _scratch, out BodyPiece piece);
        if (!piece.IsNothing)
            Pass(piece);
        return used;
    }

    private void Pass(in BodyPiece piece)
    {
        _data.AddRange(piece.Data);
        _trailers.AddRange(piece.TrailerLines);
        LastPieces += piece.IsLast ? 1 : 0;
        int headBytes = _isHeadOut ? 0 : _head.Length;
        _head.AsSpan(0, headBytes).CopyTo(_scratch.Head);
        _isHeadOut = true;
        _output.AddRange(_writer.Write(_scratch, headBytes, piece));
    }
}
