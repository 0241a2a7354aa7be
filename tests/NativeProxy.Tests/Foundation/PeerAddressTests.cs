using System;
using System.Net;
using System.Text;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Foundation;

public class PeerAddressTests
{
    [Theory]
    [InlineData("0.0.0.0", 0)]
    [InlineData("192.0.2.255", 65535)]
    [InlineData("10.20.100.9", 80)]
    [InlineData("::", 1)]
    [InlineData("2001:db8::8:800:200c:417a", 443)]
    [InlineData("2001:0:0:1::1", 443)]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 443)]
    public void Address_IsReadBackAsItWasGiven(string text, int port)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(text), port);

        var address = PeerAddress.Of(endPoint);

        Assert.True(address.IsGiven);
        Assert.Equal(endPoint, address.ToEndPoint());
        Assert.Equal(text, TextOf(address));
    }

    [Fact]
    public void MappedAddress_IsAnIpv4Address() =>
        Assert.Equal("10.1.2.3:80", PeerAddress.Of(new IPEndPoint(IPAddress.Parse("::ffff:10.1.2.3"), 80)).ToString());

    [Fact]
    public void NoIpAddress_IsNone()
    {
        Assert.False(PeerAddress.Of(null).IsGiven);
        Assert.False(PeerAddress.Of(new DnsEndPoint("example.org", 80)).IsGiven);
        Assert.Equal("-", TextOf(default));
        Assert.Equal(0, default(PeerAddress).WriteBytes(new byte[16]));
    }

    private static string TextOf(PeerAddress address)
    {
        Span<byte> text = stackalloc byte[PeerAddress.TextBytesMax];
        return Encoding.ASCII.GetString(text[..address.WriteText(text)]);
    }
}
