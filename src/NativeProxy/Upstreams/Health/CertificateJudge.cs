using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// Judges the certificate of a server in one handshake as the traffic does, and says in words what is wrong with it. What is among the authorities is
/// believed whether it is a root or not, so that one certificate can be pinned. Owner: the check.
/// </summary>
internal sealed class CertificateJudge(HealthTls tls)
{
    private const int NamesMax = 3;

    /// <summary>What is wrong, as what is said of the server; empty = nothing, so far.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>: false when something is wrong.</summary>
    public bool Judge(object asked, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (tls.Identity.Verifies)
            Problem = shown is X509Certificate2 own && chain is not null ? ProblemOf(own, chain) : "it shows no certificate";
        return Problem.Length == 0;
    }

    private string ProblemOf(X509Certificate2 own, X509Chain chain)
    {
        bool isAnchored = chain.ChainElements.Any(element => IsKnown(element.Certificate));
        foreach (X509ChainElement element in chain.ChainElements)
        {
            foreach (X509ChainStatus status in element.ChainElementStatus)
            {
                bool isTrust = status.Status is X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot;
                if (status.Status != X509ChainStatusFlags.NoError && !(isTrust && isAnchored))
                    return TextOf(status, own, element.Certificate);
            }
        }
        if (!isAnchored)
            return Untrusted(own);
        return !own.MatchesHostname(tls.NameVerified) ? $"its certificate is for {NamesOf(own)}, not for {tls.NameVerified}" : RevocationOf(own);
    }

    private bool IsKnown(X509Certificate2 certificate) => tls.Identity.Authorities.Any(authority => IsSame(authority, certificate));

    /// <summary>Byte for byte: what .NET calls equal has the same issuer and number only, which anybody can write.</summary>
    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    private static string TextOf(in X509ChainStatus status, X509Certificate2 own, X509Certificate2 faulty)
    {
        string whose = IsSame(faulty, own) ? "its certificate" : $"the certificate of its authority {NameOf(faulty.SubjectName)}";
        return status.Status switch
        {
            X509ChainStatusFlags.NotTimeValid when faulty.NotBefore > DateTime.Now => $"{whose} is not valid before {Day(faulty.NotBefore)}",
            X509ChainStatusFlags.NotTimeValid => $"{whose} expired on {Day(faulty.NotAfter)}",
            X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot => Untrusted(own),
            X509ChainStatusFlags.NotValidForUsage => $"{whose} is not for servers",
            _ => $"{whose} is refused: {status.StatusInformation.Trim().TrimEnd('.')}",
        };
    }

    private static string Untrusted(X509Certificate2 own) => own.SubjectName.RawData.AsSpan().SequenceEqual(own.IssuerName.RawData)
        ? "its certificate is signed by itself, and not known"
        : $"its certificate is not of a known authority, but of {NameOf(own.IssuerName)}";

    /// <summary>What the lists say of it. With lists there must be one of its authority.</summary>
    private string RevocationOf(X509Certificate2 own)
    {
        ImmutableArray<RevocationList> lists = tls.Identity.Revocations;
        if (lists.IsDefaultOrEmpty)
            return "";
        RevocationList[] its = [.. lists.Where(list => list.IsFor(own))];
        return Array.Exists(its, list => list.Has(own)) ? "its certificate is revoked"
            : its.Length == 0 ? $"there is no revocation list of its authority {NameOf(own.IssuerName)}"
            : Array.TrueForAll(its, static list => list.IsOld(DateTimeOffset.UtcNow))
                ? $"the revocation list of its authority {NameOf(own.IssuerName)} is out of date"
            : "";
    }

    private static string NamesOf(X509Certificate2 own)
    {
        var names = new List<string>();
        foreach (X509SubjectAlternativeNameExtension extension in own.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            names.AddRange(extension.EnumerateDnsNames());
            names.AddRange(extension.EnumerateIPAddresses().Select(static address => address.ToString()));
        }
        if (names.Count == 0)
            return NameOf(own.SubjectName);
        string rest = names.Count > NamesMax ? $" and {names.Count - NamesMax} more" : "";
        return string.Join(", ", names.Take(NamesMax)) + rest;
    }

    /// <summary>On one line, whatever stands in it.</summary>
    private static string NameOf(X500DistinguishedName name) =>
        string.Concat(name.Name.Select(static c => char.IsControl(c) ? '?' : c));

    private static string Day(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
