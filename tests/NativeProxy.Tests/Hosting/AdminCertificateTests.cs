using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using NativeProxy.Admin;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Certificates;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>The certificate of the operator's endpoint: read by the supervisor alone, and refused at its key where it cannot be used.</summary>
public sealed class AdminCertificateTests : IDisposable
{
    /// <summary>A key of a kind that .NET does not know, and its certificate; made for this test.</summary>
    private const string Ed25519 = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIPtwRljIXeS++QsvfgJMLk131V7Xq62GordadbcYSoYT
        -----END PRIVATE KEY-----
        -----BEGIN CERTIFICATE-----
        MIIBWDCCAQqgAwIBAgIUNqSmMMao6P894OOtL/MAOKKpVCAwBQYDK2VwMBUxEzAR
        BgNVBAMMCmVkLmV4YW1wbGUwIBcNMjYxMTMwMTAxOTMzWhgPMjEyNjExMDYxMDE5
        MzNaMBUxEzARBgNVBAMMCmVkLmV4YW1wbGUwKjAFBgMrZXADIQDGN8Tm5xHVuWK0
        qtjU4MwP+/xQ68ipdCZbM2lxUzCII6NqMGgwHQYDVR0OBBYEFIsB1WUpvDCt3T+B
        t5z2I9BDpixVMB8GA1UdIwQYMBaAFIsB1WUpvDCt3T+Bt5z2I9BDpixVMA8GA1Ud
        EwEB/wQFMAMBAf8wFQYDVR0RBA4wDIIKZWQuZXhhbXBsZTAFBgMrZXADQQAdiUqs
        5mJfcVgs1KyWvmT9DMjlBKTUWx60VpK/L5zRYXjYFwCXW9rzev5w/Ylnb85CZ43G
        EDNAPJlR23P6430O
        -----END CERTIFICATE-----
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("admin-tls-").FullName;
    private readonly TestAuthority _root = TestAuthority.Root("Root");

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ProperPair_IsUsedWithoutAWord_ByItsNames(bool isRsa)
    {
        (string leaf, string key) = _root.Leaf(["Proxy.example", "*.wild.example", "192.0.2.1"], key: isRsa ? RSA.Create(2048) : null);
        TlsFiles files = Try(Written("a.pem", leaf + _root.Pem), Written("k.pem", key), out SettingsResult result, out string[] findings);
        Assert.Empty(findings);
        var state = new ServiceState();
        AdminEndpoint.Show(state, result.Settings, [], files);
        EndpointSecurity security = state.Security!;
        Assert.True(security.IsNamed("PROXY.example") && security.IsNamed("192.0.2.1") && security.TakesIn("A.wild.example"));
        Assert.False(security.IsNamed("a.wild.example") || security.TakesIn("a.b.wild.example") || security.TakesIn("wild.example"));
        Assert.False(security.TakesIn(".wild.example") || security.IsNamed("") || security.TakesIn(""));
    }

    /// <summary>Each at the line of its key.</summary>
    [Fact]
    public void PairThatCannotBeUsed_IsRefused()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        (string weak, string weakKey) = _root.Leaf(["a.example"], key: RSA.Create(1024));
        string other = _root.Leaf(["a.example"]).Key;
        Expect("the private key is not that of the certificate CN=Leaf", leaf + other);
        Expect("has no private key", leaf);
        Expect("has no certificate", key);
        Expect("is empty", "");
        Expect("its RSA key has 1024 bits", weak + weakKey);
        Expect("a key of this kind can be used for traffic only; here it is RSA or ECDSA", Ed25519);
    }

    [Fact]
    public void FilesThatAreNotThere_AreToldAtTheirKeys()
    {
        Try("/nowhere/c.pem", "/nowhere/k.pem", out _, out string[] findings);
        Assert.Equal(["12: /nowhere/c.pem cannot be read", "13: /nowhere/k.pem cannot be read"],
            findings.Select(static finding => string.Join(':', finding.Split(':')[..2])));
    }

    /// <summary>It is no secret of theirs. What a listener shows as well they must have.</summary>
    [Fact]
    public void Workers_GetNeitherCertificateNorKey_UnlessAListenerHasThem()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        string certificate = Written("a.pem", leaf);
        TlsFiles files = Try(certificate, Written("k.pem", key), out _, out _);
        Assert.True(files.Has(certificate));
        Assert.True(TlsFiles.Decode(files.Encode()).IsEmpty);

        string shared = $"[listener.tls]\nenabled = true\ncertificate = [{{ file = \"{certificate}\", key = \"{Written("k.pem", key)}\" }}]";
        files = Try(certificate, Written("k.pem", key), out _, out _, shared);
        Assert.True(TlsFiles.Decode(files.Encode()).Has(certificate));
        Assert.True(TlsFiles.Decode(files.Encode()).Has($"{_folder}/k.pem"));
    }

    [Fact]
    public void EndpointWithTls_LetsWorkersBeWithoutOpenSsl()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        TlsFiles files = Try(Written("a.pem", leaf + key), "", out SettingsResult result, out _);
        Assert.True(TlsPolicies.IsWanted(result.Settings));
        Assert.Same(TlsPolicies.None, TlsPolicies.TryMake(result.Settings, files, TlsPolicies.None, []));
    }

    /// <summary>A token that is sent to an address which spoke TLS must not go there in plain text because a line has left the file.</summary>
    [Fact]
    public void TlsThatWasSpoken_IsSpokenUntilARestart()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        TlsFiles files = Try(Written("a.pem", leaf + key), "", out SettingsResult result, out _);
        var state = new ServiceState();
        AdminEndpoint.Show(state, result.Settings, [], files);
        EndpointSecurity? before = state.Security;
        ProxySettings without = result.Settings with { Admin = result.Settings.Admin with { Certificate = "" } };
        AdminEndpoint.Show(state, without, [], files);
        Assert.Same(before, state.Security);
    }

    /// <summary>The address changes with a restart only; a certificate for another one was not read, or is for no socket that is there.</summary>
    [Theory]
    [InlineData("bind = \"127.0.0.1:9901\"", "bind = \"127.0.0.1:9902\"\ncertificate = \"/c.pem\"", true)]
    [InlineData("bind = \"127.0.0.1:9901\"", "certificate = \"/c.pem\"", false)]
    [InlineData("bind = \"unix:/run/a\"", "bind = \"127.0.0.1:9901\"\ncertificate = \"/c.pem\"", false)]
    [InlineData("", "bind = \"127.0.0.1:9901\"\ncertificate = \"/c.pem\"", false)]
    public void CertificateOfAReload_IsForTheSocketThatIsThere(string started, string wanted, bool isSecured) => Assert.Equal(
        isSecured,
        FixedSettings.Keep(SettingsTrial.Parse(SettingsTrial.Minimal + "[admin]\n" + wanted).Settings,
            SettingsTrial.Parse(SettingsTrial.Minimal + "[admin]\n" + started).Settings).Admin.IsSecured);

    /// <summary>Without its key, as an operator may read it: what is shown is what has signed none of the others.</summary>
    [Fact]
    public void LeafOfAFile_IsKnownWithoutItsKey()
    {
        using TestAuthority below = _root.Below("Below");
        (string leaf, string key) = below.Leaf(["a.example"]);
        byte[] der = PemOf(leaf);
        foreach (string text in (string[])[leaf, leaf + below.Pem + _root.Pem, _root.Pem + below.Pem + leaf + leaf, key + below.Pem + leaf])
            Assert.Equal([der], CertificateReader.LeavesOf("a.pem", Bytes(text)));
        Assert.Equal([PemOf(_root.Pem)], CertificateReader.LeavesOf("a.pem", Bytes(_root.Pem + _root.Pem)));
        Assert.Empty(CertificateReader.LeavesOf("a.pem", Bytes(key)));
        Assert.Empty(CertificateReader.LeavesOf("a.pem", Bytes("nothing")));
        using TestAuthority renewed = TestAuthority.Root("Root");
        Assert.Equal(2, CertificateReader.LeavesOf("a.pem", Bytes(_root.Pem + renewed.Pem)).Length);
    }

    private void Expect(string problem, string file)
    {
        Try(Written("bad.pem", file), "", out _, out string[] findings);

        string finding = Assert.Single(findings, static one => !one.StartsWith("warning", StringComparison.Ordinal));
        Assert.StartsWith("12: ", finding, StringComparison.Ordinal);
        Assert.Contains(problem, finding, StringComparison.Ordinal);
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    private static byte[] PemOf(string pem) => Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);

    private string Written(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The certificate stands in line 12 where the listener has no lines.</summary>
    private static TlsFiles Try(string certificate, string key, out SettingsResult result, out string[] findings, string? listener = null)
    {
        result = SettingsTrial.Parse(SettingsTrial.With(listener) + $"[admin]\nbind = \"127.0.0.1:9901\"\ncertificate = \"{certificate}\"\n"
            + $"key = \"{key}\"\n");
        List<ConfigError> found = [];
        TlsFiles files = TlsTrial.Read(result, found);
        findings = [.. found.Select(static one => $"{(one.IsWarning ? "warning: " : "")}{one.Line}: {one.Problem}")];
        return files;
    }
}
