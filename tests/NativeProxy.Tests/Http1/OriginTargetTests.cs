using System;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class OriginTargetTests
{
    [Theory]
    [InlineData("GET", "/p?q", "/p?q")]
    [InlineData("GET", "//p", "//p")]
    [InlineData("OPTIONS", "*", "*")]
    [InlineData("CONNECT", "a.test:443", "a.test:443")]
    [InlineData("GET", "http://example.org/p?q", "/p?q")]
    [InlineData("GET", "http://example.org", "/")]
    [InlineData("GET", "http://example.org?q=1", "/?q=1")]
    [InlineData("OPTIONS", "http://example.org", "*")]
    [InlineData("OPTIONS", "http://example.org?q", "/?q")]
    [InlineData("OPTIONS", "http://example.org/", "/")]
    public void OriginServer_IsAskedForItsPath(string method, string target, string expected) =>
        Assert.Equal(expected, Of(method, target, roomBytes: 100));

    [Fact]
    public void RoomThatIsTooSmallForTheAddedSlash_GivesNoTarget()
    {
        Assert.Equal("", Of("GET", "http://a?q=1", roomBytes: 4));
        Assert.Equal("/?q=1", Of("GET", "http://a?q=1", roomBytes: 5));
        Assert.Equal("/p", Of("GET", "http://a/p", roomBytes: 0));
    }

    private static string Of(string method, string target, int roomBytes)
    {
        string text = $"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n";
        ParseOutcome outcome = Request(text, out RequestHead head);
        Assert.Equal(ParseStatus.Done, outcome.Status);
        return Text(OriginTarget.Of(Bytes(text), head, new byte[roomBytes]));
    }
}
