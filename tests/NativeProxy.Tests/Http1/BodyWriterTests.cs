using System;
using System.Globalization;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;

namespace NativeProxy.Tests.Http1;

/// <summary>Pieces into frames: with and without a head in front, wherever the data lies.</summary>
public class BodyWriterTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    private const int PieceBytes = 70_000;

    private readonly WireScratch _scratch = new(requestHeadBytesMax: 1, requestFieldsMax: 1, PieceBytes);

    [Theory]
    [InlineData("", false, false, "")]
    [InlineData("", true, false, "")]
    [InlineData("abc", false, false, "abc")]
    [InlineData("abc", true, false, "abc")]
    [InlineData("", false, true, "")]
    [InlineData("", true, true, "0\r\n\r\n")]
    [InlineData("abc", false, true, "3\r\nabc\r\n")]
    [InlineData("abc", true, true, "3\r\nabc\r\n0\r\n\r\n")]
    public void Piece_IsFramed_AndComesBehindTheHead(string data, bool isLast, bool emitsChunks, string expected)
    {
        foreach (string head in (string[])["", "x", Head, new string('h', _scratch.HeadBytesMax)])
        {
            Assert.Equal(head + expected, Write(head, data, isLast, emitsChunks, isGathered: false));
            Assert.Equal(head + expected, Write(head, data, isLast, emitsChunks, isGathered: true));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PlainPieceWithoutAHead_IsNotCopied(bool isLast)
    {
        byte[] data = [1, 2, 3];
        var piece = new BodyPiece { Data = data, IsLast = isLast };

        ReadOnlySpan<byte> bytes = new BodyWriter(emitsChunks: false).Write(_scratch, 0, piece);

        Assert.True(bytes == data);
    }

    [Fact]
    public void DataThatWasPutTogether_IsNotCopiedAgain()
    {
        foreach (bool emitsChunks in (bool[])[true, false])
        {
            Span<byte> data = _scratch.Data[..5];
            "hello"u8.CopyTo(data);

            var piece = new BodyPiece { Data = data };
            ReadOnlySpan<byte> bytes = new BodyWriter(emitsChunks).Write(_scratch, 3, piece);

            Assert.True(bytes.Overlaps(data, out int offset));
            Assert.Equal(emitsChunks ? 6 : 3, offset);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0xf)]
    [InlineData(0x10)]
    [InlineData(0xff)]
    [InlineData(0x100)]
    [InlineData(0xfff)]
    [InlineData(0x1000)]
    [InlineData(0xffff)]
    [InlineData(0x10000)]
    [InlineData(PieceBytes)]
    public void Size_HasNoDigitTooMany(int dataBytes)
    {
        string data = new('d', dataBytes);
        string expected = Head + dataBytes.ToString("x", CultureInfo.InvariantCulture) + "\r\n" + data + "\r\n";

        Assert.Equal(expected, Write(Head, data, isLast: false, emitsChunks: true, isGathered: false));
        Assert.Equal(expected, Write(Head, data, isLast: false, emitsChunks: true, isGathered: true));
    }

    [Fact]
    public void Trailers_StandBehindTheLastChunk_AndArePlainlyLeftOut()
    {
        const string Lines = "A: b\r\nC: d\r\n";

        Assert.Equal("1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", Write("", "x", isLast: true, emitsChunks: true, isGathered: false, Lines));
        Assert.Equal("x", Write("", "x", isLast: true, emitsChunks: false, isGathered: false, Lines));
        Assert.Equal(Head + "x", Write(Head, "x", isLast: true, emitsChunks: false, isGathered: true, Lines));
    }

    /// <summary>The longest of everything at once, byte for byte: nothing overlaps, and the room is enough.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LongestHeadAndPieceAndTrailers_FitTogether(bool isGathered)
    {
        string head = new('h', _scratch.HeadBytesMax);
        string data = new('d', PieceBytes);
        string lines = "X: " + new string('t', WireScratch.TrailerBytesMax - 5) + "\r\n";

        Assert.Equal($"{head}{PieceBytes:x}\r\n{data}\r\n0\r\n{lines}\r\n", Write(head, data, isLast: true, emitsChunks: true, isGathered, lines));
    }

    private string Write(string head, string data, bool isLast, bool emitsChunks, bool isGathered, string trailerLines = "")
    {
        _scratch.Output.AsSpan().Fill((byte)'#');
        Wire.Bytes(head).CopyTo(_scratch.Head);
        Wire.Bytes(trailerLines).CopyTo(_scratch.TrailerLines);
        ReadOnlySpan<byte> bytes = Wire.Bytes(data);
        if (isGathered)
        {
            bytes.CopyTo(_scratch.Data);
            bytes = _scratch.Data[..data.Length];
        }
        var piece = new BodyPiece { Data = bytes, IsLast = isLast, TrailerLines = _scratch.TrailerLines[..trailerLines.Length] };
        return Wire.Text(new BodyWriter(emitsChunks).Write(_scratch, head.Length, piece));
    }
}
