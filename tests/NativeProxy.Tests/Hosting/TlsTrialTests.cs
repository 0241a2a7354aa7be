using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using NativeProxy.Config;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Certificates;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>A start or reload with files of TLS that cannot be used is refused with their key and place.</summary>
public sealed class TlsTrialTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tls-trial-").FullName;
    private readonly TestAuthority _root = TestAuthority.Root("Root");

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void ProperFiles_AreHandedOnWithoutAWord()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        string certificate = Written("a.pem", leaf + _root.Pem);
        string keys = Written("tickets", Convert.ToBase64String(RandomNumberGenerator.GetBytes(80)) + "\n");

        TlsFiles files = Try($"ticket_keys = \"{keys}\"\nclient = {{ certificate = \"required\", ca = \"{Written("ca.pem", _root.Pem)}\", "
            + $"crl = \"{Written("crl.pem", _root.Revocations(TestAuthority.Now.AddDays(3)))}\" }}\n"
            + $"certificate = [{{ file = \"{certificate}\", key = \"{Written("k.pem", key)}\" }}]", out ConfigError[] findings);

        Assert.Empty(findings);
        Assert.Equal(File.ReadAllBytes(certificate), files.Of(certificate).ToArray());
    }

    [Fact]
    public void AllProblemsAreTold_EachAtItsKey()
    {
        string empty = Written("empty", "");
        Try($"ticket_keys = \"{empty}\"\nclient = {{ certificate = \"optional\", ca = \"{empty}\", crl = \"/nowhere/crl.pem\" }}\n"
            + $"certificate = [{{ file = \"{empty}\", ocsp = \"{empty}\" }}]", out ConfigError[] findings);

        Assert.Equal(
            [
                (7, $"{empty} has no key for tickets"), (8, $"{empty} is empty"), (9, $"{empty} is empty"), (9, $"{empty} is no OCSP response"),
            ],
            findings.Where(static one => !one.Problem.StartsWith("/nowhere", StringComparison.Ordinal)).Select(static one => (one.Line, one.Problem))
                .OrderBy(static one => one.Line));
        Assert.Equal(8, Assert.Single(findings, static one => one.Problem.StartsWith("/nowhere/crl.pem cannot", StringComparison.Ordinal)).Line);
        Assert.DoesNotContain(findings, static one => one.IsWarning);
    }

    [Fact]
    public void NameOfTwoCertificatesWithKeysOfOneKind_IsWarnedOf()
    {
        string one = Pair("a.pem", ["a.example"]);
        string other = Pair("b.pem", ["b.example", "a.example"]);

        Try($"certificate = [{{ file = \"{one}\" }}, {{ file = \"{other}\" }}]", out ConfigError[] findings);

        ConfigError finding = Assert.Single(findings);
        Assert.True(finding.IsWarning);
        Assert.Equal($"two certificates with keys of one kind are for a.example: {one}:1: block 1, and {other}:1: block 1", finding.Problem);
    }

    [Fact]
    public void CertificatesOfOneNameWithKeysOfTwoKinds_AreFine()
    {
        string one = Pair("a.pem", ["a.example"]);
        string other = Pair("b.pem", ["a.example"], RSA.Create(2048));

        Try($"certificate = [{{ file = \"{one}\" }}, {{ file = \"{other}\" }}]", out ConfigError[] findings);

        Assert.Empty(findings);
    }

    [Fact]
    public void FilesOfUpstreams_AreTriedToo()
    {
        string pair = Pair("c.pem", ["proxy.example"]);
        string toml = SettingsTrial.WithUpstream(
            $"tls = {{ enabled = true, ca = \"{Written("ca.pem", "x")}\", certificate = \"{pair}\" }}");
        List<ConfigError> findings = [];

        TlsTrial.Read(SettingsTrial.Parse(toml), findings);

        Assert.Equal(
            [
                (7, $"{_folder}/ca.pem has no PEM block: there is no line \"-----BEGIN ...-----\" in it", false),
                (7, $"{pair}:1: block 1: the certificate CN=Leaf is not meant for TLS clients", true),
            ],
            findings.Select(static one => (one.Line, one.Problem, one.IsWarning)));
    }

    /// <summary>It begins like a list, and dates and issuer can be read. Whoever would go on without it would let those pass who are on it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ListThatOpenSslDoesNotTake_IsAnError_AndNobodyIsBelieved(bool isOfClients)
    {
        byte[] whole = PemEncodingOf(_root.Revocations(TestAuthority.Now.AddDays(3)));
        var part = new AsnWriter(AsnEncodingRules.DER);
        using (part.PushSequence())
            part.WriteEncodedValue(new AsnReader(whole, AsnEncodingRules.DER).ReadSequence().ReadEncodedValue().Span);
        string files = $"ca = \"{Written("ca.pem", _root.Pem)}\", crl = \"{Written("crl.pem", PemEncoding.WriteString("X509 CRL", part.Encode()))}\"";
        string toml = isOfClients
            ? SettingsTrial.WithListener($"[listener.tls]\nenabled = true\nclient = {{ certificate = \"required\", {files} }}\n"
                + $"certificate = [{{ file = \"{Pair("a.pem", ["a.example"])}\" }}]")
            : SettingsTrial.WithUpstream($"tls = {{ enabled = true, {files} }}");
        SettingsResult result = SettingsTrial.Parse(toml);
        List<ConfigError> findings = [];

        TlsFiles read = TlsTrial.Read(result, findings);

        Assert.Equal($"OpenSSL does not take {_folder}/ca.pem with {_folder}/crl.pem", Assert.Single(findings).Problem);
        Assert.Null(TlsPolicies.TryMake(result.Settings, read, TlsPolicies.None, []));
    }

    private static byte[] PemEncodingOf(string pem)
    {
        PemFields fields = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }

    private string Pair(string name, string[] names, AsymmetricAlgorithm? key = null)
    {
        (string leaf, string own) = _root.Leaf(names, key: key);
        return Written(name, leaf + own);
    }

    private string Written(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The lines begin in line 7.</summary>
    private static TlsFiles Try(string lines, out ConfigError[] findings)
    {
        List<ConfigError> found = [];
        TlsFiles files = TlsTrial.Read(SettingsTrial.Parse(SettingsTrial.WithListener($"[listener.tls]\nenabled = true\n{lines}")), found);
        findings = [.. found];
        return files;
    }
}
