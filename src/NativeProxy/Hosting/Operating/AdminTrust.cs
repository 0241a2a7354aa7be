using System;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// What a command believes of an admin endpoint that speaks TLS: that it is the one whose certificate is in the file that its configuration names,
/// whatever names are in it. Needs no key. Lives for one question.
/// </summary>
internal sealed class AdminTrust
{
    private readonly byte[][] _known;

    private AdminTrust(byte[][] known) => _known = known;

    /// <summary>The endpoint has shown a certificate, and it was another one.</summary>
    public bool HasSeenAnother { get; private set; }

    /// <summary>The terms of the handshake.</summary>
    public SslClientAuthenticationOptions Options => new()
    {
        TargetHost = "",
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
        },
        RemoteCertificateValidationCallback = (_, shown, _, _) => IsKnown(shown),
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    /// <summary>Null, with the problem for people, when the file has no certificate.</summary>
    public static AdminTrust? TryRead(string path, out string problem)
    {
        // What reads certificates ends the process where there is no OpenSSL.
        if (!OpenSslLibrary.TryLoad(out problem) || TlsFiles.TryReadNow(path, out problem) is not { } bytes)
            return null;
        byte[][] known = CertificateReader.LeavesOf(path, bytes);
        if (known.Length > 0)
            return new AdminTrust(known);
        problem = $"{path} has no certificate: the endpoint of [admin] cannot be known by it";
        return null;
    }

    private bool IsKnown(X509Certificate? shown)
    {
        HasSeenAnother = !Array.Exists(_known, one => shown is not null && one.AsSpan().SequenceEqual(shown.GetRawCertData()));
        return !HasSeenAnother;
    }
}
