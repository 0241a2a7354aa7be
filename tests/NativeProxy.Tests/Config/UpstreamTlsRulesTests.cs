using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>What `[upstream.tls]` and `tls_name` may say. The upstream's lines begin in line 7.</summary>
public sealed class UpstreamTlsRulesTests
{
    private const string On = "tls.enabled = true\n";

    [Theory]
    [InlineData("", "")]
    [InlineData(On, "")]
    [InlineData(On, "tls_name = \"a.example\"")]
    [InlineData(On, "tls_name = \"2001:db8::1\"")]
    [InlineData(On + "tls.name = \"a.example\"\ntls.ca = \"ca.pem\"\ntls.crl = \"crl.pem\"\ntls.certificate = \"c.pem\"\ntls.key = \"k.pem\"", "")]
    [InlineData(On + "tls.certificate = \"c.pem\"\ntls.sni = \"host\"\ntls.session_reuse = false", "")]
    [InlineData("tls.enabled = false\ntls.verify = false", "")]
    public void ProperTls_IsAcceptedWithoutAWord(string lines, string server)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.With(upstream: lines, server: server));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("tls.name = \"*.example\"", "8: \"*.example\" cannot be the name of a server")]
    [InlineData("tls.name = \"a.example:443\"", "8: \"a.example:443\" cannot be the name of a server")]
    [InlineData("tls.key = \"k.pem\"", "8: a private key without its certificate")]
    [InlineData("tls.crl = \"crl.pem\"", "8: revocation lists say nothing without the authorities that wrote them")]
    [InlineData("tls.min_version = \"1.3\"\ntls.max_version = \"1.2\"", "8: min_version (1.3) is above max_version (1.2)")]
    [InlineData("tls.sni = \"host\"\nkeepalive.min_idle = 2",
        "9: a connection that is opened ahead has no request whose Host it could name (tls.sni = \"host\")")]
    public void WrongTls_IsRefused(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithUpstream(On + lines)));

    [Fact]
    public void WrongNameOfAServer_IsRefused() => Assert.Equal(["11: \"a b\" cannot be the name of a server"],
        SettingsTrial.Problems(SettingsTrial.With(upstream: On.TrimEnd(), server: "tls_name = \"a b\"")));

    [Theory]
    [InlineData("", 1)]
    [InlineData("tls_name = \"a.example\"", 0)]
    public void UnixSocket_NeedsANameForItsCertificate(string server, int problems) => Assert.Equal(problems, SettingsTrial.Problems(
        SettingsTrial.With(upstream: On, server: server).Replace("127.0.0.1:9001", "unix:/run/a.sock", System.StringComparison.Ordinal)).Length);

    [Theory]
    [InlineData("tls.ca = \"ca.pem\"", "7: TLS is described but not switched on")]
    [InlineData(On + "tls.verify = false", "8: anybody between the proxy and the servers can pass for one of them")]
    public void DoubtfulTls_IsWarnedOf(string lines, string warning) =>
        Assert.Equal([warning], SettingsTrial.Warnings(SettingsTrial.WithUpstream(lines)));

    [Theory]
    [InlineData("tls.ca = \"ca.pem\"", 2)]
    [InlineData("tls.ca = \"ca.pem\"\ntls.crl = \"crl.pem\"", 3)]
    [InlineData("tls.name = \"a.example\"", 1)]
    [InlineData("tls.name = \"a.example\"\ntls.sni = \"none\"", 2)]
    public void WhatIsForVerification_IsWarnedOfWithoutIt(string lines, int warnings) =>
        Assert.Equal(warnings, SettingsTrial.Warnings(SettingsTrial.WithUpstream(On + "tls.verify = false\n" + lines)).Length);

    [Fact]
    public void NameOfAServerWithoutTls_IsWarnedOf() => Assert.Equal(["10: \"tls_name\" has no effect: no TLS is spoken with the servers"],
        SettingsTrial.Warnings(SettingsTrial.With(server: "tls_name = \"a.example\"")));
}
