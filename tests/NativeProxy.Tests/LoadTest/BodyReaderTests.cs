using System;
using System.Text;
using NativeProxy.LoadTest.Http;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>The generator and the origin find the content of bodies in whatever pieces they arrive.</summary>
public sealed class BodyReaderTests
{
    private const string Chunked = "5\r\nhello\r\nA;name=value\r\n0123456789\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n";
    private const string ChunkedContent = "hello0123456789!";

    [Fact]
    public void ChunkedBodyInPiecesOfAnySize_HasTheSameContentAndEnd()
    {
        byte[] input = Encoding.ASCII.GetBytes(Chunked + "NEXT");
        for (int pieceBytes = 1; pieceBytes <= input.Length; pieceBytes++)
        {
            var reader = new BodyReader(BodyKind.Chunked, -1);
            (string content, int used) = ReadAll(ref reader, input, pieceBytes);
            Assert.True(reader.IsDone);
            Assert.Equal(ChunkedContent, content);
            Assert.Equal(Chunked.Length, used);
        }
    }

    [Theory]
    [InlineData("x\r\n")]
    [InlineData("3\r\nabcX")]
    [InlineData("0\r\n\rX")]
    [InlineData("80000000000000000\r\n")]
    public void WrongChunkFraming_IsBroken(string input)
    {
        var reader = new BodyReader(BodyKind.Chunked);
        ReadAll(ref reader, Encoding.ASCII.GetBytes(input), input.Length);
        Assert.True(reader.IsBroken);
        Assert.False(reader.IsDone);
    }

    [Fact]
    public void BodyWithLength_EndsAtItsLength()
    {
        var reader = new BodyReader(BodyKind.Length, 4);
        (string content, int used) = ReadAll(ref reader, "abcdEFG"u8, 3);
        Assert.Equal(("abcd", 4, true), (content, used, reader.IsDone));
    }

    [Fact]
    public void BodyThatLacksAByte_IsNotDone()
    {
        var reader = new BodyReader(BodyKind.Length, 4);
        ReadAll(ref reader, "abc"u8, 3);
        Assert.False(reader.IsDone);
        Assert.False(reader.EndsWithClose());
    }

    [Fact]
    public void BodyUntilClose_EndsOnlyWithTheConnection()
    {
        var reader = new BodyReader(BodyKind.UntilClose);
        (string content, _) = ReadAll(ref reader, "abc"u8, 2);
        Assert.Equal(("abc", false), (content, reader.IsDone));
        Assert.True(reader.EndsWithClose());
    }

    private static (string Content, int Used) ReadAll(ref BodyReader reader, ReadOnlySpan<byte> input, int pieceBytes)
    {
        var content = new StringBuilder();
        int used = 0;
        while (used < input.Length && !reader.IsDone && !reader.IsBroken)
        {
            ReadOnlySpan<byte> piece = input[used..Math.Min(input.Length, used + pieceBytes)];
            used += reader.Take(piece, out ReadOnlySpan<byte> part);
            content.Append(Encoding.ASCII.GetString(part));
        }
        return (content.ToString(), used);
    }
}
