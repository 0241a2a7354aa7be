using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class ResponseHeadTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK", 1, 200, "OK")]
    [InlineData("HTTP/1.0 404 Not Found", 0, 404, "Not Found")]
    [InlineData("HTTP/1.3 599 x", 1, 599, "x")]
    [InlineData("HTTP/1.1 600 OK", 1, 600, "OK")]
    [InlineData("HTTP/1.1 999", 1, 999, "")]
    [InlineData("HTTP/1.1 100 Continue", 1, 100, "Continue")]
    [InlineData("HTTP/1.1 200 ", 1, 200, "")]
    [InlineData("HTTP/1.1 200", 1, 200, "")]
    [InlineData("HTTP/1.1 200  two  blanks ", 1, 200, " two  blanks ")]
    [InlineData("HTTP/1.1 200 \u00c3\u00a4\tok", 1, 200, "\u00c3\u00a4\tok")]
    public void StatusLine_IsTakenApart(string line, int minor, int status, string reason)
    {
        string text = line + "\r\nA: b\r\n\r\nbody";
        ParseOutcome outcome = Response(text, out ResponseHead head);
        Assert.Equal(text.Length - 4, outcome.ConsumedBytes);
        Assert.Equal(minor, head.MinorVersion);
        Assert.Equal(status, head.StatusCode);
        Assert.Equal(reason, Text(head.Reason.Of(Bytes(text))));
        Assert.Equal(1, head.Fields.Count);
    }

    [Theory]
    [InlineData("HTTP/2.0 200 OK", "UnsupportedVersion")]
    [InlineData("HTTP/0.9 200 OK", "UnsupportedVersion")]
    [InlineData("HTTP/01.1 200 OK", "BadStatusLine")]
    [InlineData("HTTP/1.01 200 OK", "BadStatusLine")]
    [InlineData("http/1.1 200 OK", "BadStatusLine")]
    [InlineData("ICY 200 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1\t200 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1  200 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 099 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 000 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 :00 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 60 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 6000 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 2 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 20 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 2000 OK", "BadStatusLine")]
    [InlineData("HTTP/1.1 200\tOK", "BadStatusLine")]
    [InlineData("HTTP/1.1 200 O\0K", "BadStatusLine")]
    [InlineData("HTTP/1.1", "BadStatusLine")]
    [InlineData("", "BadStatusLine")]
    [InlineData("HTTP/1.1 200 OK\rX", "BareCarriageReturn")]
    [InlineData("HTTP/1.1 200 OK\nX", "BareLineFeed")]
    [InlineData("HTTP/1.1 200\n", "BareLineFeed")]
    [InlineData("\r\nHTTP/1.1 200 OK", "BadStatusLine")]
    public void HostileStatusLine_IsRejected(string line, string reason) =>
        Assert.Equal(reason, Verdict(Response(line + "\r\n\r\n", out _)));
}
