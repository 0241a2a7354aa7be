using NativeProxy.Http;
using NativeProxy.Routing;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Routing;

public class ForwardTargetTests
{
    [Theory]
    [InlineData("GET http://example.test/path", "example.test 80")]
    [InlineData("GET http://example.test", "example.test 80")]
    [InlineData("GET http://example.test:/", "example.test 80")]
    [InlineData("GET http://example.test:8080/a:b", "example.test 8080")]
    [InlineData("GET HTTP://Example.Test.:65535?q", "Example.Test. 65535")]
    [InlineData("GET http://192.0.2.1:1/", "192.0.2.1 1")]
    [InlineData("GET http://[2001:db8::1]/", "2001:db8::1 80")]
    [InlineData("GET http://[2001:db8::1]:8080/", "2001:db8::1 8080")]
    [InlineData("GET http://my_host-1/", "my_host-1 80")]
    [InlineData("GET http://a/", "a 80")]
    [InlineData("CONNECT example.test:443", "example.test 443")]
    [InlineData("CONNECT [::1]:443", "::1 443")]
    public void SoundTarget_IsTakenApart(string line, string expected) => Assert.Equal(expected, Read(line));

    [Theory]
    [InlineData("GET /path", "NotAProxyRequest")]
    [InlineData("OPTIONS *", "NotAProxyRequest")]
    [InlineData("GET https://example.test/", "SchemeNotSupported")]
    [InlineData("GET http://example.test:0/", "BadRequest BadTarget")]
    [InlineData("CONNECT example.test:0", "BadRequest BadTarget")]
    [InlineData("GET http://a%2eb/", "BadRequest BadTarget")]
    [InlineData("GET http://a!b/", "BadRequest BadTarget")]
    [InlineData("GET http://a..b/", "BadRequest BadTarget")]
    [InlineData("GET http://.a/", "BadRequest BadTarget")]
    [InlineData("GET http://./", "BadRequest BadTarget")]
    public void OtherTarget_IsRefused(string line, string expected) => Assert.Equal(expected, Read(line));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void LabelOf63Bytes_IsTheLongest(int bytes, bool isSound)
    {
        Assert.Equal(isSound ? new string('a', bytes) + ".test 80" : "BadRequest BadTarget", Read($"GET http://{new string('a', bytes)}.test/"));
        Assert.Equal(isSound ? "a." + new string('a', bytes) + " 80" : "BadRequest BadTarget", Read($"GET http://a.{new string('a', bytes)}/"));
    }

    [Theory]
    [InlineData(253, true)]
    [InlineData(254, false)]
    public void NameOf253Bytes_IsTheLongest(int bytes, bool isSound)
    {
        string name = string.Concat(System.Linq.Enumerable.Repeat("a.", 126)) + new string('b', bytes - 252);

        Assert.Equal(isSound ? name + " 80" : "BadRequest BadTarget", Read($"GET http://{name}/"));
    }

    private static string Read(string line)
    {
        string text = line + " HTTP/1.1\r\nHost: h\r\n\r\n";
        Assert.Equal("Done", Verdict(Request(text, out RequestHead head)));
        ForwardTarget target = ForwardTarget.Read(Bytes(text), head);
        return target.Refusal == NativeProxy.Foundation.ProxyError.None
            ? $"{Text(target.Host)} {target.Port}"
            : target.Detail == RejectReason.None ? target.Refusal.ToString() : $"{target.Refusal} {target.Detail}";
    }
}
