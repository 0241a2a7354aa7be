using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Certificates;

/// <summary>
/// A certificate with its chain and its key, from one PEM file or two, whatever the order of their blocks. Immutable but for
/// <see cref="ClearKey"/>.
/// </summary>
internal sealed class CertificateFile
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private const int RsaBitsMin = 1024;
    private const int RsaBitsUsual = 2048;
    private const int Ed25519Bits = 256;

    /// <summary>Of the block of the key: its form.</summary>
    private readonly string _keyLabel;

    private CertificateFile(X509Certificate2 leaf, string place, IEnumerable<PlacedCertificate> chain, PemBlock key)
    {
        Leaf = leaf.RawData;
        Place = place;
        Chain = [.. chain.Select(static link => link.Certificate.RawData)];
        KeyDer = key.Der;
        _keyLabel = key.Label;
        Names = [.. CertificateReader.NamesOf(leaf)];
        NotBefore = leaf.NotBefore;
        NotAfter = leaf.NotAfter;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(leaf.RawData));
        KeyKind = PrivateKeyReader.KindOf(leaf.PublicKey.Oid.Value);
        using RSA? rsa = leaf.GetRSAPublicKey();
        using ECDsa? ecdsa = leaf.GetECDsaPublicKey();
        KeyBits = rsa?.KeySize ?? ecdsa?.KeySize ?? Ed25519Bits;
    }

    /// <summary>The certificate itself, DER.</summary>
    public byte[] Leaf { get; }

    /// <summary>Where it stands, for messages.</summary>
    public string Place { get; }

    /// <summary>Those that go with it, DER, each signed by the next.</summary>
    public ImmutableArray<byte[]> Chain { get; }

    /// <summary>The private key, DER: PKCS #8, or the older forms for RSA and EC.</summary>
    public byte[] KeyDer { get; }

    /// <summary>Names and IP addresses that it is for, in lower case.</summary>
    public ImmutableArray<string> Names { get; }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>SHA-256 of <see cref="Leaf"/>, in lower-case hex.</summary>
    public string Fingerprint { get; }

    public CertificateKeyKind KeyKind { get; }

    public int KeyBits { get; }

    /// <summary>Null when it cannot be used; the findings say why. They may also have warnings.</summary>
    /// <param name="path">Of the file with the certificate.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="keyPath">Of the file with the key; the same, or empty, when it is in the first one.</param>
    /// <param name="keyBytes">All of it; not read when it is the same.</param>
    /// <param name="isForServers">It is shown to clients; else to servers.</param>
    /// <param name="now">The time.</param>
    /// <param name="findings">What is wrong or doubtful.</param>
    public static CertificateFile? TryRead(string path, ReadOnlySpan<byte> bytes, string keyPath, ReadOnlySpan<byte> keyBytes, bool isForServers,
        DateTimeOffset now, List<CertificateFinding> findings)
    {
        int before = findings.Count;
        List<PemBlock> blocks = PemText.Read(path, bytes, findings);
        bool isSameFile = keyPath.Length == 0 || keyPath == path;
        List<PemBlock> keyBlocks = isSameFile ? blocks : PemText.Read(keyPath, keyBytes, findings);
        List<PlacedCertificate> certificates = CertificateReader.Read(blocks, findings);
        if (certificates.Count == 0 && !HasErrors(findings, before))
            findings.Add(new CertificateFinding($"{path} has no certificate"));
        PemBlock? key = HasErrors(findings, before) ? null : PrivateKeyReader.Only(isSameFile ? path : keyPath, keyBlocks, findings);
        CertificateFile? file = key is null ? null : Join(certificates, key, isForServers, now, findings);
        foreach (PlacedCertificate one in certificates)
            one.Certificate.Dispose();
        if (!isSameFile)
            PemText.ClearKeys(blocks);
        if (file is null)
            PemText.ClearKeys(keyBlocks);
        return file;
    }

    /// <summary>
    /// The certificate with its key as .NET has them, before <see cref="ClearKey"/>. Throws <see cref="CryptographicException"/> for a kind of key
    /// that .NET does not know.
    /// </summary>
    public X509Certificate2 WithKey()
    {
        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(Leaf);
        using AsymmetricAlgorithm? key = PrivateKeyReader.Import(_keyLabel, KeyDer, KeyKind);
        return key switch
        {
            RSA rsa => leaf.CopyWithPrivateKey(rsa),
            ECDsa ecdsa => leaf.CopyWithPrivateKey(ecdsa),
            _ => throw new CryptographicException($"{Place}: a key of this kind can be used for traffic only; here it is RSA or ECDSA"),
        };
    }

    /// <summary>Zeroes the key, for whoever has handed it on.</summary>
    public void ClearKey() => CryptographicOperations.ZeroMemory(KeyDer);

    private static CertificateFile? Join(List<PlacedCertificate> certificates, PemBlock key, bool isForServers, DateTimeOffset now,
        List<CertificateFinding> findings)
    {
        if (!PrivateKeyReader.TryRead(key, out CertificateKeyKind kind, out byte[] publicKey))
        {
            findings.Add(new CertificateFinding($"{key.Place}: the private key cannot be read", "a key for RSA, ECDSA or Ed25519"));
            return null;
        }
        PlacedCertificate? leaf = certificates.Find(one => Fits(one.Certificate, kind, publicKey));
        if (leaf is null)
        {
            findings.Add(new CertificateFinding($"{key.Place}: the private key is not that of the certificate {certificates[0].Subject} "
                + $"({certificates[0].Block.Place})", "the two files must be renewed together"));
            return null;
        }
        List<PlacedCertificate> chain = ChainOf(leaf, certificates, findings);
        foreach (PlacedCertificate one in (PlacedCertificate[])[leaf, .. chain])
            one.IsInDate(now, "certificate", findings);
        if (!IsStrong(leaf, findings))
            return null;
        if (!CertificateReader.IsFor(leaf.Certificate, isForServers ? ForServers : ForClients))
        {
            findings.Add(new CertificateFinding(
                $"{leaf.Block.Place}: the certificate {leaf.Subject} is not meant for TLS {(isForServers ? "servers" : "clients")}",
                "its extended key usage says so; the other side may refuse it", IsWarning: true));
        }
        try
        {
            return new CertificateFile(leaf.Certificate, leaf.Block.Place, chain, key);
        }
        catch (CryptographicException)
        {
            findings.Add(new CertificateFinding($"{leaf.Block.Place}: the names of the certificate {leaf.Subject} cannot be read"));
            return null;
        }
    }

    /// <summary>The public half of Ed25519 is not known here: OpenSSL compares it when the certificate is put to use.</summary>
    private static bool Fits(X509Certificate2 certificate, CertificateKeyKind kind, byte[] publicKey) =>
        PrivateKeyReader.KindOf(certificate.PublicKey.Oid.Value) == kind
        && (publicKey.Length == 0 || certificate.PublicKey.EncodedKeyValue.RawData.AsSpan().SequenceEqual(publicKey));

    /// <summary>Each signed by the next, as far as they are there. The same one twice is no news; one that leads nowhere is.</summary>
    private static List<PlacedCertificate> ChainOf(PlacedCertificate leaf, List<PlacedCertificate> certificates, List<CertificateFinding> findings)
    {
        List<PlacedCertificate> left = [.. certificates.Where(one => !IsSame(one, leaf)).DistinctBy(static one => one.Certificate.Thumbprint)];
        List<PlacedCertificate> chain = [];
        for (PlacedCertificate last = leaf; !last.IsIssuerOf(last) && left.Find(one => one.IsIssuerOf(last)) is { } next; last = next)
        {
            chain.Add(next);
            left.Remove(next);
        }
        foreach (PlacedCertificate stray in left)
        {
            findings.Add(new CertificateFinding(
                $"{stray.Block.Place}: the certificate {stray.Subject} does not belong to the chain of {leaf.Subject}; it is left out", "",
                IsWarning: true));
        }
        return chain;
    }

    private static bool IsStrong(PlacedCertificate leaf, List<CertificateFinding> findings)
    {
        using RSA? rsa = leaf.Certificate.GetRSAPublicKey();
        if (rsa is null || rsa.KeySize >= RsaBitsUsual)
            return true;
        bool isUsable = rsa.KeySize >= RsaBitsMin;
        findings.Add(new CertificateFinding($"{leaf.Block.Place}: the RSA key of {leaf.Subject} has {rsa.KeySize} bits",
            $"at least {RsaBitsUsual}; others may refuse it", isUsable));
        return isUsable;
    }

    private static bool IsSame(PlacedCertificate one, PlacedCertificate other) => one.Certificate.Thumbprint == other.Certificate.Thumbprint;

    private static bool HasErrors(List<CertificateFinding> findings, int before) => findings.Skip(before).Any(static one => !one.IsWarning);
}
