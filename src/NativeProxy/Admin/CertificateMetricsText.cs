using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;

namespace NativeProxy.Admin;

/// <summary>
/// Writes the certificates in use in the Prometheus text exposition format. Stateless; any thread. Allocates: it runs when an operator asks.
/// </summary>
internal static class CertificateMetricsText
{
    /// <summary>Certificates that are shown; who has more watches the files by other means.</summary>
    private const int ShownMax = 1000;

    public static void Write(IReadOnlyList<CertificateInUse> certificates, IBufferWriter<byte> output)
    {
        if (certificates.Count == 0)
            return;
        Family(certificates, output, "nativeproxy_tls_certificate_expiry_timestamp_seconds", "When a certificate in use expires, in Unix time.",
            static one => one.NotAfter.ToUnixTimeSeconds());
        Family(certificates, output, "nativeproxy_tls_certificate_file_changed",
            "1 when the file of a certificate in use holds something else by now: a reload would take it.", static one => one.FileHasChanged ? 1 : 0);
    }

    private static void Family(
        IReadOnlyList<CertificateInUse> certificates, IBufferWriter<byte> output, string name, string help, Func<CertificateInUse, long> value)
    {
        Exposition.Head(output, name, help, isCounter: false);
        for (int i = 0; i < Math.Min(certificates.Count, ShownMax); i++)
        {
            CertificateInUse one = certificates[i];
            Exposition.Sample(output, name,
                $"{one.Place},file=\"{Plain(one.Path)}\",name=\"{Plain(one.Name)}\",fingerprint=\"{one.Fingerprint[..16]}\"", value(one));
        }
    }

    /// <summary>A path may hold any sign; in a label three must be escaped.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (char one in text)
            plain.Append(one is '\\' or '"' ? $"\\{one}" : char.IsControl(one) ? "?" : one.ToString());
        return plain.ToString();
    }
}
