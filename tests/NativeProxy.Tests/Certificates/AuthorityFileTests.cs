using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Certificates;
using Xunit;

namespace NativeProxy.Tests.Certificates;

/// <summary>Authorities, revocation lists and OCSP responses are read, and what is out of date is named.</summary>
public sealed class AuthorityFileTests
{
    [Fact]
    public void Authorities_AreReadOnceEach()
    {
        using TestAuthority one = TestAuthority.Root("One");
        using TestAuthority other = TestAuthority.Root("Other");
        Assert.Equal(2, AuthorityFile.Read("ca.pem", Bytes(one.Pem + other.Pem + one.Pem), TestAuthority.Now, []).Length);
    }

    [Fact]
    public void ExpiredAuthority_IsWarnedOfBesideOthers()
    {
        using TestAuthority one = TestAuthority.Root("One");
        using TestAuthority old = TestAuthority.Root("Old", days: -1);
        List<CertificateFinding> findings = [];
        AuthorityFile.Read("ca.pem", Bytes(old.Pem + one.Pem), TestAuthority.Now, findings);
        CertificateFinding finding = Assert.Single(findings);
        Assert.True(finding.IsWarning);
        Assert.StartsWith("ca.pem:1: block 1: the authority CN=Old has expired on ", finding.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void FileOfExpiredAuthoritiesOnly_IsRefused()
    {
        using TestAuthority old = TestAuthority.Root("Old", days: -1);
        List<CertificateFinding> findings = [];
        AuthorityFile.Read("ca.pem", Bytes(old.Pem), TestAuthority.Now, findings);
        Assert.Contains(findings, static one => one is { IsWarning: false, Problem: "ca.pem: no authority in it is valid now" });
    }

    [Fact]
    public void FileWithoutAuthorities_IsRefused()
    {
        List<CertificateFinding> findings = [];
        AuthorityFile.Read("ca.pem", "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n"u8, TestAuthority.Now, findings);
        Assert.Equal("ca.pem has no certificate", Assert.Single(findings).Problem);
    }

    [Theory]
    [InlineData(5, "")]
    [InlineData(-1, "crl.pem:2: block 1: the revocation list of CN=One was valid until 20")]
    [InlineData(30, "crl.pem:2: block 1: the revocation list of CN=One is not valid before 20")]
    public void RevocationListOutOfDate_IsRefusedByName(int days, string problem)
    {
        using TestAuthority one = TestAuthority.Root("One");
        List<CertificateFinding> findings = [];
        AuthorityFile.ReadRevocations("crl.pem", Bytes("\n" + one.Revocations(TestAuthority.Now.AddDays(days))), TestAuthority.Now, findings);
        Assert.Equal(problem.Length == 0 ? 0 : 1, findings.Count);
        Assert.All(findings, finding => Assert.StartsWith(problem, finding.Problem, StringComparison.Ordinal));
        Assert.DoesNotContain(findings, static finding => finding.IsWarning);
    }

    [Theory]
    [InlineData("-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----\n", "crl.pem:1: block 1 is no revocation list, although it says so")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", "crl.pem has no revocation list")]
    public void WhatIsNoRevocationList_IsRefused(string text, string problem)
    {
        List<CertificateFinding> findings = [];
        Assert.Empty(AuthorityFile.ReadRevocations("crl.pem", Bytes(text), TestAuthority.Now, findings));
        Assert.Equal([problem], findings.Select(static finding => finding.Problem));
    }

    [Theory]
    [InlineData(new byte[] { 0x30, 3, 0x0a, 1, 0 }, "")]
    [InlineData(new byte[] { 0x30, 3, 0x0a, 1, 6 }, "o.der is an OCSP response that says nothing but an error")]
    [InlineData(new byte[] { 1, 2, 3 }, "o.der is no OCSP response")]
    [InlineData(new byte[0], "o.der is no OCSP response")]
    public void WhatIsNoOcspResponse_IsRefused(byte[] bytes, string problem)
    {
        List<CertificateFinding> findings = [];
        OcspFile.Check("o.der", bytes, findings);
        Assert.Equal(problem, string.Concat(findings.Select(static finding => finding.Problem)));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
