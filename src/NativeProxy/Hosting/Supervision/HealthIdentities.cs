using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
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
        string name = UpstreamPolicies.NameOf(upstream.Tls, server);
        bool isSent = upstream.Tls.Sni != ServerNameChoice.None && !IPAddress.TryParse(name, out _);
        return new HealthTls(identity, isSent ? name : "", name);
    }

    private static HealthIdentity Make(string upstream, in UpstreamTlsSettings tls, TlsFiles files, ErrorLog log)
    {
        try
        {
            return Make(tls, files);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or ArgumentException or FormatException)
        {
            log.Error($"the health checks of upstream \"{upstream}\" have no files for TLS, and fail: {e.Message}");
            return new HealthIdentity(e.Message);
        }
    }

    private static HealthIdentity Make(in UpstreamTlsSettings tls, TlsFiles files)
    {
        string authorities = tls.Verify ? TextOf(files, tls.Ca) : "";
        string revocations = tls.Verify && tls.Crl.Length > 0 ? TextOf(files, tls.Crl) : "";
        string certificate = tls.Certificate.Length > 0 ? TextOf(files, tls.Certificate) : "";
        string key = tls.Key.Length > 0 ? TextOf(files, tls.Key) : certificate;
        string parts = string.Join('\0', tls.Verify, tls.MinVersion, tls.MaxVersion, authorities, revocations, certificate, key);
        return new HealthIdentity(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(parts))))
        {
            Verifies = tls.Verify,
            Authorities = CertificatesIn(authorities),
            Revocations = RevocationsIn(revocations),
            Own = certificate.Length > 0 ? OwnOf(certificate, key) : null,
            Versions = tls.MinVersion == TlsVersion.Tls13 ? SslProtocols.Tls13
                : tls.MaxVersion == TlsVersion.Tls12 ? SslProtocols.Tls12
                : SslProtocols.Tls12 | SslProtocols.Tls13,
        };
    }

    private static string TextOf(TlsFiles files, string path) => Encoding.UTF8.GetString(files.Of(path).Span);

    private static X509Certificate2Collection CertificatesIn(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates;
    }

    private static ImmutableArray<RevocationList> RevocationsIn(ReadOnlySpan<char> pem)
    {
        ImmutableArray<RevocationList>.Builder lists = ImmutableArray.CreateBuilder<RevocationList>();
        while (PemEncoding.TryFind(pem, out PemFields fields))
        {
            if (pem[fields.Label] is "X509 CRL")
                lists.Add(RevocationList.Read(Convert.FromBase64String(pem[fields.Base64Data].ToString())));
            pem = pem[fields.Location.End..];
        }
        return lists.ToImmutable();
    }

    /// <summary>In whatever order they stand: the certificate that the key fits is one's own, the others go with it.</summary>
    private static SslStreamCertificateContext OwnOf(string certificate, string key)
    {
        X509Certificate2Collection all = CertificatesIn(certificate);
        foreach (X509Certificate2 one in all)
        {
            if (TryPair(one, key) is not { } own)
                continue;
            all.Remove(one);
            return SslStreamCertificateContext.Create(own, all, offline: true);
        }
        throw new CryptographicException("the private key fits no certificate of the proxy");
    }

    private static X509Certificate2? TryPair(X509Certificate2 certificate, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
