using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Certificates;

/// <summary>A certificate and the block that it came from.</summary>
internal sealed record PlacedCertificate(PemBlock Block, X509Certificate2 Certificate)
{
    /// <summary>For messages: who it is for.</summary>
    public string Subject => Certificate.Subject.Length > 0 ? Certificate.Subject : "(no subject)";

    /// <summary>True when the other one says that this one has signed it.</summary>
    public bool IsIssuerOf(PlacedCertificate other) =>
        Certificate.SubjectName.RawData.AsSpan().SequenceEqual(other.Certificate.IssuerName.RawData);

    /// <summary>Tells of a certificate that is out of date; false then.</summary>
    public bool IsInDate(DateTimeOffset now, string kind, List<CertificateFinding> findings)
    {
        DateTime utc = now.UtcDateTime;
        bool isOver = Certificate.NotAfter.ToUniversalTime() < utc;
        bool isEarly = Certificate.NotBefore.ToUniversalTime() > utc;
        if (isOver)
            findings.Add(Warning($"{Block.Place}: the {kind} {Subject} has expired on {Date(Certificate.NotAfter)}", "renew it"));
        else if (isEarly)
            findings.Add(Warning($"{Block.Place}: the {kind} {Subject} is not valid before {Date(Certificate.NotBefore)}", "is the clock right?"));
        return !isOver && !isEarly;
    }

    /// <summary>As messages show it.</summary>
    public static string Date(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static CertificateFinding Warning(string problem, string hint) => new(problem, hint, IsWarning: true);
}

/// <summary>Makes certificates of PEM blocks. Pure.</summary>
internal static class CertificateReader
{
    /// <summary>Those among the blocks; what is none in spite of its label is told. Whoever gets them disposes of them.</summary>
    public static List<PlacedCertificate> Read(IEnumerable<PemBlock> blocks, List<CertificateFinding> findings)
    {
        List<PlacedCertificate> certificates = [];
        foreach (PemBlock block in blocks)
        {
            if (block.Label == "TRUSTED CERTIFICATE")
            {
                findings.Add(new CertificateFinding($"{block.Place} is in OpenSSL's own form (TRUSTED CERTIFICATE)",
                    $"`openssl x509 -in {block.Path}` writes it as others read it"));
            }
            if (!block.IsCertificate)
                continue;
            try
            {
                certificates.Add(new PlacedCertificate(block, X509CertificateLoader.LoadCertificate(block.Der)));
            }
            catch (CryptographicException)
            {
                findings.Add(new CertificateFinding($"{block.Place} is no certificate, although it says so"));
            }
        }
        return certificates;
    }

    /// <summary>
    /// DER of the certificates in a PEM file that have signed none of the others, as far as their names say: without the key that is as much as can
    /// be known of which one is shown. None where a file has none.
    /// </summary>
    public static byte[][] LeavesOf(string path, ReadOnlySpan<byte> bytes)
    {
        List<PemBlock> blocks = PemText.Read(path, bytes, []);
        PemText.ClearKeys(blocks);
        PlacedCertificate[] all = [.. Read(blocks, []).DistinctBy(static one => one.Certificate.Thumbprint)];
        PlacedCertificate[] leaves = [.. all.Where(one => !all.Any(other => other != one && one.IsIssuerOf(other)))];
        byte[][] found = [.. (leaves.Length > 0 ? leaves : all).Select(static one => one.Certificate.RawData)];
        foreach (PlacedCertificate one in all)
            one.Certificate.Dispose();
        return found;
    }

    /// <summary>The names and addresses that a certificate is for, in lower case; its subject counts only where it has no list of them.</summary>
    public static string[] NamesOf(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension[] lists = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()];
        if (lists.Length > 0)
        {
            return
            [
                .. lists.SelectMany(static list => list.EnumerateDnsNames()).Select(static name => name.ToLowerInvariant()),
                .. lists.SelectMany(static list => list.EnumerateIPAddresses()).Select(static address => address.ToString()),
            ];
        }
        const string commonName = "2.5.4.3";
        return
        [
            .. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
                .Where(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == commonName)
                .Select(static part => part.GetSingleElementValue()?.ToLowerInvariant()).OfType<string>(),
        ];
    }

    /// <summary>True when it is for this use, or says nothing of uses.</summary>
    public static bool IsFor(X509Certificate2 certificate, string use)
    {
        const string any = "2.5.29.37.0";
        X509EnhancedKeyUsageExtension[] lists = [.. certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()];
        return lists.Length == 0
            || lists.Any(list => list.EnhancedKeyUsages.Cast<Oid>().Any(one => one.Value == use || one.Value == any));
    }
}
