using System.Collections.Generic;

namespace NativeProxy.Config;

/// <summary>A file that the settings of TLS name.</summary>
/// <param name="Key">Where they do: `listener[0].tls.certificate[1].file`.</param>
/// <param name="Path">The file; empty = the bundle of authorities of the system.</param>
/// <param name="BytesMax">Longest that it may be.</param>
/// <param name="IsForWorkers">Workers get it; else it is the supervisor's own.</param>
internal readonly record struct TlsFileUse(string Key, string Path, int BytesMax, bool IsForWorkers = true);

/// <summary>Lists the files that the settings of TLS name, where TLS is switched on. Pure.</summary>
internal static class TlsFileUses
{
    /// <summary>Of certificates, keys and what goes with them.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>Of certificates of authorities, and of what they have revoked.</summary>
    private const int AuthorityBytesMax = 4 * 1024 * 1024;

    /// <summary>All of them, those of the supervisor alone last; one file may come several times.</summary>
    public static IEnumerable<TlsFileUse> Of(ProxySettings settings)
    {
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            if (!settings.Listeners[i].Tls.Enabled)
                continue;
            foreach (TlsFileUse use in OfListener(settings.Listeners[i].Tls, $"listener[{i}].tls"))
                yield return use;
        }
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            if (!settings.Upstreams[i].Tls.Enabled)
                continue;
            foreach (TlsFileUse use in OfUpstream(settings.Upstreams[i].Tls, $"upstream[{i}].tls"))
                yield return use;
        }
        if (!settings.Admin.IsSecured)
            yield break;
        yield return new TlsFileUse("admin.certificate", settings.Admin.Certificate, BytesMax, IsForWorkers: false);
        if (settings.Admin.Key.Length > 0)
            yield return new TlsFileUse("admin.key", settings.Admin.Key, BytesMax, IsForWorkers: false);
    }

    private static List<TlsFileUse> OfListener(in ListenerTlsSettings tls, string table)
    {
        List<TlsFileUse> uses = [];
        for (int i = 0; i < tls.Certificates.Length; i++)
        {
            ListenerCertificateSettings certificate = tls.Certificates[i];
            Add(uses, $"{table}.certificate[{i}].file", certificate.File, BytesMax);
            Add(uses, $"{table}.certificate[{i}].key", certificate.Key, BytesMax);
            Add(uses, $"{table}.certificate[{i}].ocsp", certificate.Ocsp, BytesMax);
        }
        if (tls.Tickets)
            Add(uses, $"{table}.ticket_keys", tls.TicketKeys, BytesMax);
        if (tls.Client.Certificate == ClientCertificateUse.Off)
            return uses;
        Add(uses, $"{table}.client.ca", tls.Client.Ca, AuthorityBytesMax);
        Add(uses, $"{table}.client.crl", tls.Client.Crl, AuthorityBytesMax);
        return uses;
    }

    private static List<TlsFileUse> OfUpstream(in UpstreamTlsSettings tls, string table)
    {
        List<TlsFileUse> uses = [];
        if (tls.Verify)
        {
            uses.Add(new TlsFileUse($"{table}.ca", tls.Ca, AuthorityBytesMax));
            Add(uses, $"{table}.crl", tls.Crl, AuthorityBytesMax);
        }
        Add(uses, $"{table}.certificate", tls.Certificate, BytesMax);
        Add(uses, $"{table}.key", tls.Key, BytesMax);
        return uses;
    }

    private static void Add(List<TlsFileUse> uses, string key, string path, int bytesMax)
    {
        if (path.Length > 0)
            uses.Add(new TlsFileUse(key, path, bytesMax));
    }
}
