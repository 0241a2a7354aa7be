using System;
using System.Buffers;
using System.Linq;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Pipes;
using Xunit;

namespace NativeProxy.Tests.Pipes;

public sealed class BodySkipTests
{
    /// <summary>The body ends at the bar, however it is split and in however many pieces it lies.</summary>
    [Theory]
    [InlineData("", "|next")]
    [InlineData("Content-Length: 0\r\n", "|next")]
    [InlineData("Content-Length: 3\r\n", "abc|next")]
    [InlineData("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n|next")]
    [InlineData("Transfer-Encoding: chunked\r\n", "1;x=\"y\"\r\na\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n|next")]
    public void Body_EndsWhereItsFramingSays(string fields, string body)
    {
        int end = body.IndexOf('|', StringComparison.Ordinal);
        byte[] bytes = Encoding.ASCII.GetBytes(body.Replace("|", "", StringComparison.Ordinal));
        string status = fields.Length == 0 ? "204 No Content" : "200 OK";
        for (int split = 0; split <= bytes.Length; split++)
        {
            BodySkip skip = SkipOf($"HTTP/1.1 {status}\r\n{fields}\r\n");
            long used = skip.Take(new ReadOnlySequence<byte>(bytes, 0, split));
            used += skip.Take(Pieces(bytes.AsMemory((int)used)));

            Assert.Equal((true, false, (long)end), (skip.IsComplete, skip.IsBroken, used));
        }
    }

    [Theory]
    [InlineData("Content-Length: 3\r\n", "ab", false)]
    [InlineData("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n", "zzz\r\n", true)]
    [InlineData("Transfer-Encoding: chunked\r\n", "0\r\nno trailer\r\n\r\n", true)]
    [InlineData("X: y\r\n", "ends with the connection", false)]
    public void Body_IsNotCompleteBeforeItsEnd(string fields, string body, bool isBroken)
    {
        BodySkip skip = SkipOf($"HTTP/1.1 200 OK\r\n{fields}\r\n");
        skip.Take(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(body)));

        Assert.Equal((false, isBroken), (skip.IsComplete, skip.IsBroken));
    }

    [Theory]
    [InlineData("Content-Length: 6\r\n", "abcdef", "abcd")]
    [InlineData("Content-Length: 2\r\n", "abnext", "ab")]
    [InlineData("Transfer-Encoding: chunked\r\n", "3;x=y\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", "abcd")]
    [InlineData("X: y\r\n", "abcdef", "abcd")]
    public void BeginningOfTheContent_IsKeptWhereSomebodyWantsIt(string fields, string body, string kept)
    {
        BodySkip skip = SkipOf($"HTTP/1.1 200 OK\r\n{fields}\r\n");
        skip.Keep(4);
        long used = 0;
        byte[] bytes = Encoding.ASCII.GetBytes(body);
        for (int end = 1; end <= bytes.Length; end++)
            used += skip.Take(Pieces(bytes.AsMemory((int)used, end - (int)used)));

        Assert.Equal((kept, kept.Length == 4), (Encoding.ASCII.GetString(skip.Kept.Span), skip.IsKeptFull));
    }

    private static BodySkip SkipOf(string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        var head = new ResponseHead(16);
        Assert.Equal(ParseStatus.Done, ResponseHeadParser.Parse(bytes, new HeadLimits(4096, 16, 4096), head).Status);
        return new BodySkip(MessageFraming.OfResponse(bytes, head, HttpMethod.Get, upgradeForwarded: false));
    }

    /// <summary>A sequence of one byte per piece.</summary>
    private static ReadOnlySequence<byte> Pieces(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            return ReadOnlySequence<byte>.Empty;
        Piece[] pieces = [.. Enumerable.Range(0, bytes.Length).Select(index => new Piece(bytes.Slice(index, 1), index))];
        for (int i = 1; i < pieces.Length; i++)
            pieces[i - 1].Link(pieces[i]);
        return new ReadOnlySequence<byte>(pieces[0], 0, pieces[^1], 1);
    }

    /// <summary>One byte of a sequence.</summary>
    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> bytes, int index) => (Memory, RunningIndex) = (bytes, index);

        public void Link(Piece next) => Next = next;
    }
}
