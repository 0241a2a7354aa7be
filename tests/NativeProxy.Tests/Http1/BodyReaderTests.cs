using System;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;

namespace NativeProxy.Tests.Http1;

/// <summary>Bodies out of their framing, and into the proxy's own.</summary>
public class BodyReaderTests
{
    private const string Chunks = "5\r\nhello\r\nA;ext=\"v\"\r\n0123456789\r\n0\r\nX-Sum: 15\r\nETag: \"e\"\r\n\r\n";
    private const string ChunksBody = "hello0123456789";
    private const string Behind = "GET /next HTTP/1.1\r\n";

    [Fact]
    public void NoBody_IsCompleteAtOnceAndUsesNothing()
    {
        BodyRun run = BodyRun.Of(BodyFraming.None, emitsChunks: false, Behind);

        Assert.Equal((true, 0, ""), (run.IsComplete, run.UsedBytes, run.Text));
    }

    [Fact]
    public void LengthZero_IsCompleteAtOnceAndUsesNothing()
    {
        BodyRun run = BodyRun.Of(BodyFraming.Length(0), emitsChunks: false, Behind);

        Assert.Equal((true, 0, ""), (run.IsComplete, run.UsedBytes, run.Text));
    }

    [Fact]
    public void Length_AtEverySplit_PassesExactlyItsBytes()
    {
        const string Input = "0123456789" + Behind;

        AssertAtEverySplit(Input, cut =>
        {
            BodyRun run = BodyRun.Of(BodyFraming.Length(10), emitsChunks: false, Input, cut);
            return (run.Text, run.UsedBytes, run.IsComplete, run.BodyBytes);
        }, ("0123456789", 10, true, 10L));
    }

    [Fact]
    public void LengthCutShort_IsNotComplete()
    {
        BodyRun run = BodyRun.Of(BodyFraming.Length(10), emitsChunks: false, "012345678");

        Assert.False(run.IsComplete);
        Assert.False(run.TryEnd());
        Assert.Equal("012345678", run.Text);
    }

    [Fact]
    public void ChunksToPlain_AtEverySplit_AreTheBodyAlone() =>
        AssertAtEverySplit(Chunks + Behind, static cut =>
        {
            BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: false, Chunks + Behind, cut);
            return (run.Text, run.UsedBytes, run.IsComplete, run.BodyBytes);
        }, (ChunksBody, Chunks.Length, true, (long)ChunksBody.Length));

    [Fact]
    public void ChunksToChunks_AtEverySplit_AreCanonicalAndKeepTrailers() =>
        AssertAtEverySplit(Chunks + Behind, static cut =>
        {
            BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, Chunks + Behind, cut);
            return (run.Unchunked(), run.UsedBytes, run.IsComplete, run.BodyBytes);
        }, ((ChunksBody, "X-Sum: 15\r\nETag: \"e\"\r\n\r\n"), Chunks.Length, true, (long)ChunksBody.Length));

    [Fact]
    public void ChunksByteByByte_AreTheSameBody()
    {
        BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, Chunks, [.. Enumerable.Range(1, Chunks.Length - 1)]);

        Assert.Equal((ChunksBody, "X-Sum: 15\r\nETag: \"e\"\r\n\r\n"), run.Unchunked());
        Assert.True(run.IsComplete);
    }

    [Fact]
    public void InputsLongerThanAPiece_ComeOutAsTheyWent()
    {
        string chunks = string.Concat(Enumerable.Range(1, 40).Select(static i => $"{i:x}\r\n{new string((char)('A' + i), i)}\r\n"));
        string body = string.Concat(Enumerable.Range(1, 40).Select(static i => new string((char)('A' + i), i)));
        for (int pieceBytesMax = 9; pieceBytesMax < 60; pieceBytesMax++)
        {
            BodyRun chunked = BodyRun.InPiecesOf(pieceBytesMax, BodyFraming.Chunked, emitsChunks: true, chunks + "0\r\nA: b\r\n\r\n");
            BodyRun length = BodyRun.InPiecesOf(pieceBytesMax, BodyFraming.Length(body.Length), emitsChunks: false, body + Behind);
            BodyRun untilClose = BodyRun.InPiecesOf(pieceBytesMax, BodyFraming.UntilClose, emitsChunks: true, body);

            Assert.Equal((body, "A: b\r\n\r\n"), chunked.Unchunked());
            Assert.Equal((body, body.Length), (length.Text, length.UsedBytes));
            Assert.True(untilClose.TryEnd());
            Assert.Equal(body, untilClose.Unchunked().Body);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Head_LeavesWithTheFirstPiece_AtEverySplit(bool emitsChunks) =>
        AssertAtEverySplit(Chunks + Behind, cut =>
        {
            const string Head = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
            BodyRun with = BodyRun.WithHead(Head, BodyFraming.Chunked, emitsChunks, Chunks + Behind, cut);
            BodyRun without = BodyRun.Of(BodyFraming.Chunked, emitsChunks, Chunks + Behind, cut);
            return (with.Text == Head + without.Text, with.Meaning, with.LastPieces);
        }, (true, (ChunksBody, "X-Sum: 15\r\nETag: \"e\"\r\n"), 1));

    [Theory]
    [InlineData("3 \r\nabc\r\n0\r\n\r\n")]
    [InlineData("3\t \r\nabc\r\n0 \r\n\r\n")]
    public void PaddedSizesOfAServer_AreTolerated_ThoseOfAClientAreNot(string input)
    {
        AssertAtEverySplit(input, cut =>
        {
            BodyRun run = BodyRun.OfServer(input, cut);
            return (run.Meaning.Data, run.HasPaddedSizes, run.IsComplete);
        }, ("abc", true, true));

        Assert.Equal(RejectReason.BadChunkExtension, BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, input).Fault);
        Assert.False(BodyRun.OfServer(Chunks).HasPaddedSizes);
    }

    [Fact]
    public void ChunksOfOneInput_BecomeOneChunkWithoutExtensions()
    {
        BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, "1;a=b\r\nx\r\n002\r\nyz\r\n0;last\r\n\r\n");

        Assert.Equal("3\r\nxyz\r\n0\r\n\r\n", run.Text);
    }

    [Fact]
    public void EmptyChunkedBody_IsItsEndAlone()
    {
        Assert.Equal("0\r\n\r\n", BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, "0\r\n\r\n").Text);
        Assert.Equal("", BodyRun.Of(BodyFraming.Chunked, emitsChunks: false, "0\r\n\r\n").Text);
    }

    [Fact]
    public void UntilCloseToPlain_PassesEverythingAndEndsWithTheConnection()
    {
        BodyRun run = BodyRun.Of(BodyFraming.UntilClose, emitsChunks: false, "some bytes", 3, 7);
        Assert.False(run.IsComplete);

        Assert.True(run.TryEnd());

        Assert.Equal((true, "some bytes", 10L), (run.IsComplete, run.Text, run.BodyBytes));
    }

    [Fact]
    public void UntilCloseToChunks_AtEverySplit_IsTheSameBody() =>
        AssertAtEverySplit("some bytes", static cut =>
        {
            BodyRun run = BodyRun.Of(BodyFraming.UntilClose, emitsChunks: true, "some bytes", cut);
            Assert.True(run.TryEnd());
            return (run.Unchunked(), run.UsedBytes, run.IsComplete);
        }, (("some bytes", "\r\n"), 10, true));

    [Fact]
    public void UntilCloseWithoutABody_IsTheLastChunkAlone()
    {
        BodyRun run = BodyRun.Of(BodyFraming.UntilClose, emitsChunks: true, "");

        Assert.True(run.TryEnd());

        Assert.Equal("0\r\n\r\n", run.Text);
    }

    [Fact]
    public void EndAfterTheEnd_AddsNothing()
    {
        BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, "0\r\n\r\n");

        Assert.True(run.TryEnd());

        Assert.Equal("0\r\n\r\n", run.Text);
    }

    [Fact]
    public void ChunksCutShort_AreNeverComplete()
    {
        for (int length = 0; length < Chunks.Length; length++)
        {
            BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, Chunks[..length]);

            Assert.False(run.IsComplete);
            Assert.False(run.TryEnd());
            Assert.DoesNotContain("0\r\n\r\n", run.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Content-Length: 5")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Host: evil")]
    [InlineData("Connection: close")]
    [InlineData("Set-Cookie: a=b")]
    [InlineData("Authorization: x")]
    [InlineData("X-Forwarded-For: 1.2.3.4")]
    public void TrailerThatMustNotBeMerged_IsDropped(string field)
    {
        BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, $"0\r\nX-Before: 1\r\n{field}\r\nX-After:2\r\n\r\n");

        Assert.Equal("0\r\nX-Before: 1\r\nX-After: 2\r\n\r\n", run.Text);
        Assert.True(run.IsComplete);
    }

    [Theory]
    [InlineData("x\r\n", RejectReason.BadChunkSize)]
    [InlineData("1\r\nab", RejectReason.BadChunkEnd)]
    [InlineData("fffffffffffffffff\r\n", RejectReason.ChunkSizeOverflow)]
    [InlineData("1\nx\n", RejectReason.BareLineFeed)]
    [InlineData("1;=\r\n", RejectReason.BadChunkExtension)]
    [InlineData("0\r\nbad name: 1\r\n\r\n", RejectReason.BadTrailer)]
    [InlineData("0\r\nA: 1\n\r\n", RejectReason.BadTrailer)]
    public void BrokenChunks_AreAFaultAndNeverComplete(string input, object reason)
    {
        foreach (bool emitsChunks in (bool[])[true, false])
        {
            BodyRun run = BodyRun.Of(BodyFraming.Chunked, emitsChunks, input);

            Assert.Equal(((RejectReason)reason, false), (run.Fault, run.IsComplete));
            Assert.False(run.TryEnd());
        }
    }

    [Fact]
    public void TrailerThatConnectionNames_IsDropped_AndTheOthersStay()
    {
        BodyRun run = BodyRun.OfWithoutTrailer("x-sum", "3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\nnext");
        Assert.Equal(("3\r\nabc\r\n0\r\nX-Other: 2\r\n\r\n", true, 35), (run.Text, run.IsComplete, run.UsedBytes));
        Assert.Equal(RejectReason.BadTrailer, BodyRun.OfWithoutTrailer("x-sum", "0\r\nX-Sum : 1\r\n\r\n").Fault);
    }

    [Fact]
    public void TrailersOfTheLargestSize_PassAndLargerOnesAreAFault()
    {
        string field = "X: " + new string('v', WireScratch.TrailerBytesMax - "X: \r\n\r\n".Length);

        Assert.Equal($"0\r\n{field}\r\n\r\n", BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, $"0\r\n{field}\r\n\r\n").Text);
        Assert.Equal(RejectReason.TrailerTooLarge, BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, $"0\r\n{field}v\r\n\r\n").Fault);
    }

    [Fact]
    public void MostTrailerFieldsThatAreAllowed_FitIntoTheScratch()
    {
        string fields = string.Concat(Enumerable.Repeat("a:\r\n", 64));

        Assert.Equal("0\r\n" + fields.Replace(":", ": ", StringComparison.Ordinal) + "\r\n",
            BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, $"0\r\n{fields}\r\n").Text);
        Assert.Equal(RejectReason.TrailerTooLarge, BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, $"0\r\n{fields}a:\r\n\r\n").Fault);
    }

    /// <summary>Random bodies in random chunks with random splits, against what the generator knows.</summary>
    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    public void RandomBodies_ComeOutAsTheyWent(int seed)
    {
        var dice = new Random(seed);
        for (int round = 0; round < 400; round++)
        {
            (byte[] wire, string body, string trailers) = RandomChunked(dice);
            byte[] input = [.. wire, .. Wire.Bytes(Behind)];
            int[] cuts = RandomCuts(dice, input.Length);

            BodyRun plain = BodyRun.Of(BodyFraming.Chunked, emitsChunks: false, input, cuts);
            BodyRun chunked = BodyRun.Of(BodyFraming.Chunked, emitsChunks: true, input, cuts);
            BodyRun again = BodyRun.Of(BodyFraming.Chunked, emitsChunks: false, chunked.Output);
            BodyRun length = BodyRun.Of(BodyFraming.Length(body.Length), emitsChunks: false, body + Behind, RandomCuts(dice, body.Length));

            Assert.Equal((body, wire.Length, true), (plain.Text, plain.UsedBytes, plain.IsComplete));
            Assert.Equal((body, trailers), chunked.Unchunked());
            Assert.Equal((body, true), (again.Text, again.IsComplete));
            Assert.Equal((body, body.Length, true), (length.Text, length.UsedBytes, length.IsComplete));
        }
    }

    /// <summary>Damaged bodies: whole or split, the same verdict; and never complete with another body than a naive reading finds.</summary>
    [Theory]
    [InlineData(41)]
    [InlineData(42)]
    [InlineData(43)]
    public void DamagedBodies_GetTheSameVerdictHoweverTheyAreSplit(int seed)
    {
        var dice = new Random(seed);
        int faults = 0;
        for (int round = 0; round < 600; round++)
        {
            byte[] wire = RandomChunked(dice).Wire;
            for (int damage = dice.Next(1, 3); damage > 0; damage--)
                wire[dice.Next(wire.Length)] = (byte)"\r\n0;a\"= \xff"[dice.Next(9)];

            BodyRun whole = BodyRun.Of(BodyFraming.Chunked, emitsChunks: false, wire);
            BodyRun split = BodyRun.Of(BodyFraming.Chunked, emitsChunks: false, wire, RandomCuts(dice, wire.Length));
            ChunkedBody naive = ChunkedBody.DecodeNaively(wire);

            Assert.Equal((whole.Fault, whole.IsComplete, whole.UsedBytes), (split.Fault, split.IsComplete, split.UsedBytes));
            Assert.Equal(whole.Text, split.Text);
            if (whole.IsComplete)
                Assert.Equal(naive.Text, whole.Text);
            faults += whole.Fault == RejectReason.None ? 0 : 1;
        }
        Assert.True(faults > 100, $"only {faults} bodies were damaged enough to prove anything");
    }

    private static void AssertAtEverySplit<T>(string input, Func<int, T> run, T expected)
    {
        for (int cut = 0; cut <= input.Length; cut++)
            Assert.Equal(expected, run(cut));
    }

    private static int[] RandomCuts(Random dice, int length) =>
        [.. Enumerable.Range(0, dice.Next(0, 8)).Select(_ => dice.Next(0, length + 1)).Order()];

    private static (byte[] Wire, string Body, string Trailers) RandomChunked(Random dice)
    {
        var wire = new StringBuilder();
        var body = new StringBuilder();
        for (int chunks = dice.Next(0, 6); chunks > 0; chunks--)
        {
            string data = string.Concat(Enumerable.Range(0, dice.Next(1, 40)).Select(_ => (char)dice.Next(256)));
            string size = data.Length.ToString(dice.Next(2) == 0 ? "x" : "X", CultureInfo.InvariantCulture).PadLeft(dice.Next(1, 5), '0');
            wire.Append(size).Append(dice.Next(3) == 0 ? ";n=\"q\\\"\" ; t=v" : "").Append("\r\n").Append(data).Append("\r\n");
            body.Append(data);
        }
        wire.Append('0', dice.Next(1, 3)).Append("\r\n");
        var trailers = new StringBuilder();
        for (int fields = dice.Next(0, 3); fields > 0; fields--)
        {
            bool isForwarded = dice.Next(2) == 0;
            string name = isForwarded ? "X-T" + fields : "Cookie";
            wire.Append(CultureInfo.InvariantCulture, $"{name}: v{fields}\r\n");
            if (isForwarded)
                trailers.Append(CultureInfo.InvariantCulture, $"{name}: v{fields}\r\n");
        }
        wire.Append("\r\n");
        trailers.Append("\r\n");
        return (Wire.Bytes(wire.ToString()), body.ToString(), trailers.ToString());
    }
}
