using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>TLS of the operator's endpoint, as far as the settings alone can be wrong.</summary>
public sealed class AdminRulesTests
{
    private const string Pair = "certificate = \"/c.pem\"";

    [Theory]
    [InlineData("bind = \"127.0.0.1:9901\"\n" + Pair, "")]
    [InlineData("bind = \"127.0.0.1:9901\"\n" + Pair + "\nkey = \"/k.pem\"", "")]
    [InlineData("bind = \"127.0.0.1:9901\"\nkey = \"/k.pem\"", "a private key without its certificate")]
    [InlineData("bind = \"unix:/run/a.sock\"\n" + Pair, "TLS is not spoken over a Unix socket, which only this machine's users can connect to")]
    public void Mistakes_AreErrors(string lines, string problem) => Assert.Equal(
        problem.Length == 0 ? [] : [problem],
        SettingsTrial.Problems(SettingsTrial.Minimal + "[admin]\n" + lines).Select(WithoutLine));

    [Theory]
    [InlineData("bind = \"127.0.0.1:9901\"\n" + Pair, "")]
    [InlineData("bind = \"[::1]:9901\"\n" + Pair, "")]
    [InlineData("bind = \"*:9901\"\n" + Pair, "other machines are served without /api: there is no token that they could show")]
    [InlineData("bind = \"192.0.2.1:9901\"\n" + Pair, "other machines are served without /api: there is no token that they could show")]
    [InlineData("bind = \"0.0.0.0:9901\"\nread_token_file = \"/t\"\n" + Pair, "")]
    [InlineData("bind = \"[::]:9901\"\nwrite_token_file = \"/t\"\n" + Pair, "")]
    [InlineData("bind = \"0.0.0.0:9901\"", "")]
    [InlineData(Pair, "\"certificate\" has no effect: there is no admin endpoint")]
    public void WhatIsProbablyNotMeant_IsAWarning(string lines, string problem) => Assert.Equal(
        problem.Length == 0 ? [] : [problem],
        SettingsTrial.Warnings(SettingsTrial.Minimal + "[admin]\n" + lines).Select(WithoutLine));

    [Theory]
    [InlineData("bind = \"127.0.0.1:9901\"\n" + Pair, true)]
    [InlineData("bind = \"127.0.0.1:9901\"", false)]
    [InlineData(Pair, false)]
    public void TlsIsSpoken_WhereThereIsAnAddressAndACertificate(string lines, bool isSecured) =>
        Assert.Equal(isSecured, SettingsTrial.Parse(SettingsTrial.Minimal + "[admin]\n" + lines).Settings.Admin.IsSecured);

    /// <summary>While somebody is at work on the file, commands still know how to ask.</summary>
    [Fact]
    public void TableBesideErrors_IsReadWithItsCertificate()
    {
        Assert.True(SoundTable.TryAdmin(SettingsTrial.Text("nonsense = 1\n[admin]\nbind = \"127.0.0.1:9901\"\ncertificate = \"/c.pem\"\n"u8),
            out AdminSettings admin));
        Assert.Equal("/c.pem", admin.Certificate);
    }

    private static string WithoutLine(string text) => text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..];
}
