using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;

namespace NativeProxy.Tests.Exchanges;

/// <summary>
/// One body through a <see cref="BodyRelay"/>, its input cut into pieces; what the relay does not use is given again with the next
/// piece, as the pumps do. The scratch is as small as the contract allows.
/// </summary>
internal sealed class RelayRun
{
    private readonly HeaderTable _trailers = new(64);
    private readonly List<byte> _output = [];
    private BodyRelay _relay;

    private RelayRun()
    {
    }

    public bool IsComplete => _relay.IsComplete;

    public RejectReason Fault => _relay.Fault;

    public long BodyBytes => _relay.BodyBytes;

    /// <summary>Input bytes that belong to the body.</summary>
    public int UsedBytes { get; private set; }

    public byte[] Output => [.. _output];

    public string Text => Wire.Text(Output);

    public static RelayRun Of(BodyFraming incoming, bool emitsChunks, ReadOnlySpan<byte> input, params int[] cuts) =>
        Begin(incoming, emitsChunks, default, input, cuts);

    /// <summary>Chunks to chunks, without a trailer field of that name.</summary>
    public static RelayRun OfWithoutTrailer(string name, string input)
    {
        FieldNameMask dropped = default;
        dropped.Add(Wire.Bytes(name));
        return Begin(BodyFraming.Chunked, emitsChunks: true, dropped, Wire.Bytes(input), []);
    }

    private static RelayRun Begin(BodyFraming incoming, bool emitsChunks, FieldNameMask droppedTrailers, ReadOnlySpan<byte> input, int[] cuts)
    {
        var run = new RelayRun();
        run._relay.Begin(incoming, emitsChunks, droppedTrailers);
        foreach (int end in cuts.Append(input.Length))
        {
            if (run.IsComplete || run.Fault != RejectReason.None)
                break;
            run.Give(input[run.UsedBytes..end]);
        }
        return run;
    }

    public static RelayRun Of(BodyFraming incoming, bool emitsChunks, string input, params int[] cuts) =>
        Of(incoming, emitsChunks, Wire.Bytes(input), cuts);

    /// <summary>The sender closed.</summary>
    public bool TryEnd()
    {
        bool isWhole = _relay.TryEnd(out ReadOnlySpan<byte> output);
        _output.AddRange(output);
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

    private void Give(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
            return;
        byte[] copy = piece.ToArray();
        byte[] scratch = new byte[piece.Length + SessionScratch.TrailerBytesMax + 64];
        int used = _relay.Relay(copy, scratch, _trailers, out ReadOnlySpan<byte> output);
        UsedBytes += used;
        _output.AddRange(output);
    }
}
