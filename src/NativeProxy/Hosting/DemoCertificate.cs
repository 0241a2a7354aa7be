using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Hosting.Processes;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting;

/// <summary>
/// The certificate that <c>demo --tls</c> shows: for localhost and 127.0.0.1, signed by itself, made anew each time. It lies in a directory of its
/// own, for programs that are to trust it, until the demo ends; the private key never lies anywhere but in memory. Linux.
/// </summary>
internal sealed class DemoCertificate : IDisposable
{
    private const int ValidDays = 30;

    private readonly string _directory;
    private readonly SharedMemory _key;

    private DemoCertificate(string directory, SharedMemory key) => (_directory, _key) = (directory, key);

    /// <summary>Path of the certificate.</summary>
    public string Path => System.IO.Path.Combine(_directory, "certificate.pem");

    /// <summary>Where this process, and nobody else, reads the private key.</summary>
    public string KeyPath => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_key.Descriptor}");

    /// <summary>Makes the certificate. Throws <see cref="IOException"/> when it cannot be kept.</summary>
    public static DemoCertificate Make()
    {
        LinuxProcess.KeepMemoryPrivate();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var made = new DemoCertificate(Directory.CreateTempSubdirectory("nativeproxy-demo-").FullName, InMemory(key));
        File.WriteAllText(made.Path, CertificateFor(key) + "\n");
        return made;
    }

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static string CertificateFor(ECDsa key)
    {
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(ValidDays));
        return certificate.ExportCertificatePem();
    }

    private static unsafe SharedMemory InMemory(ECDsa key)
    {
        char[] pem = key.ExportPkcs8PrivateKeyPem().ToCharArray();
        SharedMemory memory = SharedMemory.CreateShared("nativeproxy-demo-key", pem.Length);
        System.Text.Encoding.ASCII.GetBytes(pem, new Span<byte>(memory.Start, pem.Length));
        return memory;
    }
}
