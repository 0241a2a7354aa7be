using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Answers clients who ask whether a certificate is revoked with what its issuer has signed (RFC 6066 8). By the certificate that the handshake has
/// chosen. Any thread.
/// </summary>
internal static unsafe class OcspStaple
{
    private const int SetResponse = 71;
    private const int Given = 0;
    private const int NotGiven = 3;

    /// <summary>By the fingerprint of the certificate; an answer replaces the one before it.</summary>
    private static readonly ConcurrentDictionary<string, byte[]> Responses = new(StringComparer.Ordinal);

    /// <summary>A certificate is in use from now on; it has an answer, or none any more.</summary>
    public static void Remember(TlsCertificate certificate)
    {
        string print = Convert.ToHexString(SHA256.HashData(certificate.Leaf.Span));
        if (certificate.Ocsp.IsEmpty)
            Responses.TryRemove(print, out _);
        else
            Responses[print] = certificate.Ocsp.ToArray();
    }

    /// <summary>The callback of SSL_CTX_set_tlsext_status_cb(3).</summary>
    [UnmanagedCallersOnly]
    public static int OnStatus(nint ssl, void* argument)
    {
        nint certificate = Responses.IsEmpty ? 0 : ContextCalls.CertificateInUse(ssl);
        if (certificate == 0)
            return NotGiven;
        byte[] der = new byte[CertificateCalls.WriteCertificate(certificate, null)];
        fixed (byte* target = der)
        {
            byte* next = target;
            CertificateCalls.WriteCertificate(certificate, &next);
        }
        if (!Responses.TryGetValue(Convert.ToHexString(SHA256.HashData(der)), out byte[]? response))
            return NotGiven;

        // OpenSSL frees it with the connection.
        byte* copy = (byte*)CertificateCalls.Allocate((nuint)response.Length, null, 0);
        response.CopyTo(new Span<byte>(copy, response.Length));
        SslCalls.Control(ssl, SetResponse, response.Length, copy);
        return Given;
    }
}
