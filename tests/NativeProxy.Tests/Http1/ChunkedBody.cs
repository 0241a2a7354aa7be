using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Tests.Http1;

/// <summary>Runs a whole chunked body through the decoder, and through a naive reference for comparison.</summary>
internal sealed class ChunkedBody
{
    // The grammar of RFC 9112 section 7.1, written down once more and independently of the decoder.
    private const string Token = @"[!#$%&'*+\-.^_`|~0-9A-Za-z]+";
    private const string Quoted = "\"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*\"";
    private static readonly Regex SizeLine = new(
        $@"\G([0-9A-Fa-f]{{1,16}})((?:[ \t]*;[ \t]*{Token}(?:[ \t]*=[ \t]*(?:{Token}|{Quoted}))?)*)\r\n",
        RegexOptions.CultureInvariant);

    public List<byte> Data { get; } = [];

    /// <summary>NeedMore, TrailerStart or Rejected.</summary>
    public ChunkStep End { get; private set; }

    public RejectReason Reason { get; private set; }

    public bool HasPaddedSizes { get; private set; }

    /// <summary>Bytes up to the trailer section; counts only when the end was reached.</summary>
    public int ConsumedBytes { get; private set; }

    public string Text => Wire.Text(Data.ToArray());

    /// <param name="cuts">Where the input is split; none: all at once.</param>
    public static ChunkedBody Decode(ReadOnlySpan<byte> input, params int[] cuts) => Decode(default, input, cuts);

    /// <summary>The body of a response.</summary>
    public static ChunkedBody DecodeOfServer(ReadOnlySpan<byte> input, params int[] cuts) => Decode(ChunkedDecoder.OfServer, input, cuts);

    private static ChunkedBody Decode(ChunkedDecoder decoder, ReadOnlySpan<byte> input, int[] cuts)
    {
        ChunkedBody body = new();
        int start = 0;
        foreach (int cut in cuts.Append(input.Length))
        {
            int position = 0;
            body.Pump(ref decoder, input[start..cut], ref position);
            body.ConsumedBytes = start + position;
            if (body.End != ChunkStep.NeedMore)
                break;

            start = cut;
        }

        body.Reason = decoder.Reason;
        body.HasPaddedSizes = decoder.HasPaddedSizes;
        return body;
    }

    /// <summary>Line by line with a regular expression; knows no limits and gives no reasons.</summary>
    public static ChunkedBody DecodeNaively(byte[] input)
    {
        ChunkedBody body = new();
        string text = Wire.Text(input);
        int index = 0;
        while (true)
        {
            Match line = SizeLine.Match(text, index);
            if (!line.Success)
            {
                return body.Ended(ChunkStep.Rejected, index); // or NeedMore: a regular expression cannot tell
            }

            string digits = line.Groups[1].Value;
            if (digits.Length == 16 && digits[0] > '7')
                return body.Ended(ChunkStep.Rejected, index);

            long size = long.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            index += line.Length;
            if (size == 0)
                return body.Ended(ChunkStep.TrailerStart, index);

            int available = (int)Math.Min(size, text.Length - index);
            body.Data.AddRange(input.AsSpan(index, available));
            index += available;
            if (text.Length < index + 2 || text[index] != '\r' || text[index + 1] != '\n')
                return body.Ended(ChunkStep.Rejected, index);

            index += 2;
        }
    }

    private void Pump(ref ChunkedDecoder decoder, ReadOnlySpan<byte> input, ref int position)
    {
        while ((End = decoder.Read(input, ref position, out ByteRange data)) == ChunkStep.Data)
        {
            if (data.IsEmpty || data.End != position)
                throw new InvalidOperationException($"data {data} does not end at position {position}");

            Data.AddRange(data.Of(input));
        }
    }

    private ChunkedBody Ended(ChunkStep end, int consumedBytes)
    {
        End = end;
        ConsumedBytes = consumedBytes;
        return this;
    }
}
