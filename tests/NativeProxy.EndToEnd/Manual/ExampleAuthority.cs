using System;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>The authority of an example with TLS, and what it signs and revokes. Lives for one test.</summary>
internal sealed class ExampleAuthority : IDisposable
{
    private readonly X509Certificate2 _certificate;
    private byte _serial;

    public ExampleAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Example Authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(From, Until);
    }

    /// <summary>What its clients or servers believe.</summary>
    public X509Certificate2 Certificate => _certificate;

    public string Pem => _certificate.ExportCertificatePem() + "\n";

    private static DateTimeOffset From => DateTimeOffset.UtcNow.AddDays(-1);

    private static DateTimeOffset Until => DateTimeOffset.UtcNow.AddDays(90);

    /// <summary>A certificate with its key, for names and addresses; without any, for somebody.</summary>
    public X509Certificate2 Sign(string subject, params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = Signed(new CertificateRequest(subject, key, HashAlgorithmName.SHA256), names);
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>The same with an RSA key.</summary>
    public X509Certificate2 SignRsa(string subject, params string[] names)
    {
        using var key = RSA.Create(2048);
        using X509Certificate2 signed = Signed(
            new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), names);
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>A list of what it has revoked.</summary>
    public string Revoke(params X509Certificate2[] certificates)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (X509Certificate2 one in certificates)
            list.AddEntry(one);
        return PemEncoding.WriteString("X509 CRL", list.Build(_certificate, 1, Until, HashAlgorithmName.SHA256, thisUpdate: From)) + "\n";
    }

    /// <summary>The certificate and its key as one file has them.</summary>
    public static string PemOf(X509Certificate2 certificate) => $"{certificate.ExportCertificatePem()}\n{KeyPemOf(certificate)}";

    public static string KeyPemOf(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm key = certificate.GetECDsaPrivateKey() ?? (AsymmetricAlgorithm)certificate.GetRSAPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Signed(CertificateRequest request, string[] names)
    {
        var list = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
                list.AddIpAddress(address);
            else
                list.AddDnsName(name);
        }
        if (names.Any())
            request.CertificateExtensions.Add(list.Build());
        using ECDsa signer = _certificate.GetECDsaPrivateKey()!;
        return request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), From, Until.AddHours(-1), [1, ++_serial]);
    }
}
