using System;
using System.Linq;
using Xunit;

namespace NativeProxy.Tests.Caching;

/// <summary>RFC 9110 section 13, as far as a cache judges it: the client has it, or gets the whole.</summary>
public sealed class StoredConditionTests
{
    private const string Modified = "Last-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\n";

    [Theory]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: \"v1\"", true)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: W/\"v1\"", true)]
    [InlineData("ETag: W/\"v1\"\r\n", "If-None-Match: \"v1\"", true)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: \"x\", , W/\"v1\"", true)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: \"x\"\r\nIf-None-Match: \"v1\"", true)]
    [InlineData("ETag: \"a,b\"\r\n", "If-None-Match: \"a,b\"", true)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: *", true)]
    [InlineData("", "If-None-Match: *", true)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: \"v2\"", false)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: \"V1\"", false)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: v1", false)]
    [InlineData("ETag: v1\r\n", "If-None-Match: v1", false)]
    [InlineData("ETag: \"v1\"\r\n", "If-None-Match: \"v", false)]
    [InlineData("ETag: \"v1\"\r\nETag: \"v1\"\r\n", "If-None-Match: \"v1\"", false)]
    [InlineData("", "If-None-Match: \"v1\"", false)]
    [InlineData(Modified, "If-None-Match: \"v1\"", false)]
    [InlineData(Modified, "If-Modified-Since: Tue, 01 Jul 2025 10:00:00 GMT", true)]
    [InlineData(Modified, "If-Modified-Since: Tuesday, 01-Jul-25 10:00:00 GMT", true)]
    [InlineData(Modified, "If-Modified-Since: Tue Jul  1 10:00:01 2025", true)]
    [InlineData(Modified, "If-Modified-Since: Tue, 01 Jul 2025 09:59:59 GMT", false)]
    [InlineData(Modified, "If-Modified-Since: yesterday", false)]
    [InlineData("", "If-Modified-Since: Tue, 01 Jul 2025 10:00:00 GMT", false)]
    [InlineData("ETag: \"v1\"\r\n" + Modified, "If-None-Match: \"v2\"\r\nIf-Modified-Since: Tue, 01 Jul 2025 10:00:00 GMT", false)]
    [InlineData("ETag: \"v1\"\r\n" + Modified, "If-None-Match: \"v1\"\r\nIf-Modified-Since: Tue, 01 Jul 2024 10:00:00 GMT", true)]
    public void Client_IsToldThatItHasIt_WhenItHas(string stored, string asked, bool isNotModified)
    {
        var trial = new CacheTrial();
        trial.Store("a /", $"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n{stored}Content-Length: 2\r\n\r\nok");
        string answer = trial.Ask("a /", asked);
        Assert.Equal(isNotModified, answer.StartsWith("HTTP/1.1 304 Not Modified\r\n", StringComparison.Ordinal));
        Assert.Equal(!isNotModified, answer.EndsWith("\r\n\r\nok", StringComparison.Ordinal));
    }

    [Fact]
    public void NotModified_KeepsTheFieldsOfTheResponse_ButThoseOfItsBody()
    {
        var trial = new CacheTrial();
        trial.Store("a /",
            "HTTP/1.1 200 OK\r\nServer: x\r\ncache-control:  max-age=60\r\nETag: \"v1\"\r\nContent-Type: text/x\r\nContent-Encoding: "
            + "gzip\r\nContent-Language: de\r\nContent-Location: /de\r\nX-Any: \r\nX-Any: 2\r\nTransfer-Encoding: chunked\r\nTrailer: "
            + "X-T\r\n\r\n0\r\n\r\n");
        Assert.Equal(
            "HTTP/1.1 304 Not Modified\r\nServer: x\r\ncache-control: max-age=60\r\nETag: \"v1\"\r\nContent-Location: /de\r\nX-Any: \r\nX-Any: "
            + "2\r\n\r\n",
            trial.Ask("a /", "If-None-Match: \"v1\""));
    }

    [Fact]
    public void HeadThatLiesInSeveralBlocks_IsReadWhole()
    {
        var trial = new CacheTrial();
        string filler = string.Concat(Enumerable.Range(0, 90).Select(static i => $"X-Filler-{i}: {new string('x', 90)}\r\n"));
        trial.Store("a /", $"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n{filler}ETag: \"v1\"\r\nContent-Length: 2\r\n\r\nok");
        string answer = trial.Ask("a /", "If-None-Match: \"v1\"");
        Assert.StartsWith("HTTP/1.1 304 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("ETag: \"v1\"\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(filler, answer, StringComparison.Ordinal);
    }
}
