using Xunit;

namespace NativeProxy.Tests.Config;

[Trait("promise", "B6")]
public class KeepaliveRulesTests
{
    [Theory]
    [InlineData("min_idle = 4\nmax_idle = 3", "8: min_idle (4) is above max_idle (3)")]
    [InlineData("min_idle = 257", "8: min_idle (257) is above max_idle (256)")]
    [InlineData("min_idle = 4\nmax_idle = 4")]
    [InlineData("min_idle = 0\nmax_idle = 0")]
    public void MinIdle_IsNotAboveMaxIdle(string lines, params string[] problems) =>
        Assert.Equal(problems, SettingsTrial.Problems(SettingsTrial.WithUpstream("[upstream.keepalive]\n" + lines)));

    [Theory]
    [InlineData("min_idle = 1\nenabled = false", 1)]
    [InlineData("min_idle = 1\nreuse = \"never\"", 1)]
    [InlineData("min_idle = 1\nreuse = \"safe\"", 0)]
    [InlineData("min_idle = 0\nenabled = false", 0)]
    public void MinIdleWithoutAPool_IsWarnedOf(string lines, int expected) =>
        Assert.Equal(expected, SettingsTrial.Warnings(SettingsTrial.WithUpstream("[upstream.keepalive]\n" + lines)).Length);

    [Fact]
    public void MinIdleForAListenerOfModeTcp_IsRefused() => Assert.Equal(
        ["8: a connection of a listener in mode \"tcp\" is one client's from its first byte"],
        SettingsTrial.Problems(SettingsTrial.With(listener: "mode = \"tcp\"", upstream: "keepalive.min_idle = 1")));
}
