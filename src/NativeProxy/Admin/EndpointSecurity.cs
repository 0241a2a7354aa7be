using System;
using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Admin;

/// <summary>How a small HTTP server speaks TLS: its certificate, and the names in it. Immutable; any thread.</summary>
/// <param name="Certificate">With its chain and its key.</param>
/// <param name="Names">Names and addresses that it is for, in lower case; one may begin with "*.".</param>
internal sealed record EndpointSecurity(SslStreamCertificateContext Certificate, ImmutableArray<string> Names)
{
    /// <summary>The terms of a handshake: a whole one each time, so that nothing is kept of those before.</summary>
    public SslServerAuthenticationOptions Options => new()
    {
        ServerCertificateContext = Certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    /// <summary>The certificate has this very name, or this address.</summary>
    public bool IsNamed(string name) => Names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>A wildcard of the certificate takes this name in: others who have names of that domain may have it, too.</summary>
    public bool TakesIn(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && IsNamed("*" + name[dot..]);
    }
}
