using NativeProxy.Foundation;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// A cipher suite of TLS 1.3 whose records are opened and sealed here: its authenticated cipher and the hash of its key schedule, as OpenSSL has them
/// (RFC 8446 B.4). Immutable; any thread. Those with CCM are OpenSSL's own affair.
/// </summary>
internal sealed class RecordSuite
{
    /// <summary>Records that one key seals at most: RFC 8446 5.5 has 2^24.5 for AES-GCM.</summary>
    public const ulong RecordsMax = 1UL << 24;

    private static readonly RecordSuite?[] Known = new RecordSuite?[3];

    private RecordSuite(nint cipher, nint hash, int keyBytes, int hashBytes) =>
        (Cipher, Hash, KeyBytes, HashBytes) = (cipher, hash, keyBytes, hashBytes);

    /// <summary>EVP_CIPHER, fetched once.</summary>
    public nint Cipher { get; }

    /// <summary>EVP_MD.</summary>
    public nint Hash { get; }

    public int KeyBytes { get; }

    /// <summary>Of the hash, and so of a secret.</summary>
    public int HashBytes { get; }

    /// <summary>The suite of that name; null = it is left to OpenSSL.</summary>
    /// <param name="name">As the IANA has it.</param>
    public static RecordSuite? Of(string? name) => name switch
    {
        "TLS_AES_128_GCM_SHA256" => Known[0] ??= Make("AES-128-GCM", isSha384: false, 16),
        "TLS_AES_256_GCM_SHA384" => Known[1] ??= Make("AES-256-GCM", isSha384: true, 32),
        "TLS_CHACHA20_POLY1305_SHA256" => Known[2] ??= Make("ChaCha20-Poly1305", isSha384: false, 32),
        _ => null,
    };

    /// <summary>Two threads may make one at once: both are good.</summary>
    private static RecordSuite Make(string cipherName, bool isSha384, int keyBytes)
    {
        nint cipher = CipherCalls.Fetch(0, cipherName, 0);
        Check.That(cipher != 0, "OpenSSL speaks with a cipher that it does not have");
        return isSha384
            ? new RecordSuite(cipher, CipherCalls.Sha384(), keyBytes, 48)
            : new RecordSuite(cipher, CipherCalls.Sha256(), keyBytes, 32);
    }
}
