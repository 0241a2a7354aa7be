using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class TargetTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("//double//slash")]
    [InlineData("/a%2Fb//c/./d;x=1/%7e?q=%00&r=a+b??c")]
    [InlineData("/?a[]=1&b={c}|^`")]
    [InlineData("/%zz")]
    public void OriginForm_PassesAsItIs(string target)
    {
        Assert.Equal("Done", Verdict(Target("GET", target, out RequestHead head)));
        Assert.Equal(TargetForm.Origin, head.Form);
        Assert.Equal(target.Length, head.PathAndQuery.Length);
    }

    [Theory]
    [InlineData('\0')]
    [InlineData('\x01')]
    [InlineData('\t')]
    [InlineData('\x0b')]
    [InlineData('\x7f')]
    [InlineData('"')]
    [InlineData('#')]
    [InlineData('<')]
    [InlineData('>')]
    [InlineData('\\')]
    [InlineData('\x80')]
    [InlineData('\xff')]
    public void ByteThatIsNoUriCharacter_IsRejectedBeforeTheLineEnds(char character) =>
        Assert.Equal("BadTarget", Verdict(Request($"GET /0123456789abcdef{character}", out _)));

    [Theory]
    [InlineData("http://example.test/p?q=1", "example.test", "/p?q=1")]
    [InlineData("HTTP://example.test/x", "example.test", "/x")]
    [InlineData("https://example.test:8443/x", "example.test:8443", "/x")]
    [InlineData("http://example.test", "example.test", "")]
    [InlineData("http://example.test?x=1", "example.test", "?x=1")]
    [InlineData("http://[::1]:80/", "[::1]:80", "/")]
    [InlineData("http://a/http://b/", "a", "/http://b/")]
    public void AbsoluteForm_IsSplit(string target, string authority, string pathAndQuery)
    {
        Assert.Equal("Done", Verdict(Target("GET", target, out RequestHead head)));
        Assert.Equal(TargetForm.Absolute, head.Form);
        byte[] bytes = Bytes($"GET {target} ");
        Assert.Equal(authority, Text(head.Authority.Of(bytes)));
        Assert.Equal(pathAndQuery, Text(head.PathAndQuery.Of(bytes)));
    }

    [Theory]
    [InlineData("http://")]
    [InlineData("http:///path")]
    [InlineData("http://:80/")]
    [InlineData("http://user@example.test/")]
    [InlineData("http://user:pass@example.test/")]
    [InlineData("http://a,b/")]
    [InlineData("http://a:80a/")]
    [InlineData("http://a:65536/")]
    [InlineData("http:/a/")]
    [InlineData("ftp://a/")]
    [InlineData("ws://a/")]
    [InlineData("foo")]
    [InlineData("example.test:80")]
    [InlineData("*")]
    [InlineData("*/")]
    [InlineData("?x")]
    public void TargetWithoutALawfulForm_IsRejected(string target) =>
        Assert.Equal("BadTarget", Verdict(Target("GET", target, out _)));

    [Fact]
    public void AsteriskForm_IsForOptionsOnly()
    {
        Assert.Equal("Done", Verdict(Target("OPTIONS", "*", out RequestHead head)));
        Assert.Equal(TargetForm.Asterisk, head.Form);
        Assert.Equal("BadTarget", Verdict(Target("POST", "*", out _)));
    }

    [Theory]
    [InlineData("example.test:443", true)]
    [InlineData("[::1]:443", true)]
    [InlineData("example.test", false)]
    [InlineData("example.test:", false)]
    [InlineData(":443", false)]
    [InlineData("example.test:0x1bb", false)]
    [InlineData("/path", false)]
    [InlineData("http://example.test/", false)]
    [InlineData("*", false)]
    public void Connect_TakesHostAndPortOnly(string target, bool isFine)
    {
        Assert.Equal(isFine ? "Done" : "BadTarget", Verdict(Target("CONNECT", target, out RequestHead head)));
        if (isFine)
        {
            Assert.Equal(TargetForm.Authority, head.Form);
            Assert.Equal(target.Length, head.Authority.Length);
            Assert.True(head.PathAndQuery.IsEmpty);
        }
    }

    private static ParseOutcome Target(string method, string target, out RequestHead head) =>
        Request($"{method} {target} HTTP/1.1\r\nHost: example.test\r\n\r\n", out head);
}
