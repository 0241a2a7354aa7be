using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// What the checks of an upstream's servers believe and show when they speak TLS: the same as its traffic. Made once for settings and the files that
/// they name. Immutable; any thread.
/// </summary>
/// <param name="Fingerprint">Of all that it was made of: two with the same one are the same.</param>
internal sealed record HealthIdentity(string Fingerprint)
{
    /// <summary>Whether a server must show a certificate of one of the authorities and with its name.</summary>
    public bool Verifies { get; init; } = true;

    /// <summary>Who is believed, roots or not.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>What they have revoked; none = nothing is asked about that.</summary>
    public ImmutableArray<RevocationList> Revocations { get; init; } = [];

    /// <summary>The certificate that is shown when a server asks for one; null = none.</summary>
    public SslStreamCertificateContext? Own { get; init; }

    public SslProtocols Versions { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    public bool Equals(HealthIdentity? other) => other is not null && other.Fingerprint == Fingerprint;

    public override int GetHashCode() => Fingerprint.GetHashCode(System.StringComparison.Ordinal);
}
