using System;
using NativeProxy.Compression;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Compression;

public class CompressionRuleTests
{
    private static readonly CompressionRule Usual = new(new CompressionSettings { Algorithms = [CompressionKind.Gzip] });

    [Theory]
    [InlineData("Content-Type: text/html")]
    [InlineData("Content-Type: TEXT/plain; charset=utf-8")]
    [InlineData("Content-Type: application/json")]
    [InlineData("Content-Type: application/problem+json ;x")]
    [InlineData("Content-Type: image/svg+xml")]
    [InlineData("Content-Type: text/event-stream", "Content-Encoding: identity")]
    public void TextIsEncoded(params string[] lines)
    {
        Assert.Equal("Encodes", Judge(200, 2000, lines));
        Assert.Equal("Varies", Judge(200, 2000, lines, isTaken: false));
        Assert.Equal("OfHead", Judge(200, 2000, lines, isToHead: true));
    }

    [Theory]
    [InlineData("X: y")]
    [InlineData("Content-Type: image/png")]
    [InlineData("Content-Type: text/")]
    [InlineData("Content-Type: text")]
    [InlineData("Content-Type: text/html", "Content-Type: text/html")]
    [InlineData("Content-Type: text/html", "Content-Encoding: br")]
    [InlineData("Content-Type: text/html", "Content-Encoding: identity", "Content-Encoding: gzip")]
    [InlineData("Content-Type: text/html", "Cache-Control: no-transform")]
    [InlineData("Content-Type: text/html", "Content-Range: bytes 0-1/2")]
    public void AnythingElseIsLeftAlone(params string[] lines) => Assert.Equal("None", Judge(200, 2000, lines));

    [Theory]
    [InlineData(200, 1023, "None")]
    [InlineData(200, 1024, "Encodes")]
    [InlineData(200, -1, "Encodes")]
    [InlineData(404, 2000, "Encodes")]
    [InlineData(206, 2000, "None")]
    [InlineData(304, 2000, "None")]
    public void StatusAndLength_Count(int status, long bytes, string use) => Assert.Equal(use, Judge(status, bytes, ["Content-Type: text/html"]));

    [Fact]
    public void WholeBodyThatCameWithItsHead_IsMeasured()
    {
        Assert.Equal("None", Judge(200, -1, ["Content-Type: text/html"], wholeBytes: 1023));
        Assert.Equal("Encodes", Judge(200, -1, ["Content-Type: text/html"], wholeBytes: 1024));
    }

    [Theory]
    [InlineData("Content-Length: 1023", "None")]
    [InlineData("Content-Length: 1024", "OfHead")]
    [InlineData("X: y", "OfHead")]
    public void AnswerToHead_GoesByTheLengthThatItNames(string line, string use)
    {
        byte[] text = Read(200, out ResponseHead head, "Content-Type: text/html", line);
        head.Body = BodyLength.None;
        Assert.Equal(use, Usual.Judge(text, head, isToHead: true, isTaken: true, wholeBytes: -1).ToString());
    }

    [Fact]
    public void HeadOfAnEncodedBody_SaysNothingOfTheBytesThatCame()
    {
        byte[] bytes = Read(
            200, out ResponseHead head, "Content-Length: 5000", "ETag: \"abc\"", "Accept-Ranges: bytes", "Content-MD5: x", "Content-Digest: y",
            "Content-Encoding: identity", "X-Keep: 1");
        byte[] room = new byte[EncodedHead.LinesBytesMax];
        int count = EncodedHead.Change(room, bytes, head, CompressionUse.Encodes);
        Assert.Equal("Vary: Accept-Encoding\r\nETag: W/\"abc\"\r\nContent-Encoding: gzip\r\n", Wire.Text(room.AsSpan(0, count)));
        Assert.Equal((true, false), (head.Body.IsUnknown, head.PassesLength));
        for (int i = 0; i < head.Fields.Count; i++)
            Assert.Equal(Wire.Text(head.Fields[i].Name.Of(bytes)) is not ("X-Keep" or "Content-Length"), head.Fields[i].IsHopByHop);
    }

    [Theory]
    [InlineData("W/\"weak\"", "Vary: Accept-Encoding\r\n")]
    [InlineData("\"strong\"", "Vary: Accept-Encoding\r\nETag: W/\"strong\"\r\n")]
    public void HeadWithoutABody_HasTheSameTag(string tag, string lines)
    {
        byte[] bytes = Read(200, out ResponseHead head, $"ETag: {tag}");
        byte[] room = new byte[EncodedHead.LinesBytesMax];
        Assert.Equal(lines, Wire.Text(room.AsSpan(0, EncodedHead.Change(room, bytes, head, CompressionUse.OfHead))));
        Assert.False(head.PassesLength);
    }

    [Fact]
    public void SecondTag_IsDropped_SoThatTheCodingIsAlwaysSaid()
    {
        byte[] bytes = Read(200, out ResponseHead head, $"ETag: \"{new string('a', 200)}\"", $"ETag: \"{new string('b', 200)}\"");
        byte[] room = new byte[EncodedHead.LinesBytesMax];
        Assert.Equal(
            $"Vary: Accept-Encoding\r\nETag: W/\"{new string('a', 200)}\"\r\nContent-Encoding: gzip\r\n",
            Wire.Text(room.AsSpan(0, EncodedHead.Change(room, bytes, head, CompressionUse.Encodes))));
        Assert.True(head.Fields[1].IsHopByHop);
    }

    [Fact]
    public void OverlongTag_IsDropped_AndTheLinesFit()
    {
        byte[] bytes = Read(200, out ResponseHead head, $"ETag: \"{new string('a', 254)}\"");
        byte[] room = new byte[EncodedHead.LinesBytesMax];
        Assert.InRange(EncodedHead.Change(room, bytes, head, CompressionUse.Encodes), 256, EncodedHead.LinesBytesMax);
        bytes = Read(200, out head, $"ETag: \"{new string('a', 3000)}\"");
        Assert.Equal(
            "Vary: Accept-Encoding\r\nContent-Encoding: gzip\r\n",
            Wire.Text(room.AsSpan(0, EncodedHead.Change(room, bytes, head, CompressionUse.Encodes))));
        Assert.True(head.Fields[0].IsHopByHop);
    }

    private static string Judge(
        int status, long bytes, string[] lines, bool isTaken = true, bool isToHead = false, int wholeBytes = -1)
    {
        byte[] text = Read(status, out ResponseHead head, lines);
        head.Body = bytes < 0 ? BodyLength.Unknown : BodyLength.Of(bytes);
        return Usual.Judge(text, head, isToHead, isTaken, wholeBytes).ToString();
    }

    private static byte[] Read(int status, out ResponseHead head, params string[] lines)
    {
        string text = $"HTTP/1.1 {status} X\r\n{Wire.Lines(lines)}";
        Assert.Equal(ParseStatus.Done, Wire.Response(text, out head).Status);
        return Wire.Bytes(text);
    }
}
