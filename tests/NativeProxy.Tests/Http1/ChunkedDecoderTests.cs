using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class ChunkedDecoderTests
{
    /// <summary>What a server may write behind a size: blanks, however many, in front of the line end or of an extension.</summary>
    [Theory]
    [InlineData("5 \r\nhello\r\n0\r\n", true)]
    [InlineData("5\t \t\r\nhello\r\n0\r\n", true)]
    [InlineData("5     \r\nhello\r\n0     \r\n", true)]
    [InlineData("5\r\nhello\r\n0 \r\n", true)]
    [InlineData("5 ;a=b\r\nhello\r\n0\r\n", false)]
    [InlineData("5 \t;a\r\nhello\r\n0 ;b\r\n", false)]
    [InlineData("5\r\nhello\r\n0\r\n", false)]
    public void PaddedSize_PassesFromAServer_AndInNoRequest(string text, bool isPadded)
    {
        byte[] input = Bytes(text);
        for (int first = 0; first <= input.Length; first++)
        {
            for (int second = first; second <= input.Length; second++)
            {
                ChunkedBody ofServer = ChunkedBody.DecodeOfServer(input, first, second);
                Assert.Equal((ChunkStep.TrailerStart, "hello", input.Length, isPadded),
                    (ofServer.End, ofServer.Text, ofServer.ConsumedBytes, ofServer.HasPaddedSizes));
                ChunkedBody request = ChunkedBody.Decode(input, first, second);
                Assert.Equal(isPadded ? ChunkStep.Rejected : ChunkStep.TrailerStart, request.End);
                Assert.Equal(isPadded ? RejectReason.BadChunkExtension : RejectReason.None, request.Reason);
            }
        }

        // Each prefix is fine so far.
        for (int length = 0; length < input.Length; length++)
            Assert.Equal(ChunkStep.NeedMore, ChunkedBody.DecodeOfServer(input.AsSpan(0, length)).End);
    }

    [Theory]
    [InlineData(" 5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData(" \r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("5 5\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5 x\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5 \nhello\r\n0\r\n", "BareLineFeed")]
    [InlineData("5 \rhello\r\n0\r\n", "BareCarriageReturn")]
    [InlineData("5\v\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("5 \v\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5 \0\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a \r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=b \r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5 ; \r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("+5 \r\nhello\r\n0\r\n", "BadChunkSize")]
    public void BlanksElsewhere_AreRefusedFromAServerAsWell(string text, string reason)
    {
        for (int cut = 0; cut <= text.Length; cut++)
            Assert.Equal(reason, ChunkedBody.DecodeOfServer(Bytes(text), cut).Reason.ToString());
    }

    [Fact]
    public void PaddingWithoutEnd_IsCutOff() =>
        Assert.Equal(RejectReason.ChunkExtensionTooLarge, ChunkedBody.DecodeOfServer(Bytes("5" + new string(' ', 5000))).Reason);

    [Theory]
    [Trait("promise", "S1.16")]
    [Trait("promise", "S3.6")]
    [InlineData("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n", "hello world")]
    [InlineData("0\r\n", "")]
    [InlineData("A\r\n0123456789\r\n00b\r\n0123456789a\r\n000\r\n", "01234567890123456789a")]
    [InlineData("0000000000000005\r\nhello\r\n0\r\n", "hello")]
    [InlineData("5;foo=bar;baz\r\nhello\r\n0;last\r\n", "hello")]
    [InlineData("5 ; a = b\t;c\r\nhello\r\n0\r\n", "hello")]
    [InlineData("1a\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n0\r\n", "\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n")]
    public void SoundBody_IsTakenApart(string text, string data)
    {
        ChunkedBody body = ChunkedBody.Decode(Bytes(text + "\r\nnext"));
        Assert.Equal(ChunkStep.TrailerStart, body.End);
        Assert.Equal(data, body.Text);
        Assert.Equal(text.Length, body.ConsumedBytes);
    }

    [Theory]
    [Trait("promise", "S1.17")]
    [InlineData("5;a=\"x;y\"\r\nhello\r\n0\r\n")]
    [InlineData("5;a=\"x;\\\"y\\\\\";b=\"\"\r\nhello\r\n0;c=\"\u00ff\t \"\r\n")]
    [InlineData("5;a=\"0123456789\" ; b\r\nhello\r\n0\r\n")]
    public void QuotedExtensionValues_AreSkipped(string text)
    {
        ChunkedBody body = ChunkedBody.Decode(Bytes(text));
        Assert.Equal(ChunkStep.TrailerStart, body.End);
        Assert.Equal("hello", body.Text);
    }

    [Theory]
    [InlineData("z\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("5z\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData(";a=b\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData(" 5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("-5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("+5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("0x5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("0_5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("5,5\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("5\0\r\nhello\r\n0\r\n", "BadChunkSize")]
    [InlineData("5 5\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5 \r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;=b\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a =\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a \r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=b \r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=b c\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=\"b\"c\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=\"b\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=\"b\\\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=\0\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=\"\0\"\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5;a=b=c\r\nhello\r\n0\r\n", "BadChunkExtension")]
    [InlineData("5\nhello\r\n0\r\n", "BareLineFeed")]
    [InlineData("5;a\nhello\r\n0\r\n", "BareLineFeed")]
    [InlineData("5;a=\"\n\"\r\nhello\r\n0\r\n", "BareLineFeed")]
    [InlineData("0\n\n", "BareLineFeed")]
    [InlineData("5\r\r\nhello\r\n0\r\n", "BareCarriageReturn")]
    [InlineData("5\rhello\r\n0\r\n", "BareCarriageReturn")]
    [InlineData("5\r\nhello0\r\n", "BadChunkEnd")]
    [InlineData("5\r\nhelloXX0\r\n", "BadChunkEnd")]
    [InlineData("5\r\nhello\n0\r\n", "BadChunkEnd")]
    [InlineData("5\r\nhello\r0\r\n", "BadChunkEnd")]
    [InlineData("8000000000000000\r\n", "ChunkSizeOverflow")]
    [InlineData("10000000000000005\r\nhello\r\n0\r\n", "ChunkSizeOverflow")]
    [InlineData("00000000000000005\r\nhello\r\n0\r\n", "ChunkSizeOverflow")]
    public void HostileBody_IsRejectedForGood(string text, string reason)
    {
        ChunkedBody body = ChunkedBody.Decode(Bytes(text));
        Assert.Equal(ChunkStep.Rejected, body.End);
        Assert.Equal(reason, body.Reason.ToString());
        Assert.DoesNotContain("0\r\n", body.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void LargestSize_IsReadWithoutOverflow()
    {
        ChunkedBody body = ChunkedBody.Decode(Bytes("7fffffffffffffff\r\nhello"));
        Assert.Equal(ChunkStep.NeedMore, body.End);
        Assert.Equal("hello", body.Text);
    }

    [Fact]
    public void OnceRejected_NothingIsReadAnyMore()
    {
        ChunkedDecoder decoder = default;
        int position = 0;
        Assert.Equal(ChunkStep.Rejected, decoder.Read("x"u8, ref position, out _));
        Assert.Equal(ChunkStep.Rejected, decoder.Read("0\r\n"u8, ref position, out _));
        Assert.Equal(0, position);
        Assert.False(decoder.IsComplete);
    }

    [Fact]
    public void OnceComplete_NothingIsReadAnyMore()
    {
        ChunkedDecoder decoder = default;
        int position = 0;
        Assert.Equal(ChunkStep.TrailerStart, decoder.Read("0\r\n5\r\n"u8, ref position, out _));
        Assert.Equal(ChunkStep.TrailerStart, decoder.Read("0\r\n5\r\n"u8, ref position, out _));
        Assert.Equal(3, position);
        Assert.True(decoder.IsComplete);
    }

    [Theory]
    [InlineData(4096, ChunkStep.TrailerStart)]
    [InlineData(4097, ChunkStep.Rejected)]
    internal void ExtensionOfOneChunk_IsBounded(int bytes, ChunkStep expected) =>
        Assert.Equal(expected, ChunkedBody.Decode(Bytes("0;" + new string('x', bytes - 1) + "\r\n")).End);

    [Fact]
    public void FloodOfExtensions_IsCutOff()
    {
        ChunkedBody body = ChunkedBody.Decode(Bytes(Repeat("1;" + new string('x', 1023) + "\r\nd\r\n", 100)));
        Assert.Equal(RejectReason.ChunkExtensionTooLarge, body.Reason);
        Assert.Equal(64, body.Data.Count);
    }

    [Fact]
    public void ExtensionsThatTheDataOutweighs_GoOnForever()
    {
        string chunk = "400;" + new string('x', 1023) + "\r\n" + new string('d', 1024) + "\r\n";
        ChunkedBody body = ChunkedBody.Decode(Bytes(Repeat(chunk, 200) + "0\r\n"));
        Assert.Equal(ChunkStep.TrailerStart, body.End);
        Assert.Equal(200 * 1024, body.Data.Count);
    }

    /// <summary>Every pair of split points of a body that visits every state.</summary>
    [Theory]
    [Trait("promise", "S1.19")]
    [InlineData("5;a=b\r\nhello\r\n00f ; c = \"d\\\"e\" ;f\r\n0123456789abcde\r\n0;g\r\n\r\n")]
    [InlineData("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-T: 1\r\n\r\n")]
    [InlineData("5;a=\"b\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhelloXX0\r\n\r\n")]
    public void EverySplit_GivesTheSameResult(string text)
    {
        byte[] input = Bytes(text);
        ChunkedBody whole = ChunkedBody.Decode(input);
        for (int first = 0; first <= input.Length; first++)
        {
            for (int second = first; second <= input.Length; second++)
                AssertSame(whole, ChunkedBody.Decode(input, first, second));
        }

        AssertSame(whole, ChunkedBody.Decode(input, Enumerable.Range(1, input.Length - 1).ToArray()));
    }

    [Fact]
    public void EveryPrefix_NeedsMoreAndHandsOutOnlyBodyBytes()
    {
        string text = "5;a=\"b\"\r\nhello\r\n6 ;c\r\n world\r\n0\r\n";
        for (int length = 0; length < text.Length; length++)
        {
            ChunkedBody body = ChunkedBody.Decode(Bytes(text[..length]));
            Assert.Equal(ChunkStep.NeedMore, body.End);
            Assert.StartsWith(body.Text, "hello world", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Decoder_IsSmall() => Assert.True(Unsafe.SizeOf<ChunkedDecoder>() <= 24);

    private static void AssertSame(ChunkedBody expected, ChunkedBody actual)
    {
        Assert.Equal(expected.End, actual.End);
        Assert.Equal(expected.Reason, actual.Reason);
        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.ConsumedBytes, actual.ConsumedBytes);
    }

    private static string Repeat(string text, int count) =>
        new StringBuilder().Insert(0, text, count).ToString();
}
