using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>What `[listener.tls]` may say. The listener's lines begin in line 5.</summary>
public sealed class ListenerTlsRulesTests
{
    private const string On = "tls.enabled = true\ntls.certificate = [{ file = \"a.pem\" }]\n";

    [Theory]
    [InlineData("")]
    [InlineData("tls.enabled = false\ntls.min_version = \"1.3\"")]
    [InlineData(On)]
    [InlineData(On + "mode = \"tcp\"\ntls.alpn = [\"h2\", \"imap\"]\ntimeouts.handshake = \"3s\"\nlimits.handshakes = 10")]
    [InlineData(On + "proxy_protocol = true\ntls.min_version = \"1.3\"\ntls.cipher_suites = [\"TLS_AES_128_GCM_SHA256\"]\ntls.groups = [\"X25519\"]")]
    [InlineData(On + "tls.max_version = \"1.2\"\ntls.ciphers = [\"ECDHE+AESGCM\", \"!aNULL\"]\ntls.alpn = [\"http/1.1\", \"http/1.0\"]")]
    [InlineData(On + "tls.client = { certificate = \"required\", ca = \"ca.pem\", crl = \"crl.pem\" }\nforwarded.client_certificate = \"x_ssl\"")]
    [InlineData("tls = { enabled = true, certificate = [{ file = \"a\", names = [\"a.example\", \"*.b.example\", \"xn--bcher-kva.example\"] }] }")]
    [InlineData(On + "tls.records = \"dynamic\"\ntls.ticket_rotation = \"0s\"\ntls.session_cache = 100\ntls.unknown_name = \"refuse\"")]
    [InlineData(On + "tls.records = \"512\"\ntls.ticket_keys = \"/etc/keys\"")]
    public void ProperTls_IsAcceptedWithoutAWord(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void TlsWithoutACertificate_IsRefused() =>
        Assert.Equal(["5: TLS without a certificate"], SettingsTrial.Problems(SettingsTrial.WithListener("tls.enabled = true")));

    [Fact]
    public void CertificateWithoutAFile_IsRefused() => Assert.Equal(["7: required key \"file\" is missing in [[listener.tls.certificate]]"],
        SettingsTrial.Problems(SettingsTrial.WithListener("[listener.tls]\nenabled = true\n[[listener.tls.certificate]]\nkey = \"k.pem\"")));

    [Theory]
    [InlineData("tls.min_version = \"1.3\"\ntls.max_version = \"1.2\"", "7: min_version (1.3) is above max_version (1.2)")]
    [InlineData("tls.min_version = \"1.1\"", "7: \"min_version\" in [listener.tls] is \"1.1\"")]
    [InlineData("tls.alpn = [\"h2\"]", "7: \"h2\" is not spoken here")]
    [InlineData("tls.alpn = [\"\"]", "7: \"\" cannot be the name of a protocol")]
    [InlineData("tls.ciphers = [\"A:B\"]", "7: \"A:B\" cannot be the name of a cipher")]
    [InlineData("tls.cipher_suites = [\"\"]", "7: \"\" cannot be the name of a cipher suite")]
    [InlineData("tls.groups = [\"P 256\"]", "7: \"P 256\" cannot be the name of a group")]
    [InlineData("tls.records = \"511\"", "7: \"511\" is no size of records")]
    [InlineData("tls.records = \"17KiB\"", "7: \"17KiB\" is no size of records")]
    [InlineData("tls.client.certificate = \"optional\"", "7: nobody's word about clients is believed")]
    [InlineData("tls.client.crl = \"crl.pem\"", "7: revocation lists say nothing without the authorities that wrote them")]
    public void WrongTls_IsRefused(string line, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithListener(On + line)));

    [Theory]
    [InlineData("*", "cannot be the name of a server")]
    [InlineData("a.*.example", "cannot be the name of a server")]
    [InlineData("a.example.", "cannot be the name of a server")]
    [InlineData("[::1]", "is an address, which clients never name (RFC 6066 section 3)")]
    [InlineData("192.0.2.1", "is an address, which clients never name (RFC 6066 section 3)")]
    public void WrongNames_AreRefused(string name, string problem) => Assert.Equal([$"6: \"{name}\" {problem}"],
        SettingsTrial.Problems(SettingsTrial.WithListener($"tls.enabled = true\ntls.certificate = [{{ file = \"a\", names = [\"{name}\"] }}]")));

    [Theory]
    [InlineData("tls.min_version = \"1.3\"", "5: TLS is described but not switched on")]
    [InlineData(On + "tls.min_version = \"1.3\"\ntls.ciphers = [\"X\"]",
        "8: \"ciphers\" has no effect: it is for TLS 1.2, which is not spoken")]
    [InlineData(On + "tls.max_version = \"1.2\"\ntls.cipher_suites = [\"X\"]",
        "8: \"cipher_suites\" has no effect: it is for TLS 1.3, which is not spoken")]
    [InlineData(On + "tls.tickets = false\ntls.ticket_keys = \"k\"", "8: \"ticket_keys\" has no effect: there are no tickets")]
    [InlineData(On + "tls.ticket_keys = \"k\"\ntls.ticket_rotation = \"1h\"",
        "8: \"ticket_rotation\" has no effect: keys of a file stay as they are")]
    [InlineData(On + "tls.client.ca = \"ca.pem\"", "7: no client is asked for a certificate")]
    [InlineData(On + "forwarded.client_certificate = \"rfc9440\"", "7: no client is asked for a certificate")]
    public void WhatHasNoEffect_IsWarnedOf(string lines, string warning) =>
        Assert.Equal([warning], SettingsTrial.Warnings(SettingsTrial.WithListener(lines)));

    [Fact]
    public void UnknownChoices_AreToldWithTheNearestOne()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.WithListener(On + "tls.client.certificate = \"require\"")).Errors);
        Assert.Equal("did you mean \"required\"?", error.Hint);
    }

    [Theory]
    [InlineData("dynamic", 0)]
    [InlineData("512", 512)]
    [InlineData("4KiB", 4096)]
    [InlineData("16KiB", 16384)]
    public void Records_AreDynamicOrASize(string text, int expected)
    {
        Assert.True(TlsRecordsText.TryParse(text, out int bytes));
        Assert.Equal(expected, bytes);
    }
}
