using System.Text.RegularExpressions;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class AddressTextTests
{
    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.1", 80)]
    [InlineData("0.0.0.0:65535", "0.0.0.0", 65535)]
    [InlineData("[::1]:8080", "::1", 8080)]
    [InlineData("[::]:1", "::", 1)]
    [InlineData("[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4", 1)]
    public void IpAddress_IsReadForBothUses(string text, string host, int port)
    {
        foreach (AddressUse use in new[] { AddressUse.Bind, AddressUse.Server })
        {
            Assert.True(AddressText.TryParse(text, use, out HostPort address, out string problem), problem);
            Assert.Equal(host, address.Host);
            Assert.Equal(port, address.Port);
            Assert.NotNull(address.Ip);
        }

        Assert.Matches(AddressText.BindPattern, text);
        Assert.Matches(ServerAddressText.Pattern, text);
    }

    [Fact]
    public void Star_IsForBindsOnly()
    {
        Assert.True(AddressText.TryParse("*:80", AddressUse.Bind, out HostPort address, out _));
        Assert.Null(address.Ip);
        Assert.False(AddressText.TryParse("*:80", AddressUse.Server, out _, out _));
        Assert.Matches(AddressText.BindPattern, "*:80");
        Assert.DoesNotMatch(ServerAddressText.Pattern, "*:80");
    }

    [Theory]
    [InlineData("localhost:80")]
    [InlineData("app.example.com:80")]
    [InlineData("app.example.com.:80")]
    [InlineData("my_app-1:80")]
    public void Name_IsForServersOnly(string text)
    {
        Assert.True(AddressText.TryParse(text, AddressUse.Server, out HostPort address, out string problem), problem);
        Assert.Null(address.Ip);
        Assert.False(AddressText.TryParse(text, AddressUse.Bind, out _, out _));
        Assert.Matches(ServerAddressText.Pattern, text);
        Assert.DoesNotMatch(AddressText.BindPattern, text);
    }

    [Theory]
    [InlineData("", "has no port")]
    [InlineData("127.0.0.1", "has no port")]
    [InlineData("[::1]", "has no port")]
    [InlineData(":80", "has no host")]
    [InlineData("127.0.0.1:", "has a wrong port (1 to 65535)")]
    [InlineData("127.0.0.1:0", "has a wrong port (1 to 65535)")]
    [InlineData("127.0.0.1:65536", "has a wrong port (1 to 65535)")]
    [InlineData("127.0.0.1:+80", "has a wrong port (1 to 65535)")]
    [InlineData("127.0.0.1: 80", "has a wrong port (1 to 65535)")]
    [InlineData("127.0.0.1:http", "has a wrong port (1 to 65535)")]
    [InlineData("127.0.0.1:000080", "has a wrong port (1 to 65535)")]
    [InlineData("1.2.3:80", "has a wrong IPv4 address")]
    [InlineData("1.2.3.256:80", "has a wrong IPv4 address")]
    [InlineData("01.2.3.4:80", "has a wrong IPv4 address")]
    [InlineData("1:80", "has a wrong IPv4 address")]
    [InlineData("::1:80", "has an IPv6 address without brackets")]
    [InlineData("[::1:80", "has a wrong IPv6 address")]
    [InlineData("[1.2.3.4]:80", "has a wrong IPv6 address")]
    [InlineData("[fe80::1%eth0]:80", "has a wrong IPv6 address")]
    [InlineData("[]:80", "has a wrong IPv6 address")]
    [InlineData("-a.example:80", "has a wrong host name")]
    [InlineData("a..b:80", "has a wrong host name")]
    [InlineData("a b:80", "has a wrong host name")]
    [InlineData("http://a:80", "is a URL; only host and port belong here")]
    public void MalformedAddress_IsRefusedWithItsReason(string text, string problem)
    {
        Assert.False(AddressText.TryParse(text, AddressUse.Server, out _, out string reason));
        Assert.Equal(problem, reason);
    }

    [Theory]
    [InlineData("[::1]:80", "[0:0:0:0:0:0:0:1]:80")]
    [InlineData("App.Example:80", "app.example.:80")]
    public void TwoSpellingsOfOneAddress_AreEqual(string one, string other)
    {
        Assert.True(AddressText.TryParse(one, AddressUse.Server, out HostPort first, out _));
        Assert.True(AddressText.TryParse(other, AddressUse.Server, out HostPort second, out _));
        Assert.Equal(first.Canonical, second.Canonical);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("a.b_c:d-9")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("\u00e4")]
    [InlineData("a\n")]
    public void NamePattern_AgreesWithTheRule(string name) =>
        Assert.Equal(NameText.IsValid(name), Regex.IsMatch(name, NameText.Pattern.Replace("$", "\\z")));

    [Fact]
    public void TokenPatterns_AgreeWithTheRules()
    {
        for (int c = 0; c < 256; c++)
        {
            string text = ((char)c).ToString();
            Assert.Equal(TokenText.IsToken(text), Regex.IsMatch(text, TokenText.Pattern.Replace("+$", "+\\z")));
            Assert.Equal(TokenText.IsLowerCaseToken(text), Regex.IsMatch(text, TokenText.LowerCasePattern.Replace("+$", "+\\z")));
        }
    }
}
