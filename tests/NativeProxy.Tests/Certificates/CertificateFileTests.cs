using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NativeProxy.Certificates;
using Xunit;

namespace NativeProxy.Tests.Certificates;

/// <summary>A certificate, its chain and its key are found in one file or two, and what is wrong with them is told with its place.</summary>
public sealed class CertificateFileTests : IDisposable
{
    private readonly TestAuthority _root = TestAuthority.Root("Root");
    private readonly TestAuthority _upper;
    private readonly TestAuthority _lower;

    public CertificateFileTests()
    {
        _upper = _root.Below("Upper");
        _lower = _upper.Below("Lower");
    }

    public void Dispose()
    {
        _lower.Dispose();
        _upper.Dispose();
        _root.Dispose();
    }

    [Fact]
    public void BlocksInAnyOrder_GiveLeafAndChain()
    {
        (string leaf, string key) = _lower.Leaf(["A.example", "*.b.example", "192.0.2.1"]);

        CertificateFile? file = Read(_upper.Pem + key + leaf + _lower.Pem + _upper.Pem, out string[] problems);

        Assert.Empty(problems);
        Assert.Equal(DerOf(leaf), file!.Leaf);
        Assert.Equal([DerOf(_lower.Pem), DerOf(_upper.Pem)], file.Chain.ToArray());
        Assert.Equal(["a.example", "*.b.example", "192.0.2.1"], file.Names.ToArray());
        Assert.Equal((CertificateKeyKind.Ecdsa, 256), (file.KeyKind, file.KeyBits));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file.Leaf)), file.Fingerprint);
        Assert.InRange(file.NotAfter - TestAuthority.Now, TimeSpan.FromDays(29), TimeSpan.FromDays(31));
        Assert.True(file.NotBefore < TestAuthority.Now);
        file.ClearKey();
        Assert.True(file.KeyDer.All(static one => one == 0));
    }

    [Fact]
    public void CertificateWithoutAListOfNames_HasThatOfItsSubject()
    {
        (string leaf, string key) = _root.Leaf([], subject: "CN=Old.Example, O=x");
        Assert.Equal(["old.example"], Read(leaf + key, out _)!.Names.ToArray());
    }

    [Fact]
    public void KeyOfAnotherCertificate_IsNamedWithFileAndLine()
    {
        (string leaf, _) = _root.Leaf(["a.example"]);
        (_, string key) = _root.Leaf(["a.example"]);

        Assert.Null(Read("\n" + leaf, out string[] problems, key: "\n\n" + key));

        Assert.Equal(["k.pem:3: block 1: the private key is not that of the certificate CN=Leaf (a.pem:2: block 1)"], problems);
    }

    [Fact]
    public void FileWithoutAKey_IsRefused() => Refused(_root.Leaf(["a.example"]).Certificate, "a.pem has no private key");

    [Fact]
    public void FileWithoutACertificate_IsRefused() => Refused(_root.Leaf(["a.example"]).Key, "a.pem has no certificate");

    [Fact]
    public void TwoKeysInAFile_AreRefused()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        int line = (key + leaf).Count(static c => c == '\n') + 1;
        Refused(key + leaf + key, $"a.pem:{line}: block 3: there is another private key in block 1, line 1");
    }

    [Fact]
    public void CertificateOutOfDate_IsWarnedOfAndServed()
    {
        (string leaf, string key) = _root.Leaf(["a.example"], days: -1);
        Assert.NotNull(Read(leaf + key, out string[] problems));
        Assert.StartsWith("a.pem:1: block 1: the certificate CN=Leaf has expired on 20", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void StrangerInTheFile_IsWarnedOfAndLeftOut()
    {
        (string leaf, string key) = _root.Leaf(["a.example"]);
        using TestAuthority stranger = TestAuthority.Root("Stranger");
        CertificateFile? file = Read(leaf + key + stranger.Pem, out string[] problems);
        Assert.Empty(file!.Chain);
        Assert.EndsWith("block 3: the certificate CN=Stranger does not belong to the chain of CN=Leaf; it is left out", Assert.Single(problems),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2048, true, "")]
    [InlineData(1024, true, "a.pem:1: block 1: the RSA key of CN=Leaf has 1024 bits")]
    [InlineData(512, false, "a.pem:1: block 1: the RSA key of CN=Leaf has 512 bits")]
    public void ShortRsaKeys_AreWarnedOfOrRefused(int bits, bool isUsable, string problem)
    {
        (string leaf, string key) = _root.Leaf(["a.example"], key: RSA.Create(bits));
        CertificateFile? file = Read(leaf + key, out string[] problems);
        Assert.Equal((isUsable, problem), (file is not null, string.Concat(problems)));
        if (file is not null)
            Assert.Equal((CertificateKeyKind.Rsa, bits), (file.KeyKind, file.KeyBits));
    }

    [Fact]
    public void CertificateForClients_IsWarnedOfInAListener()
    {
        (string leaf, string key) = _root.Leaf(["a.example"], use: "1.3.6.1.5.5.7.3.2");
        Assert.NotNull(Read(leaf + key, out string[] problems));
        Assert.Equal(["a.pem:1: block 1: the certificate CN=Leaf is not meant for TLS servers"], problems);
    }

    [Theory]
    [InlineData("RSA")]
    [InlineData("EC")]
    public void OlderFormsOfKeys_AreRead(string kind)
    {
        using RSA rsa = RSA.Create(2048);
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string key = kind == "RSA" ? rsa.ExportRSAPrivateKeyPem() : ecdsa.ExportECPrivateKeyPem();
        (string leaf, _) = _root.Leaf(["a.example"], key: kind == "RSA" ? rsa : ecdsa);
        Assert.NotNull(Read(leaf, out string[] problems, key: key));
        Assert.Empty(problems);
    }

    [Fact]
    public void KeyOfAnUnknownKind_IsRefused()
    {
        (string leaf, _) = _root.Leaf(["a.example"]);
        Assert.Null(Read(leaf, out string[] problems, key: "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n"));
        Assert.Equal(["k.pem:1: block 1: the private key cannot be read"], problems);
    }

    [Fact]
    public void BlockThatIsNoCertificate_IsNamed() =>
        Refused("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", "a.pem:1: block 1 is no certificate, although it says so");

    private static byte[] DerOf(string pem) => X509Certificate2.CreateFromPem(pem).RawData;

    private static void Refused(string text, string problem)
    {
        Assert.Null(Read(text, out string[] problems));
        Assert.Equal([problem], problems);
    }

    private static CertificateFile? Read(string text, out string[] problems, string? key = null)
    {
        List<CertificateFinding> findings = [];
        CertificateFile? file = CertificateFile.TryRead("a.pem", Encoding.UTF8.GetBytes(text), key is null ? "" : "k.pem",
            Encoding.UTF8.GetBytes(key ?? ""), isForServers: true, TestAuthority.Now, findings);
        problems = [.. findings.Select(static finding => finding.Problem)];
        return file;
    }
}
