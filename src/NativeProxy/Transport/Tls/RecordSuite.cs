using System;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// A cipher suite of TLS 1.3 whose records are opened and sealed here: its authenticated cipher and the hash of its key schedule, as OpenSSL has them
/// (RFC 8446 B.4). One of each for a thread, since the hash is used by one call at a time. Those with CCM are OpenSSL's own affair.
/// </summary>
internal sealed unsafe class RecordSuite
{
    /// <summary>Records that one key seals at most: RFC 8446 5.5 has 2^24.5 for AES-GCM.</summary>
    public const ulong RecordsMax = 1UL << 24;

    [ThreadStatic]
    private static RecordSuite?[]? _known;

    private RecordSuite(nint cipher, nint mac, int keyBytes, int hashBytes) =>
        (Cipher, Mac, KeyBytes, HashBytes) = (cipher, mac, keyBytes, hashBytes);

    /// <summary>EVP_CIPHER, fetched once.</summary>
    public nint Cipher { get; }

    /// <summary>EVP_MAC_CTX: HMAC with the hash of the suite.</summary>
    public nint Mac { get; }

    public int KeyBytes { get; }

    /// <summary>Of the hash, and so of a secret.</summary>
    public int HashBytes { get; }

    /// <summary>The suite of that name; null = it is left to OpenSSL.</summary>
    /// <param name="name">As the IANA has it.</param>
    public static RecordSuite? Of(string? name)
    {
        _known ??= new RecordSuite?[3];
        return name switch
        {
            "TLS_AES_128_GCM_SHA256" => _known[0] ??= Make("AES-128-GCM", "sha256\0"u8, 16, 32),
            "TLS_AES_256_GCM_SHA384" => _known[1] ??= Make("AES-256-GCM", "sha384\0"u8, 32, 48),
            "TLS_CHACHA20_POLY1305_SHA256" => _known[2] ??= Make("ChaCha20-Poly1305", "sha256\0"u8, 32, 32),
            _ => null,
        };
    }

    /// <summary>Null when this OpenSSL, or its policy, does not give it to us.</summary>
    private static RecordSuite? Make(string cipherName, ReadOnlySpan<byte> hash, int keyBytes, int hashBytes)
    {
        nint cipher = CipherCalls.Fetch(0, cipherName, 0);
        nint kind = CipherCalls.FetchMac(0, "HMAC", 0);
        nint mac = kind == 0 ? 0 : CipherCalls.NewMac(kind);
        LibraryParameter* parameters = stackalloc LibraryParameter[2];
        byte* key = stackalloc byte[KeySchedule.SecretBytesMax];
        new Span<byte>(key, KeySchedule.SecretBytesMax).Clear();
        fixed (byte* digestName = "digest\0"u8, digest = hash)
        {
            parameters[0] = LibraryParameter.OfText(digestName, digest, hash.Length - 1);
            parameters[1] = default;
            bool isThere = cipher != 0 && mac != 0 && CipherCalls.BeginMac(mac, key, (nuint)hashBytes, parameters) == 1;
            TlsErrors.Clear();
            return isThere ? new RecordSuite(cipher, mac, keyBytes, hashBytes) : null;
        }
    }
}
