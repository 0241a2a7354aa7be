using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// The certificate that every contender of a run shows: ECDSA on P-256, signed by itself, for localhost, made when it is first asked for.
/// Stateless otherwise.
/// </summary>
internal static class OwnCertificate
{
    private static readonly Lazy<string> Pem = new(Make);

    /// <summary>Writes certificate and key into one file, which only this user and root may read.</summary>
    public static void Write(string path)
    {
        File.WriteAllText(path, Pem.Value);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
