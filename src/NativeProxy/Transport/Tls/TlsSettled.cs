using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeProxy.Transport.Tls;

/// <summary>What a handshake has settled, read from its SSL. Any thread; names that come again are not made anew.</summary>
internal static unsafe class TlsSettled
{
    /// <summary>By the address that OpenSSL has them at, for ever: a few dozen.</summary>
    private static readonly ConcurrentDictionary<nint, string> Ciphers = new();

    /// <summary>Fills in what is settled now.</summary>
    public static void Fill(LayerFacts facts, nint ssl, bool isServer)
    {
        facts.Version = VersionOf(ssl);
        facts.Cipher = CipherOf(ssl);
        facts.IsResumed = SslCalls.SessionReused(ssl) != 0;
        facts.Protocol = ProtocolOf(ssl);
        if (isServer)
            facts.PeerCertificate = CertificateOf(ssl);
        facts.Settle();
    }

    private static string VersionOf(nint ssl) => SslCalls.Version(ssl) switch
    {
        TlsTerms.Tls13 => "TLSv1.3",
        TlsTerms.Tls12 => "TLSv1.2",
        _ => "older",
    };

    private static string CipherOf(nint ssl)
    {
        nint cipher = SslCalls.CurrentCipher(ssl);
        if (cipher == 0)
            return "none";
        return Ciphers.TryGetValue(cipher, out string? name)
            ? name
            : Ciphers.GetOrAdd(cipher, Marshal.PtrToStringUTF8((nint)SslCalls.CipherName(cipher)) ?? "unknown");
    }

    private static string? ProtocolOf(nint ssl)
    {
        byte* bytes = null;
        uint length = 0;
        SslCalls.AlpnSelected(ssl, &bytes, &length);
        if (length == 0)
            return null;
        var name = new ReadOnlySpan<byte>(bytes, (int)length);
        return name.SequenceEqual("http/1.1"u8) ? "http/1.1" : Encoding.Latin1.GetString(name);
    }

    /// <summary>Of the session, so that one which is resumed has it, too.</summary>
    private static byte[]? CertificateOf(nint ssl)
    {
        nint certificate = SslCalls.PeerCertificate(ssl);
        if (certificate == 0)
            return null;
        byte[] der = new byte[CertificateCalls.WriteCertificate(certificate, null)];
        fixed (byte* target = der)
        {
            byte* next = target;
            CertificateCalls.WriteCertificate(certificate, &next);
        }
        CertificateCalls.FreeCertificate(certificate);
        return der;
    }
}
