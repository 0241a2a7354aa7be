using NativeProxy.Http;
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
    [InlineData("/a\\b\"c<d>e^f|g{h}i`j[k]?\\\"<>^|{}`[]")]
    [InlineData("/\\")]
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
    [InlineData('#')]
    [InlineData('\x80')]
    [InlineData('\xff')]
    public void ByteThatIsNoUriCharacter_IsRejectedBeforeTheLineEnds(char character) =>
        Assert.Equal("BadTarget", Verdict(Request($"GET /0123456789abcdef{character}", out _)));

    /// <summary>Whatever a target may hold passes as it came, whatever it may not is refused, wherever it stands in a block of the scan.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EachByteAtEachPlace_IsPassedOrRefused_AsTheLimitsSay(bool allowsNonAscii)
    {
        HeadLimits limits = Limits with { AllowsNonAsciiTarget = allowsNonAscii };
        for (int value = 0; value < 256; value++)
        {
            bool isFine = value is > 0x20 and < 0x7f and not '#' || (value >= 0x80 && allowsNonAscii);
            for (int place = 0; place < 40; place++)
            {
                string target = "/" + new string('a', place) + (char)value + new string('b', 39 - place);
                ParseOutcome outcome = Request($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n", limits, out RequestHead head);
                Assert.True(outcome.Status == (isFine ? ParseStatus.Done : ParseStatus.Rejected), $"0x{value:x2} at {place}: {outcome}");
                if (isFine)
                    Assert.Equal(target.Length, head.PathAndQuery.Length);
            }
        }
    }

    [Theory]
    [InlineData("/\u00e4\u00c3\u00a4?\u00ff", "Done")]
    [InlineData("http://a/\x80?\xff", "Done")]
    [InlineData("http://a?\xff", "Done")]
    [InlineData("http://\xe4/", "BadTarget")]
    [InlineData("http://a\u00e4b:80/", "BadTarget")]
    [InlineData("http://a:8\u00b20/", "BadTarget")]
    [InlineData("http:\u00af/a/", "BadTarget")]
    [InlineData("\xe4", "BadTarget")]
    [InlineData("\xaf", "BadTarget")]
    [InlineData("/\u00e4 \u00e4", "BadVersion")]
    [InlineData("/\xe4\x7f", "BadTarget")]
    [InlineData("/\xe4#", "BadTarget")]
    public void NonAsciiByte_WhereItIsAllowed_PassesInPathAndQueryOnly(string target, string verdict)
    {
        string text = $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n";
        HeadLimits limits = Limits with { AllowsNonAsciiTarget = true };
        Assert.Equal(verdict, Verdict(Request(text, limits, out _)));
        Assert.NotEqual("Done", Verdict(Request(text, out _)));

        // Each prefix of what passes needs more, and of what is refused needs more or is refused for the same.
        for (int length = 0; length < text.Length; length++)
            Assert.Contains(Verdict(Request(text[..length], limits, out _)), new[] { "NeedMore", verdict == "Done" ? "NeedMore" : verdict });
    }

    [Theory]
    [InlineData("OPTIONS", "*\xe4")]
    [InlineData("CONNECT", "\xe4:443")]
    [InlineData("CONNECT", "a:\u00b2443")]
    public void NonAsciiByteOfAnotherForm_IsAlwaysRefused(string method, string target) =>
        Assert.Equal("BadTarget",
            Verdict(Request($"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n", Limits with { AllowsNonAsciiTarget = true }, out _)));

    [Theory]
    [InlineData("http://a\\b/")]
    [InlineData("http://a\"/")]
    [InlineData("http://<a>/")]
    [InlineData("http://a^/")]
    [InlineData("http://{a}/")]
    [InlineData("http://a|b/")]
    [InlineData("http://a`/")]
    [InlineData("http:\\\\a\\")]
    [InlineData("\\/a")]
    [InlineData("\\")]
    public void ByteOfAPath_InAHostOrBeforeIt_IsRejected(string target) =>
        Assert.Equal("BadTarget", Verdict(Target("GET", target, out _)));

    [Theory]
    [InlineData("http://example.test/p?q=1", "example.test", "/p?q=1")]
    [InlineData("http://a/\\b?\"<>", "a", "/\\b?\"<>")]
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
