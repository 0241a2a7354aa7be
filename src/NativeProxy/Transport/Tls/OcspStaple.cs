using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Answers clients who ask whether a certificate is revoked with what its issuer has signed (RFC 6066 8): what the policy of the connection that is
/// being served has for the certificate that the handshake has chosen. Thread: that of the connection.
/// </summary>
internal static unsafe class OcspStaple
{
    private const int SetResponse = 71;
    private const int Given = 0;
    private const int NotGiven = 3;

    /// <summary>The callback of SSL_CTX_set_tlsext_status_cb(3).</summary>
    [UnmanagedCallersOnly]
    public static int OnStatus(nint ssl, void* argument)
    {
        if (TlsLoop.OfThread.Current!.Server.ResponseFor(ContextCalls.CertificateInUse(ssl)) is not { } response)
            return NotGiven;

        // OpenSSL frees it with the connection.
        byte* copy = (byte*)CertificateCalls.Allocate((nuint)response.Length, null, 0);
        response.CopyTo(new Span<byte>(copy, response.Length));
        SslCalls.Control(ssl, SetResponse, response.Length, copy);
        return Given;
    }
}
