using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Certificates;

/// <summary>What kind of key a certificate has.</summary>
internal enum CertificateKeyKind
{
    /// <summary>Any other; it cannot be used.</summary>
    Unknown,
    Rsa,
    Ecdsa,
    Ed25519,
}

/// <summary>Finds out what a private key is: its kind, and the public key that goes with it. Pure.</summary>
internal static class PrivateKeyReader
{
    private const string RsaId = "1.2.840.113549.1.1.1";
    private const string RsaPssId = "1.2.840.113549.1.1.10";
    private const string EcId = "1.2.840.10045.2.1";
    private const string Ed25519Id = "1.3.101.112";

    /// <summary>The only private key among the blocks; null, and told, when there is none or more than one.</summary>
    public static PemBlock? Only(string path, List<PemBlock> blocks, List<CertificateFinding> findings)
    {
        PemBlock[] keys = [.. blocks.Where(static block => block.IsKey)];
        if (keys.Length == 0)
            findings.Add(new CertificateFinding($"{path} has no private key", "the key beside it, or in a file of its own that \"key\" names"));
        if (keys.Length > 1)
        {
            findings.Add(new CertificateFinding(
                $"{keys[1].Place}: there is another private key in block {keys[0].Number}, line {keys[0].Line}", "one key in a file"));
        }
        return keys.Length == 1 ? keys[0] : null;
    }

    /// <summary>False when the key cannot be read.</summary>
    /// <param name="key">The block of the key.</param>
    /// <param name="kind">Of the key.</param>
    /// <param name="publicKey">Its public half; empty for Ed25519, where only OpenSSL knows it.</param>
    public static bool TryRead(PemBlock key, out CertificateKeyKind kind, out byte[] publicKey)
    {
        kind = CertificateKeyKind.Unknown;
        publicKey = [];
        try
        {
            kind = key.Label switch
            {
                "RSA PRIVATE KEY" => CertificateKeyKind.Rsa,
                "EC PRIVATE KEY" => CertificateKeyKind.Ecdsa,
                _ => KindOf(AlgorithmOf(key.Der)),
            };
            using AsymmetricAlgorithm? algorithm = Import(key.Label, key.Der, kind);
            if (algorithm is not null)
                publicKey = new PublicKey(algorithm).EncodedKeyValue.RawData;
            return kind != CertificateKeyKind.Unknown;
        }
        catch (Exception failure) when (failure is CryptographicException or AsnContentException)
        {
            return false;
        }
    }

    /// <summary>The key as .NET has it; null where that knows no such kind (Ed25519).</summary>
    /// <param name="label">Of its block, which says the form.</param>
    /// <param name="der">The key.</param>
    /// <param name="kind">Of the key.</param>
    public static AsymmetricAlgorithm? Import(string label, byte[] der, CertificateKeyKind kind)
    {
        AsymmetricAlgorithm? algorithm = kind switch
        {
            CertificateKeyKind.Rsa => RSA.Create(),
            CertificateKeyKind.Ecdsa => ECDsa.Create(),
            _ => null,
        };
        if (label == "RSA PRIVATE KEY")
            ((RSA)algorithm!).ImportRSAPrivateKey(der, out _);
        else if (label == "EC PRIVATE KEY")
            ((ECDsa)algorithm!).ImportECPrivateKey(der, out _);
        else
            algorithm?.ImportPkcs8PrivateKey(der, out _);
        return algorithm;
    }

    /// <summary>By the identifier of its algorithm.</summary>
    public static CertificateKeyKind KindOf(string? algorithm) => algorithm switch
    {
        RsaId or RsaPssId => CertificateKeyKind.Rsa,
        EcId => CertificateKeyKind.Ecdsa,
        Ed25519Id => CertificateKeyKind.Ed25519,
        _ => CertificateKeyKind.Unknown,
    };

    /// <summary>Of a key as PKCS #8 has it (RFC 5958).</summary>
    private static string AlgorithmOf(byte[] der)
    {
        AsnReader key = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        key.ReadInteger();
        return key.ReadSequence().ReadObjectIdentifier();
    }
}
