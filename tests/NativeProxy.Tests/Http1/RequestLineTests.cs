using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class RequestLineTests
{
    [Fact]
    public void PlainGet_IsTakenApart()
    {
        string text = "GET /a/b?c=d HTTP/1.1\r\nHost: example.test:80\r\nAccept: */*\r\n\r\nrest";
        ParseOutcome outcome = Request(text, out RequestHead head);
        byte[] bytes = Bytes(text);

        Assert.Equal(ParseStatus.Done, outcome.Status);
        Assert.Equal(text.Length - "rest".Length, outcome.ConsumedBytes);
        Assert.Equal("GET", Text(head.Method.Of(bytes)));
        Assert.Equal(HttpMethod.Get, head.MethodKind);
        Assert.Equal("/a/b?c=d", Text(head.Target.Of(bytes)));
        Assert.Equal("/a/b?c=d", Text(head.PathAndQuery.Of(bytes)));
        Assert.Equal(TargetForm.Origin, head.Form);
        Assert.Equal("example.test:80", Text(head.Host.Of(bytes)));
        Assert.Equal(1, head.MinorVersion);
        Assert.Equal(2, head.Fields.Count);
    }

    [Theory]
    [InlineData("GET", HttpMethod.Get, true, true)]
    [InlineData("HEAD", HttpMethod.Head, true, true)]
    [InlineData("OPTIONS", HttpMethod.Options, true, true)]
    [InlineData("TRACE", HttpMethod.Trace, true, true)]
    [InlineData("PUT", HttpMethod.Put, false, true)]
    [InlineData("DELETE", HttpMethod.Delete, false, true)]
    [InlineData("POST", HttpMethod.Post, false, false)]
    [InlineData("PATCH", HttpMethod.Patch, false, false)]
    [InlineData("get", HttpMethod.Other, false, false)]
    [InlineData("FROB", HttpMethod.Other, false, false)]
    [InlineData("!#$%&'*+-.^_`|~", HttpMethod.Other, false, false)]
    internal void Method_IsKnownByItsExactSpelling(string method, HttpMethod expected, bool isSafe, bool isIdempotent)
    {
        Assert.Equal("Done", Verdict(Request($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n", out RequestHead head)));
        Assert.Equal(expected, head.MethodKind);
        Assert.Equal(isSafe, head.MethodKind.IsSafe());
        Assert.Equal(isIdempotent, head.MethodKind.IsIdempotent());
    }

    [Theory]
    [InlineData("G@T")]
    [InlineData("GE:T")]
    [InlineData("GE\0T")]
    [InlineData("GE\u0080T")]
    [InlineData("GET()")]
    [InlineData("")]
    [InlineData("\tGET")]
    public void MethodThatIsNoToken_IsRejectedBeforeTheLineEnds(string method) =>
        Assert.Equal("BadMethodToken", Verdict(Request(method + " /", out _)));

    [Theory]
    [InlineData("HTTP/1.0", 0)]
    [InlineData("HTTP/1.1", 1)]
    [InlineData("HTTP/1.2", 1)]
    [InlineData("HTTP/1.9", 1)]
    public void VersionOfMajorOne_IsRead(string version, int minor)
    {
        Assert.Equal("Done", Verdict(Request($"GET / {version}\r\nHost: a\r\n\r\n", out RequestHead head)));
        Assert.Equal(minor, head.MinorVersion);
    }

    [Theory]
    [InlineData("HTTP/2.0", "UnsupportedVersion")]
    [InlineData("HTTP/3.1", "UnsupportedVersion")]
    [InlineData("HTTP/0.9", "UnsupportedVersion")]
    [InlineData("HTTP/11.1", "BadVersion")]
    [InlineData("HTTP/1.10", "BadVersion")]
    [InlineData("HTTP/01.1", "BadVersion")]
    [InlineData("http/1.1", "BadVersion")]
    [InlineData("HTP/1.1", "BadVersion")]
    [InlineData("HTTP/1", "BadVersion")]
    [InlineData("HTTP/1,1", "BadVersion")]
    [InlineData("HTTP/1.x", "BadVersion")]
    [InlineData("HTTP/+1.1", "BadVersion")]
    [InlineData("ICY/1.1", "BadVersion")]
    [InlineData("HTTP/1.1 ", "BadVersion")]
    [InlineData(" HTTP/1.1", "BadVersion")]
    [InlineData("", "BadVersion")]
    public void OtherVersion_IsRejected(string version, string reason) =>
        Assert.Equal(reason, Verdict(Request($"GET / {version}\r\nHost: a\r\n\r\n", out _)));

    [Fact]
    public void LineWithoutVersion_IsRejected() => Assert.Equal("BadVersion", Verdict(Request("GET /\r\n", out _)));

    [Fact]
    public void Http2Preface_IsAVersionThatWeDoNotSpeak() =>
        Assert.Equal("UnsupportedVersion", Verdict(Request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", out _)));

    [Theory]
    [InlineData("GET /\n", "BareLineFeed")]
    [InlineData("GET / HTTP/1.1\n", "BareLineFeed")]
    [InlineData("GET / HTTP/1.1\rX", "BareCarriageReturn")]
    [InlineData("GET /\rX", "BareCarriageReturn")]
    [InlineData("GET /a b", "BadVersion")]
    [InlineData("GET  /", "BadTarget")]
    [InlineData("\rX", "BareCarriageReturn")]
    [InlineData("\n", "BareLineFeed")]
    [InlineData("\r\n\n", "BareLineFeed")]
    public void WrongLineEndsAndBlanks_AreRejectedEarly(string text, string reason) =>
        Assert.Equal(reason, Verdict(Request(text, out _)));

    [Fact]
    public void EmptyLinesBeforeTheRequest_AreSkippedAndCounted()
    {
        string empty = "\r\n\r\n";
        string text = empty + Get();
        ParseOutcome outcome = Request(text, out RequestHead head);
        Assert.Equal(text.Length, outcome.ConsumedBytes);
        Assert.Equal(empty.Length, head.Method.Start);
        Assert.Equal(empty.Length, RequestHeadParser.EmptyLineBytes(Bytes(text)));
    }

    [Fact]
    public void EmptyLinesAlone_NeedMore() => Assert.Equal("NeedMore", Verdict(Request("\r\n\r\n", out _)));

    [Fact]
    public void FloodOfEmptyLines_IsRejected() =>
        Assert.Equal("BadMethodToken", Verdict(Request("\r\n\r\n\r\n\r\n\r\n", out _)));

    [Theory]
    [InlineData(20, "Done")]
    [InlineData(19, "RequestLineTooLong")]
    public void RequestLineOfTwentyBytes_IsMeasuredWithoutItsLineEnd(int limit, string verdict)
    {
        string line = "GET /123456 HTTP/1.1";
        Assert.Equal(20, line.Length);
        Assert.Equal(verdict, Verdict(Request(line + "\r\nHost: a\r\n\r\n", Limits with { RequestLineBytesMax = limit }, out _)));
    }

    [Theory]
    [InlineData("GET /")]
    [InlineData("")]
    public void EndlessLine_IsRejectedWhileItIsStillIncomplete(string start)
    {
        string text = start + new string('m', 20_000);
        Assert.Equal("RequestLineTooLong", Verdict(Request(text, out _)));
        Assert.Equal("RequestLineTooLong", Verdict(Request(text, Limits with { HeadBytesMax = 5000 }, out _)));
    }
}
