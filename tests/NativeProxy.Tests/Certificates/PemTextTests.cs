using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Certificates;
using Xunit;

namespace NativeProxy.Tests.Certificates;

/// <summary>A PEM file is taken apart, and what is wrong is told with its place.</summary>
public sealed class PemTextTests
{
    private const string Good = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";

    [Fact]
    public void Blocks_HaveTheirNumberAndLine_WhateverStandsBetween()
    {
        List<PemBlock> blocks = Read("subject=a\n" + Good + "\r\nremark\r\n" + Good.Replace("CERTIFICATE", "PRIVATE KEY"), out string[] problems);

        Assert.Empty(problems);
        Assert.Equal([("CERTIFICATE", 1, 2), ("PRIVATE KEY", 2, 7)], blocks.Select(static block => (block.Label, block.Number, block.Line)));
        Assert.Equal([1, 2, 3], blocks[0].Der);
    }

    [Theory]
    [InlineData("", "a.pem is empty")]
    [InlineData("hello\n", "a.pem has no PEM block: there is no line \"-----BEGIN ...-----\" in it")]
    [InlineData("0\u0001\u0002", "a.pem is DER or PKCS #12, not PEM")]
    [InlineData(Good + "\n-----BEGIN CERTIFICATE-----\nAQID\n", "a.pem:5: block 2 (CERTIFICATE) has no END")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAQID\n" + Good, "a.pem:1: block 1 (CERTIFICATE) has no END")]
    [InlineData("-----BEGIN CERTIFICATE-----\nA*ID\n-----END CERTIFICATE-----\n", "a.pem:1: block 1 (CERTIFICATE) is not base64")]
    [InlineData("\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "a.pem:2: block 1: the private key is encrypted, and no password can be given")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAQID\n-----END RSA PRIVATE KEY-----\n",
        "a.pem:1: block 1: the private key is encrypted, and no password can be given")]
    public void WhatCannotBeRead_IsNamedWithItsPlace(string text, string problem)
    {
        Read(text, out string[] problems);
        Assert.Equal([problem], problems);
    }

    [Fact]
    public void BlockBehindABrokenOne_IsReadAllTheSame() =>
        Assert.Equal([(2, 3)], Read("-----BEGIN CERTIFICATE-----\nAQID\n" + Good, out _).Select(static block => (block.Number, block.Line)));

    private static List<PemBlock> Read(string text, out string[] problems)
    {
        List<CertificateFinding> findings = [];
        List<PemBlock> blocks = PemText.Read("a.pem", Encoding.UTF8.GetBytes(text), findings);
        problems = [.. findings.Select(static finding => finding.Problem)];
        return blocks;
    }
}
