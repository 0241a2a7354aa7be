using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class ForwardSettingsTests
{
    private const string Listener = "[[listener]]\nname = \"out\"\nbind = [\"127.0.0.1:3128\"]\nmode = \"forward\"\n";

    [Fact]
    public void ForwardListener_NeedsNoUpstream()
    {
        Assert.Empty(SettingsTrial.Problems(Listener));
        Assert.Empty(SettingsTrial.Warnings(Listener));
        Assert.Equal(["4: a listener in mode \"forward\" has no upstream"],
            SettingsTrial.Problems(SettingsTrial.Minimal.Replace("upstream = \"app\"", "upstream = \"app\"\nmode = \"forward\"",
                StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("upstream = \"\"", "4: \"upstream\" in [[listener]] must not be empty")]
    [InlineData("mode = \"udp\"", "4: \"mode\" in [[listener]] is \"udp\"")]
    public void OtherListener_NeedsOne(string line, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.Minimal.Replace("upstream = \"app\"", line, StringComparison.Ordinal)));

    [Theory]
    [InlineData("")]
    [InlineData("mode = \"http\"")]
    public void OtherListenerWithoutOne_NeedsThatThereIsOneOnly(string line)
    {
        const string Second = "[[upstream]]\nname = \"b\"\n[[upstream.server]]\nname = \"a\"\naddress = \"127.0.0.1:1\"\n";
        string toml = SettingsTrial.Minimal.Replace("upstream = \"app\"", line, StringComparison.Ordinal);

        Assert.Empty(SettingsTrial.Problems(toml));
        Assert.Equal(["1: required key \"upstream\" is missing in [[listener]]"], SettingsTrial.Problems(toml + Second));
    }

    [Fact]
    public void UpstreamThatOnlyAForwardListenerCouldMean_IsWarnedAbout() =>
        Assert.Equal(["6: no listener uses the upstream \"app\""],
            SettingsTrial.Warnings(Listener + SettingsTrial.Minimal[SettingsTrial.Minimal.IndexOf("[[upstream]]", StringComparison.Ordinal)..]));

    [Theory]
    [InlineData("connect_ports", "0", "\"0\" is no port")]
    [InlineData("connect_ports", "65536", "\"65536\" is no port")]
    [InlineData("connect_ports", "9-8", "\"9-8\" is no port")]
    [InlineData("http_ports", "80-", "\"80-\" is no port")]
    [InlineData("http_ports", "http", "\"http\" is no port")]
    [InlineData("http_ports", "", "\"\" is no port")]
    [InlineData("clients", "10", "\"10\" is no network")]
    [InlineData("clients", "10.0.0.1/8", "\"10.0.0.1/8\" is no network")]
    [InlineData("deny", "10.0.0.0/33", "\"10.0.0.0/33\" is no network")]
    [InlineData("deny", "010.0.0.0/8", "\"010.0.0.0/8\" is no network")]
    [InlineData("deny", "fe80::1%1", "\"fe80::1%1\" is no network")]
    [InlineData("allow", "localhost", "\"localhost\" is no network")]
    [InlineData("allow", "[::1]", "\"[::1]\" is no network")]
    [InlineData("allow", "", "\"\" is no network")]
    public void WrongItem_IsShownWithItsPlace(string key, string item, string problem)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse($"{Listener}[listener.forward]\n{key} = [\n\"{item}\"]\n").Errors);

        Assert.Equal((7, 1, problem), (error.Line, error.Column, error.Problem));
        Assert.NotEmpty(error.Expected);
    }

    [Theory]
    [InlineData("connect_ports", "1")]
    [InlineData("connect_ports", "65535")]
    [InlineData("http_ports", "1-65535")]
    [InlineData("http_ports", "80-80")]
    [InlineData("clients", "0.0.0.0/0")]
    [InlineData("clients", "10.1.2.3")]
    [InlineData("deny", "2001:DB8::/32")]
    [InlineData("deny", "::")]
    [InlineData("allow", "::ffff:0:0/96")]
    public void SoundItem_IsAccepted(string key, string item) =>
        Assert.Empty(SettingsTrial.Problems($"{Listener}[listener.forward]\n{key} = [\"{item}\"]\n"));

    [Fact]
    public void Defaults_AreSoundAndSafe()
    {
        ForwardSettings forward = SettingsTrial.Parse(Listener).Settings.Listeners[0].Forward;

        Assert.All(forward.Clients.Concat(forward.Deny), text => Assert.True(NetworkText.TryParse(text, out _), text));
        Assert.All(forward.ConnectPorts.Concat(forward.HttpPorts), text => Assert.True(PortText.TryParse(text, out _), text));
        Assert.Equal("443", Assert.Single(forward.ConnectPorts));
        Assert.Empty(forward.Allow);
        Assert.Equal((30_000L, 5_000L, 3), (forward.Keepalive.IdleTimeoutMs, forward.Timeouts.ConnectMs, forward.Retry.Attempts));
    }
}
