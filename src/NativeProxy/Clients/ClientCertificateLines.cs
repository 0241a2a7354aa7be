using System;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Clients;

/// <summary>
/// What servers are told about the certificate of a client: as RFC 9440 has it, or in the fields that users of HAProxy and nginx write. Made once for
/// each connection; any thread. What a certificate says is a stranger's text: nothing of it can end a line.
/// </summary>
internal static class ClientCertificateLines
{
    /// <summary>The lines, each with its end.</summary>
    /// <param name="headers">In which form.</param>
    /// <param name="der">The certificate, or null when the client has shown none.</param>
    public static byte[] Of(ClientCertificateHeaders headers, byte[]? der) => headers switch
    {
        ClientCertificateHeaders.Rfc9440 when der is not null => Encoding.ASCII.GetBytes($"Client-Cert: :{Convert.ToBase64String(der)}:\r\n"),
        ClientCertificateHeaders.XSsl => Encoding.ASCII.GetBytes(der is null ? "X-SSL-Client-Verify: NONE\r\n" : FieldsOf(der)),
        _ => [],
    };

    private static string FieldsOf(byte[] der)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der);
        return string.Create(CultureInfo.InvariantCulture,
            $"X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-DN: {Plain(certificate.Subject)}\r\nX-SSL-Client-Issuer: {Plain(certificate.Issuer)}\r\n"
            + $"X-SSL-Client-Serial: {certificate.SerialNumber}\r\n"
            + $"X-SSL-Client-Not-After: {certificate.NotAfter.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}\r\n"
            + $"X-SSL-Client-SHA256: {Convert.ToHexString(SHA256.HashData(der))}\r\n");
    }

    /// <summary>Printable ASCII as it is, all else as \HH of its UTF-8 (RFC 4514 2.4).</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (byte one in Encoding.UTF8.GetBytes(text))
        {
            if (one is >= 0x20 and < 0x7F)
                plain.Append((char)one);
            else
                plain.Append(CultureInfo.InvariantCulture, $"\\{one:X2}");
        }
        return plain.ToString().Trim();
    }
}
