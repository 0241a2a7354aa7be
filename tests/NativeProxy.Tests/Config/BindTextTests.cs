using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>Several addresses in short: ranges of ports, and all addresses.</summary>
public sealed class BindTextTests
{
    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.1:80")]
    [InlineData(":8080", "*:8080")]
    [InlineData("[::1]:8000-8002", "[::1]:8000 [::1]:8001 [::1]:8002")]
    [InlineData(":8000-8001", "*:8000 *:8001")]
    [InlineData("*:8000-8000", "*:8000")]
    [InlineData("*:8001-8000", "*:8001-8000")]
    [InlineData("*:0-1", "*:0-1")]
    [InlineData("*:1-65535", "*:1-65535")]
    [InlineData("", "")]
    [InlineData("a-b", "a-b")]
    public void Texts_StandForTheirAddresses(string text, string addresses) => Assert.Equal(addresses, string.Join(' ', BindText.Expand(text)));

    [Theory]
    [InlineData("127.0.0.1:8000-8010", true)]
    [InlineData(":8080", true)]
    [InlineData("127.0.0.1:1-1001", false)]
    [InlineData("127.0.0.1:8010-8000", false)]
    public void RangesThatAreNone_AreRefused(string bind, bool isSound)
    {
        Assert.Matches(BindText.Pattern, bind);
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal.Replace("127.0.0.1:8080", bind, System.StringComparison.Ordinal));
        Assert.Equal(isSound, result.IsOk);
        Assert.Equal(isSound ? [] : ["3: the address \"" + bind + "\" has a wrong port (1 to 65535)"],
            result.Errors.Select(static error => $"{error.Line}: {error.Problem}"));
    }

    [Fact]
    public void PortThatTwoRangesShare_IsBoundTwice() => Assert.Equal(
        ["3: the address \"127.0.0.1:8005\" is bound twice"],
        SettingsTrial.Problems(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", "[\"127.0.0.1:8000-8005\", \"127.0.0.1:8005-8009\"]",
            System.StringComparison.Ordinal)));

    [Fact]
    public void EachAddressOfARange_IsListenedOn() => Assert.Equal(
        (string[])["127.0.0.1:8000", "127.0.0.1:8001", "*:9000"],
        SettingsTrial.Parse(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", "[\"127.0.0.1:8000-8001\", \":9000\"]",
            System.StringComparison.Ordinal)).Settings.Listeners[0].Bind);
}
