using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class MessageFramingTests
{
    [Theory]
    [InlineData("Length(5)", "Content-Length: 5")]
    [InlineData("Length(5)", "cOnTeNt-LeNgTh:\t5 \t")]
    [InlineData("Length(5)", "Content-Length: 005")]
    [InlineData("Length(0)", "Content-Length: 0")]
    [InlineData("Length(9223372036854775807)", "Content-Length: 9223372036854775807")]
    [InlineData("Chunked(0)", "Transfer-Encoding: chunked")]
    [InlineData("Chunked(0)", "TRANSFER-encoding:\tCHUNKED ")]
    [InlineData("None(0)")]
    [InlineData("None(0)", "Transfer_Encoding: chunked", "Content_Length: 3")]
    public void SoundRequestFraming_IsAccepted(string expected, params string[] lines) =>
        Assert.Equal(expected, OfRequest("1.1", lines).ToString());

    [Theory]
    [InlineData("DuplicateContentLength", "Content-Length: 5", "Content-Length: 6")]
    [InlineData("DuplicateContentLength", "Content-Length: 5", "Content-Length: 5")]
    [InlineData("DuplicateContentLength", "Content-Length: 5, 6")]
    [InlineData("DuplicateContentLength", "Content-Length: 5,5")]
    [InlineData("DuplicateContentLength", "Content-Length: 5,")]
    [InlineData("DuplicateContentLength", "Content-Length: ,")]
    [InlineData("BadContentLength", "Content-Length: +5")]
    [InlineData("BadContentLength", "Content-Length: -5")]
    [InlineData("BadContentLength", "Content-Length: -0")]
    [InlineData("BadContentLength", "Content-Length: 0x5")]
    [InlineData("BadContentLength", "Content-Length: 5 5")]
    [InlineData("BadContentLength", "Content-Length:")]
    [InlineData("BadContentLength", "Content-Length: five")]
    [InlineData("BadContentLength", "Content-Length: 5a")]
    [InlineData("BadContentLength", "Content-Length: 5e0")]
    [InlineData("BadContentLength", "Content-Length: 5.0")]
    [InlineData("BadContentLength", "Content-Length: \"5\"")]
    [InlineData("BadContentLength", "Content-Length: 5\u00a0")]
    [InlineData("BadContentLength", "Content-Length: 0_5")]
    [InlineData("BadContentLength", "Content-Length: 9223372036854775808")]
    [InlineData("BadContentLength", "Content-Length: 18446744073709551621")]
    [InlineData("BadContentLength", "Content-Length: 36893488147419103237")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding:")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked,")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: ,chunked")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked, chunked")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked, identity")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked", "Transfer-Encoding: cow")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked", "Transfer-Encoding:")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked;foo=bar")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked;")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: \"chunked\"")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: cow chunked bar")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: \u00a0chunked")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: ch\u0096nked")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: =?UTF-8?B?Y2h1bmtlZA==?=")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: gzip, chunked")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: cow", "Transfer-Encoding: chunked")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: xchunked")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: chunk")]
    public void AmbiguousFraming_IsRefused_InRequestAndResponseAlike(string reason, params string[] lines)
    {
        Assert.Equal($"Rejected({reason})", OfRequest("1.1", lines).ToString());
        Assert.Equal($"Rejected({reason})", OfResponse("HTTP/1.1 200 OK", HttpMethod.Get, false, lines).ToString());
    }

    /// <summary>Harmless from a server, since its client gets framing of our own; a request that says the same is refused.</summary>
    [Theory]
    [InlineData("Chunked(0)", "LengthWithCoding", "LengthWithTransferEncoding", "Content-Length: 5", "Transfer-Encoding: chunked")]
    [InlineData("Chunked(0)", "LengthWithCoding", "LengthWithTransferEncoding", "Transfer-Encoding: CHUNKED", "Content-Length: 0")]
    [InlineData("UntilClose(0)", "IdentityCoding", "UnknownTransferCoding", "Transfer-Encoding: identity")]
    [InlineData("UntilClose(0)", "IdentityCoding", "UnknownTransferCoding", "Transfer-Encoding: \t Identity ")]
    [InlineData("Length(5)", "IdentityCoding", "LengthWithTransferEncoding", "Transfer-Encoding: identity", "Content-Length: 5")]
    internal void FaultOfAServer_IsTolerated_AndRefusedInARequest(string framing, string fault, string reason, params string[] lines)
    {
        BodyFraming response = OfResponse("HTTP/1.1 200 OK", HttpMethod.Get, false, lines);
        Assert.Equal((framing, fault), (response.ToString(), response.Tolerated.ToString()));
        Assert.Equal($"Rejected({reason})", OfRequest("1.1", lines).ToString());
    }

    /// <summary>Nothing else about the two fields is taken for a slip.</summary>
    [Theory]
    [InlineData("DuplicateContentLength", "Content-Length: 5", "Content-Length: 5", "Transfer-Encoding: chunked")]
    [InlineData("DuplicateContentLength", "Content-Length: 5, 6", "Transfer-Encoding: chunked")]
    [InlineData("BadContentLength", "Content-Length: +5", "Transfer-Encoding: chunked")]
    [InlineData("BadContentLength", "Content-Length:", "Transfer-Encoding: chunked")]
    [InlineData("BadContentLength", "Content-Length: x", "Transfer-Encoding: identity")]
    [InlineData("DuplicateContentLength", "Content-Length: 5", "Content-Length: 6", "Transfer-Encoding: identity")]
    [InlineData("BadTransferEncoding", "Content-Length: 5", "Transfer-Encoding: chunked, chunked")]
    [InlineData("UnknownTransferCoding", "Content-Length: 5", "Transfer-Encoding: gzip")]
    [InlineData("UnknownTransferCoding", "Content-Length: 5", "Transfer-Encoding: gzip, chunked")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: identity, chunked")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: identity, identity")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: identity", "Transfer-Encoding: identity")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: identity", "Transfer-Encoding: chunked")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: chunked", "Transfer-Encoding: identity")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: identity;q=1")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: \"identity\"")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: ident\0ty")]
    [InlineData("BadTransferEncoding", "Transfer-Encoding: identity,")]
    [InlineData("UnknownTransferCoding", "Transfer-Encoding: xidentity")]
    public void FaultOfAServer_ThatCouldLeadAstray_IsRefused(string reason, params string[] lines)
    {
        string text = "HTTP/1.1 200 OK\r\n" + Lines(lines);
        ParseOutcome outcome = Response(text, out ResponseHead head);
        if (outcome.Status == ParseStatus.Done)
            Assert.Equal($"Rejected({reason})", MessageFraming.OfResponse(Bytes(text), head, HttpMethod.Get, false).ToString());
        else
            Assert.Equal("BadFieldValue", Verdict(outcome));
    }

    [Theory]
    [InlineData("UntilClose(0)", "Transfer-Encoding: identity")]
    [InlineData("Length(5)", "Content-Length: 5", "Transfer-Encoding: identity")]
    [InlineData("Rejected(TransferEncodingInHttp10)", "Content-Length: 5", "Transfer-Encoding: chunked")]
    public void CodingInHttp10_CountsOnlyWhenItIsIdentity(string framing, params string[] lines) =>
        Assert.Equal(framing, OfResponse("HTTP/1.0 200 OK", HttpMethod.Get, false, lines).ToString());

    [Fact]
    public void TransferEncodingInHttp10_IsRefused_InRequestAndResponseAlike()
    {
        Assert.Equal("Rejected(TransferEncodingInHttp10)", OfRequest("1.0", "Transfer-Encoding: chunked").ToString());
        Assert.Equal("Rejected(TransferEncodingInHttp10)",
            OfResponse("HTTP/1.0 200 OK", HttpMethod.Get, false, "Transfer-Encoding: chunked").ToString());
    }

    [Fact]
    public void TransferEncodingInHttp12_CountsAsHttp11() =>
        Assert.Equal(BodyKind.Chunked, OfRequest("1.2", "Transfer-Encoding: chunked").Kind);

    [Fact]
    [Trait("promise", "S1.15")]
    [Trait("promise", "S3.7")]
    public void ResponseWithContentLength_HasExactlySoManyBytes() =>
        Assert.Equal("Length(7)", OfResponse("HTTP/1.1 200 OK", HttpMethod.Get, false, "Content-Length: 7").ToString());

    [Fact]
    [Trait("promise", "S3.4")]
    public void Http10ResponseWithContentLength_HasExactlySoManyBytes() =>
        Assert.Equal("Length(7)", OfResponse("HTTP/1.0 200 OK", HttpMethod.Get, false, "Content-Length: 7").ToString());

    [Fact]
    [Trait("promise", "S3.6")]
    public void ChunkedResponse_NeedsNoLength() =>
        Assert.Equal("Chunked(0)", OfResponse("HTTP/1.1 200 OK", HttpMethod.Get, false, "Transfer-Encoding: chunked").ToString());

    [Theory]
    [Trait("promise", "S3.5")]
    [Trait("promise", "S3.7")]
    [InlineData("HTTP/1.0 200 OK")]
    [InlineData("HTTP/1.1 200 OK")]
    [InlineData("HTTP/1.1 404 Not Found")]
    public void ResponseWithoutLength_LastsUntilClose(string line) =>
        Assert.Equal("UntilClose(0)", OfResponse(line, HttpMethod.Get, false).ToString());

    [Theory]
    [InlineData("HTTP/1.1 204 No Content", HttpMethod.Get)]
    [InlineData("HTTP/1.1 304 Not Modified", HttpMethod.Get)]
    [InlineData("HTTP/1.1 200 OK", HttpMethod.Head)]
    [InlineData("HTTP/1.1 404 Not Found", HttpMethod.Head)]
    internal void BodylessResponse_HasNoBody_ButNoLengthThatCouldBeReadInTwoWaysEither(string line, HttpMethod method)
    {
        Assert.Equal("None(0)", OfResponse(line, method, false, "Content-Length: 500").ToString());
        Assert.Equal("None(0)", OfResponse(line, method, false, "Transfer-Encoding: chunked").ToString());
        Assert.Equal("None(0)", OfResponse(line, method, false).ToString());
        Assert.Equal("Rejected(BadContentLength)", OfResponse(line, method, false, "Content-Length: nonsense").ToString());
        Assert.Equal("Rejected(DuplicateContentLength)", OfResponse(line, method, false, "Content-Length: 5", "Content-Length: 6").ToString());
        Assert.Equal("Rejected(DuplicateContentLength)",
            OfResponse(line, method, false, "Content-Length: 5", "Content-Length: 5", "Transfer-Encoding: chunked").ToString());
        BodyFraming both = OfResponse(line, method, false, "Content-Length: 5", "Transfer-Encoding: chunked");
        Assert.Equal(("None(0)", ServerFault.LengthWithCoding), (both.ToString(), both.Tolerated));
        BodyFraming identity = OfResponse(line, method, false, "Content-Length: 5", "Transfer-Encoding: identity");
        Assert.Equal(("None(0)", ServerFault.IdentityCoding), (identity.ToString(), identity.Tolerated));
    }

    [Theory]
    [InlineData("HTTP/1.1 100 Continue", HttpMethod.Post)]
    [InlineData("HTTP/1.1 103 Early Hints", HttpMethod.Get)]
    [InlineData("HTTP/1.1 102 Processing", HttpMethod.Head)]
    internal void InterimResponse_MustNotAnnounceABody(string line, HttpMethod method)
    {
        Assert.Equal("None(0)", OfResponse(line, method, false).ToString());
        Assert.Equal("None(0)", OfResponse(line, method, false, "Content-Length: 0").ToString());
        Assert.Equal("Rejected(BodyOnInterim)", OfResponse(line, method, false, "Content-Length: 500").ToString());
        Assert.Equal("Rejected(BodyOnInterim)", OfResponse(line, method, false, "Content-Length: nonsense").ToString());
        Assert.Equal("Rejected(BodyOnInterim)", OfResponse(line, method, false, "Transfer-Encoding: chunked").ToString());
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content", "Content-Length: 5", true)]
    [InlineData("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked", true)]
    [InlineData("HTTP/1.1 204 No Content", "Content-Length: 0", false)]
    [InlineData("HTTP/1.1 204 No Content", "X: 1", false)]
    [InlineData("HTTP/1.1 304 Not Modified", "Content-Length: 5", false)]
    public void NoContentThatAnnouncesABody_MayBeFollowedByOne(string line, string field, bool expected)
    {
        string text = line + "\r\n" + Lines([field]);
        Assert.Equal("Done", Verdict(Response(text, out ResponseHead head)));
        Assert.Equal(expected, MessageFraming.MayBodyFollow(Bytes(text), head));
    }

    [Fact]
    public void SwitchingProtocols_IsATunnelOnlyWhenAnUpgradeWasForwarded()
    {
        Assert.Equal("Tunnel(0)", OfResponse("HTTP/1.1 101 x", HttpMethod.Get, true).ToString());
        Assert.Equal("Rejected(UnexpectedUpgrade)", OfResponse("HTTP/1.1 101 x", HttpMethod.Get, false, "Content-Length: 0").ToString());
        Assert.Equal("Rejected(BodyOnInterim)", OfResponse("HTTP/1.1 101 x", HttpMethod.Get, false, "Content-Length: 4").ToString());
        Assert.Equal("Rejected(UnexpectedUpgrade)", OfResponse("HTTP/1.1 101 x", HttpMethod.Get, false).ToString());
    }

    [Theory]
    [InlineData("Tunnel(0)", "None", "Content-Length: 0")]
    [InlineData("Tunnel(0)", "LengthOnSwitch", "Content-Length: 4")]
    [InlineData("Rejected(BodyOnInterim)", "None", "Content-Length: x")]
    [InlineData("Rejected(BodyOnInterim)", "None", "Content-Length: 4", "Content-Length: 4")]
    [InlineData("Rejected(BodyOnInterim)", "None", "Transfer-Encoding: chunked")]
    [InlineData("Rejected(BodyOnInterim)", "None", "Content-Length: 4", "Transfer-Encoding: chunked")]
    public void LengthOnASwitchThatWasAskedFor_IsTolerated_ACodingIsNot(string framing, string fault, params string[] lines)
    {
        BodyFraming answer = OfResponse("HTTP/1.1 101 x", HttpMethod.Get, true, lines);
        Assert.Equal((framing, fault), (answer.ToString(), answer.Tolerated.ToString()));
    }

    [Fact]
    public void AnswerToConnect_IsATunnelOnlyWhenItSucceeds()
    {
        Assert.Equal("Tunnel(0)", OfResponse("HTTP/1.1 200 x", HttpMethod.Connect, false, "Content-Length: 4").ToString());
        Assert.Equal("Length(4)", OfResponse("HTTP/1.1 407 x", HttpMethod.Connect, false, "Content-Length: 4").ToString());
    }

    private static BodyFraming OfRequest(string version, params string[] lines)
    {
        string text = $"POST / HTTP/{version}\r\nHost: a\r\n" + Lines(lines);
        Assert.Equal("Done", Verdict(Request(text, out RequestHead head)));
        return MessageFraming.OfRequest(Bytes(text), head);
    }

    private static BodyFraming OfResponse(string line, HttpMethod method, bool upgradeForwarded, params string[] lines)
    {
        string text = line + "\r\n" + Lines(lines);
        Assert.Equal("Done", Verdict(Response(text, out ResponseHead head)));
        return MessageFraming.OfResponse(Bytes(text), head, method, upgradeForwarded);
    }
}
