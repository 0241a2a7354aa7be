using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Seals and opens session tickets with the <see cref="TicketRing"/> of the listener whose connection is being served (the callback of
/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3)). Thread: that of the connection.
/// </summary>
internal static unsafe class TicketSeal
{
    /// <summary>The ticket is nobody's: a full handshake follows.</summary>
    private const int Unknown = 0;

    /// <summary>It is good.</summary>
    private const int Good = 1;

    /// <summary>It is good, and its key is not the one that seals: another ticket is given.</summary>
    private const int Renew = 2;

    private const int Failed = -1;
    private const int VectorBytes = 16;

    /// <summary>EVP_CIPHER, fetched once: by its name OpenSSL looks for it at each use.</summary>
    private static readonly Lazy<nint> Aes128 = new(static () => CipherCalls.Fetch(0, "AES-128-CBC", 0));

    /// <summary>As <see cref="Aes128"/>.</summary>
    private static readonly Lazy<nint> Aes256 = new(static () => CipherCalls.Fetch(0, "AES-256-CBC", 0));

    /// <summary>OSSL_MAC_PARAM_KEY, OSSL_MAC_PARAM_DIGEST and the digest, where OpenSSL finds them: constants lie still.</summary>
    private static ReadOnlySpan<byte> KeyName => "key\0"u8;

    private static ReadOnlySpan<byte> DigestName => "digest\0"u8;

    private static ReadOnlySpan<byte> Digest => "sha256\0"u8;

    [UnmanagedCallersOnly]
    public static int OnTicket(nint ssl, byte* name, byte* vector, nint cipher, nint mac, int seals)
    {
        TicketRing ring = TlsLoop.OfThread.Current!.Server.Tickets;
        var nameBytes = new Span<byte>(name, TicketRing.NameBytes);
        int which = seals != 0 ? ring.Sealing : ring.Find(nameBytes);
        if (which < 0)
            return Unknown;
        byte[] key = ring.Keys[which];
        bool isLong = key.Length == TicketRing.LongKeyBytes;
        int secretBytes = isLong ? 32 : 16;
        if (seals != 0)
        {
            key.AsSpan(0, TicketRing.NameBytes).CopyTo(nameBytes);
            if (TicketCalls.Random(vector, VectorBytes) != 1)
                return Failed;
        }
        fixed (byte* bytes = key)
        {
            byte* aes = bytes + TicketRing.NameBytes + (isLong ? secretBytes : 0);
            byte* hmac = bytes + TicketRing.NameBytes + (isLong ? 0 : secretBytes);
            nint kind = isLong ? Aes256.Value : Aes128.Value;
            if (CipherCalls.Choose(cipher, kind, 0, aes, vector, seals) != 1 || !SetMac(mac, hmac, secretBytes))
                return Failed;
        }
        return seals != 0 || which == ring.Sealing ? Good : Renew;
    }

    private static bool SetMac(nint mac, byte* key, int keyBytes)
    {
        fixed (byte* keyName = KeyName, digestName = DigestName, digest = Digest)
        {
            LibraryParameter* parameters = stackalloc LibraryParameter[3];
            parameters[0] = new LibraryParameter { Name = keyName, Type = LibraryParameter.Bytes, Data = key, Length = (nuint)keyBytes };
            parameters[1] = LibraryParameter.OfText(digestName, digest, Digest.Length - 1);
            parameters[2] = default;
            return TicketCalls.SetParameters(mac, parameters) == 1;
        }
    }
}
