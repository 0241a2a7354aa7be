using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Http1;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>Bytes of a server into what they mean, wherever they are cut. What is lent is poisoned after each call.</summary>
public sealed class AnswerReaderTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Early = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n";
    private const string Switched = "HTTP/1.1 101 Switch\r\nUpgrade: EchO\r\nConnection: upgrade\r\n\r\n";

    private static readonly byte[] Echo = "echo"u8.ToArray();

    private readonly BufferPools _pools = new(1 << 20);
    private readonly WireScratch _scratch = new(1, 1, 64 * 1024);
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly UpstreamConnection _connection;

    public AnswerReaderTests() =>
        _connection = new UpstreamConnection(new UpstreamServer(null!, _counters, "a", new IPEndPoint(IPAddress.Loopback, 1)), null!);

    [Fact]
    public void HeadAndFirstData_ComeInOneCall()
    {
        Assert.Equal(["response 200 (5 bytes) \"hello\" end"], Told(Ok + "Content-Length: 5\r\n\r\nhello"));
        Assert.Equal(["response 200 (unknown) \"hello\" end A: b|"],
            Told(Ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n"));
        Assert.Equal(["response 200 (unknown) \"hello\""], Told(Ok + "\r\nhello"));
    }

    [Fact]
    public void HeadWithoutData_IsToldAtOnce_AndTheBodyFollows()
    {
        const string Head = Ok + "Content-Length: 5\r\n\r\n";
        Reading reading = Read(Head + "hello", cuts: [Head.Length, Head.Length + 2]);
        Assert.Equal(["response 200 (5 bytes)", "body \"he\"", "body \"llo\" end"], reading.User.Told);
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n\r\n", "200 (0 bytes) end")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200 (unknown) end")]
    public void EmptyBody_EndsWithTheHead(string rest, string expected) => Assert.Equal(["response " + expected], Told(Ok + rest));

    [Theory]
    [InlineData("Content-Length: 11\r\n\r\nhello world", "", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\nCookie: no\r\n\r\n", "X-T: 1\r\n", true)]
    [InlineData("Transfer-Encoding: chunked\r\nConnection: x-t\r\n\r\nb\r\nhello world\r\n0\r\nX-T: 1\r\nX-Other: 2\r\n\r\n", "X-Other: 2\r\n", true)]
    [InlineData("X: y\r\n\r\nhello world", "", false)]
    public void EverySplit_GivesTheSameAnswer(string rest, string trailerLines, bool hasEnd)
    {
        string head = Ok + rest[..(rest.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)];
        string response = Early + Ok + rest;
        foreach (int second in (int[])[0, 1, 7, response.Length])
        {
            for (int cut = 0; cut <= response.Length; cut++)
            {
                Reading reading = Read(response + (hasEnd ? "HTTP/1.1 " : ""), cuts: [cut, Math.Min(response.Length, cut + second)]);
                if (!hasEnd)
                {
                    Assert.Equal(0, reading.User.Ends);
                    Assert.Equal(ProxyError.None, reading.Reader.End(isClean: true));
                }
                Assert.Equal((ProxyError.None, AnswerState.Complete), (reading.Error, reading.Reader.State));
                Assert.Equal(("hello world", trailerLines), (reading.User.Body, reading.User.TrailerLines));
                Assert.Equal((1, head), (reading.User.Ends, reading.User.Head));
                Assert.Equal("interim 103", reading.User.Told[0]);

                // What comes when all is over is not looked at: the user has ended the answer by then.
                bool isCutAtTheEnd = cut == response.Length || Math.Min(response.Length, cut + second) == response.Length;
                Assert.Equal(hasEnd && !isCutAtTheEnd ? "HTTP/1.1 ".Length : 0, reading.Reader.SurplusBytes);
                Assert.Equal(0, _pools.LentCount);
            }
        }
    }

    [Fact]
    public void InterimResponses_ArePassed_ButNotWithoutEnd()
    {
        string[] interims = [.. Enumerable.Repeat("interim 103", 64)];

        Reading allowed = Read(string.Concat(Enumerable.Repeat(Early, 64)) + Ok + "Content-Length: 0\r\n\r\n");
        Assert.Equal([.. interims, "response 200 (0 bytes) end"], allowed.User.Told);

        Reading tooMany = Read(string.Concat(Enumerable.Repeat(Early, 65)));
        Assert.Equal(interims, tooMany.User.Told);
        Assert.Equal((ProxyError.ServerBadResponse, RejectReason.TooManyInterims), (tooMany.Error, tooMany.Reader.Fault));
    }

    [Theory]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n", RejectReason.BadStatusLine)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", RejectReason.DuplicateContentLength)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n", RejectReason.UnknownTransferCoding)]
    [InlineData("HTTP/1.1 101 No\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n", RejectReason.UnexpectedUpgrade)]
    public void BadHead_IsRefusedByItsRule(string response, object rule)
    {
        Reading reading = Read(Early + response);

        Assert.Equal(["interim 103"], reading.User.Told);
        Assert.Equal((ProxyError.ServerBadResponse, (RejectReason)rule), (reading.Error, reading.Reader.Fault));
    }

    [Fact]
    public void HeadWithoutEnd_IsRefusedWhenItIsTooLarge()
    {
        string head = Ok + "X: " + new string('x', WireScratch.ResponseHeadBytesMax);

        Reading reading = Read(head, cuts: [.. Enumerable.Range(1, 10).Select(static i => i * 6000)]);

        Assert.Equal(ProxyError.ServerBadResponse, reading.Error);
        Assert.Empty(reading.User.Told);
        reading.Reader.Stop();
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void BadChunk_IsAFault_AndTheHeadWasTold()
    {
        const string Head = Ok + "Transfer-Encoding: chunked\r\n\r\n";

        Reading atOnce = Read(Head + "3\r\nabc\r\nx\r\n");
        Assert.Equal(["response 200 (unknown)"], atOnce.User.Told);
        Assert.Equal((ProxyError.ServerBadBody, RejectReason.BadChunkSize), (atOnce.Error, atOnce.Reader.Fault));

        Reading later = Read(Head + "3\r\nabc\r\nx\r\n", cuts: [Head.Length + 8]);
        Assert.Equal(["response 200 (unknown) \"abc\""], later.User.Told);
        Assert.Equal((ProxyError.ServerBadBody, RejectReason.BadChunkSize), (later.Error, later.Reader.Fault));
        Assert.Equal(0, later.User.Ends);
    }

    [Theory]
    [InlineData("", true, ProxyError.ServerClosedBeforeResponse, RejectReason.None)]
    [InlineData("HTTP/1.1 20", true, ProxyError.ServerBadResponse, RejectReason.IncompleteHead)]
    [InlineData(Early, true, ProxyError.ServerBadResponse, RejectReason.IncompleteHead)]
    [InlineData(Ok + "Content-Length: 3\r\n\r\nab", true, ProxyError.ServerTruncatedResponse, RejectReason.None)]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", true, ProxyError.ServerTruncatedResponse, RejectReason.None)]
    [InlineData(Ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", true, ProxyError.ServerTruncatedResponse, RejectReason.None)]
    [InlineData(Ok + "\r\nab", false, ProxyError.ServerTruncatedResponse, RejectReason.None)]
    [InlineData(Ok + "\r\nab", true, ProxyError.None, RejectReason.None)]
    public void EndOfTheServer_EndsOnlyWhatHasNoOtherEnd(string response, bool isClean, object error, object rule)
    {
        Reading reading = Read(response);

        Assert.Equal((ProxyError)error, reading.Reader.End(isClean));

        Assert.Equal((RejectReason)rule, reading.Reader.Fault);
        Assert.Equal((ProxyError)error == ProxyError.None ? 1 : 0, reading.User.Ends);
        reading.Reader.Stop();
        Assert.Equal(0, _pools.LentCount);
    }

    [Fact]
    public void PaddedSizes_AreToleratedAndCountedOnce()
    {
        Reading reading = Read(Ok + "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n1\t\r\nb\r\n0 \r\n\r\n");

        Assert.Equal(["response 200 (unknown) \"ab\" end"], reading.User.Told);
        Assert.Equal(1, _counters.Read(CounterId.ToleratedPaddedChunkSize));
        Assert.False(reading.Reader.IsDoubtful);
    }

    [Theory]
    [InlineData(HttpMethod.Get, "204 None", "Content-Length: 5\r\n", true, false, true)]
    [InlineData(HttpMethod.Get, "204 None", "Content-Length: 0\r\n", false, false, true)]
    [InlineData(HttpMethod.Get, "204 None", "", false, false, true)]
    [InlineData(HttpMethod.Get, "304 Same", "Content-Length: 5\r\n", false, true, true)]
    [InlineData(HttpMethod.Head, "200 OK", "Content-Length: 5\r\n", false, true, true)]
    [InlineData(HttpMethod.Head, "200 OK", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", true, false, false)]
    public void AnswerWithoutABody_EndsWithItsHead(object method, string status, string lines, bool isDoubtful, bool passesLength, bool isWellFramed)
    {
        Reading reading = Read($"HTTP/1.1 {status}\r\n{lines}\r\n", (HttpMethod)method);

        Assert.Equal([$"response {status[..3]} (none) end"], reading.User.Told);
        Assert.Equal((isDoubtful, passesLength, isWellFramed),
            (reading.Reader.IsDoubtful, reading.User.PassesLength, reading.User.IsWellFramed));
        Assert.True(reading.Reader.ServerKeepsAlive);
    }

    [Theory]
    [InlineData("Content-Length: 1\r\n", false, true, true, true)]
    [InlineData("Transfer-Encoding: chunked\r\n", false, false, true, true)]
    [InlineData("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", true, false, false, true)]
    [InlineData("Content-Length: 1\r\nTransfer-Encoding: identity\r\n", true, true, false, true)]
    [InlineData("", false, false, false, false)]
    [InlineData("Content-Length: 1\r\nConnection: close\r\n", false, true, true, false)]
    public void Framing_SaysWhatMayBePassedKeptAndReused(
        string lines, bool isDoubtful, bool passesLength, bool isWellFramed, bool keepsAlive)
    {
        Reading reading = Read($"{Ok}{lines}\r\n");

        Assert.Equal((isDoubtful, passesLength, isWellFramed, keepsAlive),
            (reading.Reader.IsDoubtful, reading.User.PassesLength, reading.User.IsWellFramed, reading.Reader.ServerKeepsAlive));
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true)]
    public void OldServer_KeepsItsConnectionOnlyIfItSaysSo(string response, bool expected) =>
        Assert.Equal(expected, Read(response).Reader.ServerKeepsAlive);

    [Theory]
    [InlineData("699", 1)]
    [InlineData("599", 0)]
    public void StatusAbove599_IsCounted(string status, int expected)
    {
        Assert.Equal([$"response {status} (0 bytes) end"], Told($"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"));
        Assert.Equal(expected, _counters.Read(CounterId.ToleratedStatusAbove599));
    }

    [Fact]
    public void SwitchThatWasAskedFor_HandsTheRestOver_AtEverySplitOfTheHead()
    {
        for (int cut = 0; cut <= Switched.Length; cut++)
        {
            Reading reading = Read(Switched + "raw", upgrade: Echo, cuts: cut);
            string rest = cut == Switched.Length ? "" : "raw";
            Assert.Equal([$"switched 101 \"{rest}\""], reading.User.Told);
            Assert.Equal(AnswerState.Switched, reading.Reader.State);
        }
    }

    [Theory]
    [InlineData(false, "echo", true)]
    [InlineData(true, "echo", false)]
    [InlineData(true, "other", true)]
    [InlineData(true, null, true)]
    public void SwitchThatMustNotBe_IsRefused(bool isWhole, string? asked, bool isRefused)
    {
        Reading reading = Read(Switched, upgrade: asked is null ? null : Wire.Bytes(asked), isWhole: isWhole);

        Assert.Equal(isRefused ? (ProxyError.ServerBadResponse, RejectReason.UnexpectedUpgrade) : (ProxyError.None, RejectReason.None),
            (reading.Error, reading.Reader.Fault));
        Assert.Equal(isRefused ? 0 : 1, reading.User.Told.Count);
    }

    [Fact]
    public void AnswerThatIsNoSwitch_IsReadAsUsual() =>
        Assert.Equal(["response 200 (1 bytes) \"x\" end"], Read(Ok + "Content-Length: 1\r\n\r\nx", upgrade: Echo).User.Told);

    [Fact]
    public void BodyThatIsBeingRead_GoesOnWithAnotherReader()
    {
        const string Rest = "3\r\ndef\r\n0\r\nA: b\r\n\r\n";
        for (int cut = 0; cut < Rest.Length; cut++)
        {
            Reading reading = Read(Ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + Rest[..cut]);
            var other = new RecordingStreamUser();
            var reader = new AnswerReader(other, _pools, _scratch);

            // What has come of the trailer section waits, and is not handed on.
            bool isInTrailers = cut > Rest.IndexOf("A:", StringComparison.Ordinal);
            Assert.Equal(!isInTrailers, reading.Reader.TryPassTo(reader));
            reading.Reader.Stop();
            if (isInTrailers)
                continue;
            Assert.Equal(ProxyError.None, reader.Feed(Wire.Bytes(Rest[cut..]), _connection, mayOutlive: true));
            Assert.Equal(("abcdef", 1), (reading.User.Body + other.Body, other.Ends));
            Assert.Equal("A: b\r\n", other.TrailerLines);
            Assert.Equal((AnswerState.Complete, true, true), (reader.State, reader.HasBytes, reader.ServerKeepsAlive));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200")]
    [InlineData(Ok + "Content-Length: 1\r\n\r\nx")]
    public void AnswerWhoseBodyIsNotBeingRead_GoesToNobody(string response) =>
        Assert.False(Read(response).Reader.TryPassTo(new AnswerReader(new RecordingStreamUser(), _pools, _scratch)));

    private List<string> Told(string response) => Read(response).User.Told;

    private Reading Read(
        string response, HttpMethod method = HttpMethod.Get, byte[]? upgrade = null, bool isWhole = true, params int[] cuts)
    {
        var user = new RecordingStreamUser();
        var reader = new AnswerReader(user, _pools, _scratch);
        reader.Begin(method, upgrade);
        ProxyError error = ProxyError.None;
        int start = 0;
        foreach (int end in cuts.Append(response.Length))
        {
            byte[] bytes = Wire.Bytes(response[start..end]);
            start = end;
            if (bytes.Length == 0 || error != ProxyError.None || reader.State == AnswerState.Switched)
                continue;
            error = reader.Feed(bytes, _connection, isWhole);
            bytes.AsSpan().Fill(0xDD);
        }
        return new Reading(user, reader, error);
    }

    private sealed record Reading(RecordingStreamUser User, AnswerReader Reader, ProxyError Error);
}
