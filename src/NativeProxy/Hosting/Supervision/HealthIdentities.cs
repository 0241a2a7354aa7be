using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Health;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// By whom and by what the servers of some settings are known to their health checks, as to the traffic. Made of the files that were read for the
/// settings. Immutable.
/// </summary>
internal sealed class HealthIdentities
{
    private readonly Dictionary<string, HealthIdentity> _upstreams = new(StringComparer.Ordinal);

    private HealthIdentities()
    {
    }

    /// <summary>No check speaks TLS.</summary>
    public static HealthIdentities None { get; } = new();

    /// <summary>Those of all upstreams that are checked and speak TLS.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="files">The files that they name.</param>
    /// <param name="log">Told of files that cannot be used: the checks then fail.</param>
    public static HealthIdentities Read(in ProxySettings settings, TlsFiles files, ErrorLog log)
    {
        var identities = new HealthIdentities();
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            if (upstream is { Tls.Enabled: true, Health.Kind: not (HealthCheckKind.Off or HealthCheckKind.Agent) })
                identities._upstreams.Add(upstream.Name, Make(upstream.Name, upstream.Tls, files, log));
        }
        return identities;
    }

    /// <summary>How the checks of a server speak TLS; null = they do not. No check has a request whose host could be named.</summary>
    public HealthTls? Of(in UpstreamSettings upstream, in UpstreamServerSettings server)
    {
        if (!_upstreams.TryGetValue(upstream.Name, out HealthIdentity? identity))
            return null;
        (string sent, string verified) = UpstreamPolicies.NamesOf(upstream.Tls, server);
        return new HealthTls(identity, sent, verified);
    }

    private static HealthIdentity Make(string upstream, in UpstreamTlsSettings tls, TlsFiles files, ErrorLog log)
    {
        try
        {
            return Make(tls, files);
        }
        catch (Exception e) when (ShownCertificate.IsRefusal(e))
        {
            log.Error($"the health checks of upstream \"{upstream}\" have no files for TLS, and fail: {e.Message}");
            return new HealthIdentity(e.Message);
        }
    }

    private static HealthIdentity Make(in UpstreamTlsSettings tls, TlsFiles files)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var authorities = new X509Certificate2Collection();
        ImmutableArray<RevocationList> revocations = [];
        if (tls.Verify)
        {
            foreach (byte[] der in AuthorityFile.Read(tls.Ca, files.Of(tls.Ca).Span, null, []))
                authorities.Add(X509CertificateLoader.LoadCertificate(der));
        }
        if (tls.Verify && tls.Crl.Length > 0)
            revocations = [.. AuthorityFile.ReadRevocations(tls.Crl, files.Of(tls.Crl).Span, now, []).Select(static der => RevocationList.Read(der))];
        string certificate = tls.Certificate.Length > 0 ? files.Fingerprint(tls.Certificate) + files.Fingerprint(tls.Key) : "";
        string print = string.Join(' ', tls.Verify, tls.MinVersion, tls.MaxVersion, tls.Verify ? files.Fingerprint(tls.Ca) : "",
            revocations.IsEmpty ? "" : files.Fingerprint(tls.Crl), certificate);
        return new HealthIdentity(print)
        {
            Verifies = tls.Verify,
            Authorities = authorities,
            Revocations = revocations,
            Own = certificate.Length > 0 ? ShownCertificate.Read(tls.Certificate, tls.Key, files, isForServers: false).Shown : null,
            Versions = tls.MinVersion == TlsVersion.Tls13 ? SslProtocols.Tls13
                : tls.MaxVersion == TlsVersion.Tls12 ? SslProtocols.Tls12
                : SslProtocols.Tls12 | SslProtocols.Tls13,
        };
    }
}
