using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class HostTests
{
    [Theory]
    [InlineData("example.test")]
    [InlineData("example.test:8080")]
    [InlineData("example.test:")]
    [InlineData("example.test:0")]
    [InlineData("example.test:65535")]
    [InlineData("EXAMPLE_1.test")]
    [InlineData("192.0.2.1:80")]
    [InlineData("a%20b")]
    [InlineData("[::1]")]
    [InlineData("[::1]:8080")]
    [InlineData("")]
    public void ValidHost_IsAccepted(string host) => Assert.Equal("Done", Verdict(WithHost("HTTP/1.1", "Host: " + host)));

    [Theory]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("a/b")]
    [InlineData("user@example.test")]
    [InlineData("a.test, b.test")]
    [InlineData("a.test,b.test")]
    [InlineData("example.test:80a")]
    [InlineData("example.test:80:80")]
    [InlineData("example.test:65536")]
    [InlineData("example.test:000080")]
    [InlineData("example.test:-1")]
    [InlineData(":80")]
    [InlineData(":")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    [InlineData("a%2")]
    [InlineData("a%zz")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("x[::1]")]
    [InlineData("[]")]
    [InlineData("[v1.x]")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("[192.0.2.1]")]
    [InlineData("a\\b")]
    [InlineData("a\"b")]
    [InlineData("caf\u00e9")]
    public void InvalidHost_IsRejected(string host) => Assert.Equal("BadHost", Verdict(WithHost("HTTP/1.1", "Host: " + host)));

    [Fact]
    public void ControlByteInHost_IsRejectedAsAFieldValueAlready() =>
        Assert.Equal("BadFieldValue", Verdict(WithHost("HTTP/1.1", "Host: a\x01b")));

    [Fact]
    public void Http11WithoutHost_IsRejected() => Assert.Equal("MissingHost", Verdict(WithHost("HTTP/1.1")));

    [Fact]
    public void Http10WithoutHost_IsAccepted() => Assert.Equal("Done", Verdict(WithHost("HTTP/1.0")));

    [Fact]
    public void AbsoluteFormWithoutHost_IsRejectedInHttp11() =>
        Assert.Equal("MissingHost", Verdict(Request("GET http://a/ HTTP/1.1\r\n\r\n", out _)));

    [Theory]
    [InlineData("HTTP/1.1", "b")]
    [InlineData("HTTP/1.1", "a")]
    [InlineData("HTTP/1.0", "b")]
    public void SecondHost_IsRejectedEvenWhenEqual(string version, string second) =>
        Assert.Equal("DuplicateHost", Verdict(WithHost(version, "Host: a", "X: y", "hOST: " + second)));

    [Theory]
    [InlineData("1:2:3:4:5:6:7:8")]
    [InlineData("::")]
    [InlineData("::8")]
    [InlineData("1::")]
    [InlineData("1:2:3:4:5:6:7::")]
    [InlineData("::2:3:4:5:6:7:8")]
    [InlineData("1::3:4:5:6:7:8")]
    [InlineData("2001:DB8::abcd")]
    [InlineData("::ffff:192.0.2.1")]
    [InlineData("1:2:3:4:5:6:192.0.2.1")]
    public void Ipv6Address_IsRecognised(string text) => Assert.True(Ipv6Rules.IsAddress(Bytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7:8::")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7:")]
    [InlineData(":1:2:3:4:5:6:7")]
    [InlineData("12345::")]
    [InlineData("g::")]
    [InlineData("::192.0.2")]
    [InlineData("::192.0.2.256")]
    [InlineData("::192.0.2.01")]
    [InlineData("::192.0.2.1:1")]
    [InlineData("1:2:3:4:5:6:7:192.0.2.1")]
    [InlineData("192.0.2.1")]
    public void OtherText_IsNoIpv6Address(string text) => Assert.False(Ipv6Rules.IsAddress(Bytes(text)));

    private static ParseOutcome WithHost(string version, params string[] lines) =>
        Request($"GET / {version}\r\n" + Lines(lines), out _);
}
