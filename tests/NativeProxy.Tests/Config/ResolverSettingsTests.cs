using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class ResolverSettingsTests
{
    [Fact]
    public void Defaults_AskTheSystemsServers()
    {
        ResolverSettings resolver = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Resolver;

        Assert.Empty(resolver.Servers);
        Assert.Equal((2_000, 3, 1_000, 300_000, 5_000),
            (resolver.TimeoutMs, resolver.Attempts, resolver.MinTtlMs, resolver.MaxTtlMs, resolver.NegativeTtlMs));
    }

    [Theory]
    [InlineData("servers = [\"10.0.0.53:53\", \"[2001:db8::1]:5353\"]\nmin_ttl = \"1s\"\nmax_ttl = \"1s\"")]
    [InlineData("attempts = 1\ntimeout = \"10ms\"")]
    public void SoundSettings_AreTaken(string lines) => Assert.Empty(SettingsTrial.Problems(With(lines)));

    [Theory]
    [InlineData("servers = [\"dns.test:53\"]", "11: the DNS server \"dns.test:53\" has a name as its host")]
    [InlineData("servers = [\"10.0.0.53\"]", "11: the DNS server \"10.0.0.53\" has no port")]
    [InlineData("min_ttl = \"10s\"\nmax_ttl = \"5s\"", "11: min_ttl (10s) is above max_ttl (5s)")]
    public void SettingsThatContradict_AreNamed(string lines, string problem) => Assert.Equal([problem], SettingsTrial.Problems(With(lines)));

    [Fact]
    public void SameSettings_AreRecognised()
    {
        ResolverSettings one = Read("servers = [\"10.0.0.53:53\"]");

        Assert.True(one.IsSameAs(Read("servers = [\"10.0.0.53:53\"]")));
        Assert.False(one.IsSameAs(Read("servers = [\"10.0.0.54:53\"]")));
        Assert.False(one.IsSameAs(Read("servers = [\"10.0.0.53:53\"]\nattempts = 1")));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("\"auto\"", null)]
    public void ForwardedFields_AreOnOffOrAutomatic(string value, bool? expected) =>
        Assert.Equal(expected,
            SettingsTrial.Parse(SettingsTrial.WithListener("forwarded.x_forwarded_for = " + value)).Settings.Listeners[0].Forwarded.XForwardedFor);

    [Fact]
    public void OtherTextForAForwardedField_IsNamed() =>
        Assert.Single(SettingsTrial.Problems(SettingsTrial.WithListener("forwarded.x_forwarded_for = \"yes\"")));

    private static string With(string lines) => SettingsTrial.Minimal + "[resolver]\n" + lines + "\n";

    private static ResolverSettings Read(string lines) => SettingsTrial.Parse(With(lines)).Settings.Resolver;
}
