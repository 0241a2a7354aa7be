using System;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Tests.Certificates;

/// <summary>An authority that lives for one test, and what it signs.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2 _certificate;
    private int _serial;

    private TestAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>The time of the tests.</summary>
    public static DateTimeOffset Now { get; } = DateTimeOffset.UtcNow;

    public string Pem => _certificate.ExportCertificatePem() + "\n";

    public static TestAuthority Root(string name, int days = 100)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(RequestOf(name, key).CreateSelfSigned(Now.AddDays(-200), Now.AddDays(days)));
    }

    /// <summary>An authority below this one.</summary>
    public TestAuthority Below(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = RequestOf(name, key).Create(_certificate, Now.AddDays(-150), Now.AddDays(90), [1, (byte)++_serial]);
        return new TestAuthority(signed.CopyWithPrivateKey(key));
    }

    /// <summary>A certificate and its key, both as PEM.</summary>
    public (string Certificate, string Key) Leaf(string[] names, int days = 30, AsymmetricAlgorithm? key = null, string use = ForServers,
        string subject = "CN=Leaf")
    {
        using AsymmetricAlgorithm own = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = new PublicKey(own);
        var request = new CertificateRequest(new X500DistinguishedName(subject), publicKey, HashAlgorithmName.SHA256);
        if (names.Length > 0)
        {
            var list = new SubjectAlternativeNameBuilder();
            foreach (string name in names.Where(static name => !IPAddress.TryParse(name, out _)))
                list.AddDnsName(name);
            foreach (string name in names.Where(static name => IPAddress.TryParse(name, out _)))
                list.AddIpAddress(IPAddress.Parse(name));
            request.CertificateExtensions.Add(list.Build());
        }
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        using ECDsa signer = _certificate.GetECDsaPrivateKey()!;
        using X509Certificate2 signed = request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), Now.AddDays(-100),
            Now.AddDays(days), [2, (byte)++_serial]);
        return (signed.ExportCertificatePem() + "\n", own.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>A revocation list as PEM.</summary>
    /// <param name="until">How long it is good.</param>
    /// <param name="revoked">Certificates, as PEM.</param>
    public string Revocations(DateTimeOffset until, params string[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (string pem in revoked)
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            builder.AddEntry(certificate);
        }
        byte[] list = builder.Build(_certificate, 1, until, HashAlgorithmName.SHA256, thisUpdate: until.AddDays(-7));
        return PemEncoding.WriteString("X509 CRL", list) + "\n";
    }

    public void Dispose() => _certificate.Dispose();

    private static CertificateRequest RequestOf(string name, ECDsa key)
    {
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }
}
