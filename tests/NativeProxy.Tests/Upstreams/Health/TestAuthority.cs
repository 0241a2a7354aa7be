using System;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>An authority of the test, and what it has signed.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private byte _serial;

    public TestAuthority(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(2));
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Signs a certificate for a name or an IP address, for servers and clients.</summary>
    /// <param name="name">Whose.</param>
    /// <param name="days">Until when, from now.</param>
    public X509Certificate2 Sign(string name, int days = 30)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset until = DateTimeOffset.UtcNow.AddDays(days);
        using X509Certificate2 signed = RequestOf(name, key).Create(Certificate, until.AddDays(-300), until, [0x80, ++_serial]);
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>Nobody's: a certificate signs itself. All have one number.</summary>
    public static X509Certificate2 SelfSigned(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = RequestOf(name, key);
        using X509Certificate2 signed = request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key),
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30), [1, 2, 3]);
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>A list of revoked certificates, DER.</summary>
    /// <param name="days">When the next one is due, from now.</param>
    /// <param name="revoked">What stands on it.</param>
    public byte[] Revoke(int days, params X509Certificate2[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (X509Certificate2 one in revoked)
            builder.AddEntry(one);
        DateTimeOffset due = DateTimeOffset.UtcNow.AddDays(days);
        return builder.Build(Certificate, 1, due, HashAlgorithmName.SHA256, thisUpdate: due.AddDays(-100));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private static CertificateRequest RequestOf(string name, ECDsa key)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out IPAddress? address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(name);
        var request = new CertificateRequest("CN=of the test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}
