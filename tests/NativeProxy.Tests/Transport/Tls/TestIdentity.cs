using System;
using System.Collections.Immutable;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>A certificate of the tests with its key. Immutable.</summary>
/// <param name="Certificate">As DER.</param>
/// <param name="Key">As PKCS #8.</param>
/// <param name="KeyKind">"ECDSA" or "RSA".</param>
/// <param name="Serial">Its number, for lists of revoked ones.</param>
/// <param name="Names">What it is for.</param>
internal sealed record TestIdentity(byte[] Certificate, byte[] Key, string KeyKind, byte[] Serial, ImmutableArray<string> Names)
{
    /// <summary>As the product is given it.</summary>
    public TlsCertificate ForProduct => new(Certificate, [], Key) { Names = Names, KeyKind = KeyKind };
}

/// <summary>An authority of the tests: signs certificates and lists of revoked ones.</summary>
internal sealed class TestAuthority
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddDays(-30);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private byte _lastSerial;

    public TestAuthority(string name)
    {
        var request = new CertificateRequest("CN=" + name, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(Start, Start.AddYears(5));
    }

    /// <summary>As DER.</summary>
    public byte[] Certificate => _certificate.RawData;

    /// <summary>A certificate for these names, of clients as well as of servers.</summary>
    public TestIdentity Issue(string[] names, bool isRsa = false, int days = 300)
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA? rsa = isRsa ? RSA.Create(2048) : null;
        var subject = new X500DistinguishedName("CN=" + names[0]);
        CertificateRequest request = rsa is null
            ? new CertificateRequest(subject, ecdsa, HashAlgorithmName.SHA256)
            : new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        byte[] serial = [1, ++_lastSerial];
        using X509Certificate2 made = request.Create(
            _certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), Start, Start.AddDays(days), serial);
        byte[] key = rsa is null ? ecdsa.ExportPkcs8PrivateKey() : rsa.ExportPkcs8PrivateKey();
        return new TestIdentity(
            made.RawData, key, isRsa ? "RSA" : "ECDSA", serial, [.. names.Where(static name => !IPAddress.TryParse(name, out _))]);
    }

    /// <summary>A list of what is revoked, good for so many days from a month ago on.</summary>
    public byte[] Revoke(int days, params TestIdentity[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (TestIdentity one in revoked)
            list.AddEntry(one.Serial, Start.AddDays(1));
        return list.Build(_certificate, 1, Start.AddDays(days), HashAlgorithmName.SHA256, thisUpdate: Start);
    }
}

/// <summary>What most tests need of certificates, made once.</summary>
internal static class TestIdentities
{
    public static TestAuthority Authority { get; } = new("test root");

    public static TestAuthority Stranger { get; } = new("another root");

    /// <summary>For a.test and 127.0.0.1.</summary>
    public static TestIdentity A { get; } = Authority.Issue(["a.test", "127.0.0.1"]);

    public static TestIdentity B { get; } = Authority.Issue(["b.test"]);

    public static TestIdentity RsaOfA { get; } = Authority.Issue(["a.test"], isRsa: true);

    public static TestIdentity Wildcard { get; } = Authority.Issue(["*.wild.test"]);

    public static TestIdentity Client { get; } = Authority.Issue(["client.test"]);
}
