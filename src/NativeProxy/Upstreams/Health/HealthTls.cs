using System.Collections.Generic;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Config;

namespace NativeProxy.Upstreams.Health;

/// <summary>How the checks of a server speak TLS; null = they do not.</summary>
/// <param name="upstream">Of the server.</param>
/// <param name="server">The server.</param>
internal delegate HealthTls? HealthTlsOf(in UpstreamSettings upstream, in UpstreamServerSettings server);

/// <summary>
/// How the checks of one server speak TLS. Every handshake is a whole one: a session that was resumed would show no certificate. Immutable.
/// </summary>
/// <param name="Identity">What all servers of its upstream have in common.</param>
/// <param name="NameSent">What it is asked for; empty = no name is sent.</param>
/// <param name="NameVerified">What its certificate must be for: a name or an IP address.</param>
internal sealed record HealthTls(HealthIdentity Identity, string NameSent, string NameVerified)
{
    /// <summary>The terms of one handshake.</summary>
    /// <param name="judge">Judges the server's certificate.</param>
    /// <param name="isHttp">HTTP will be spoken inside.</param>
    public SslClientAuthenticationOptions OptionsOf(CertificateJudge judge, bool isHttp)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = NameSent,
            EnabledSslProtocols = Identity.Versions,
            ClientCertificateContext = Identity.Own,
            CertificateChainPolicy = PolicyOf(Identity.Authorities),
            RemoteCertificateValidationCallback = judge.Judge,
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
        if (isHttp)
            options.ApplicationProtocols = new List<SslApplicationProtocol> { SslApplicationProtocol.Http11 };
        return options;
    }

    /// <summary>Nothing is fetched from anywhere, and only these authorities are believed.</summary>
    private static X509ChainPolicy PolicyOf(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
