using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Certificates;
using NativeProxy.Config;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Securing;

/// <summary>
/// What the files of TLS hold, in the shape in which handshakes need it. The files have been judged before (TlsTrial of the supervisor): here nothing
/// is said about what is doubtful. Lives while policies are made; not on the loop. Stores of authorities are shared by all who name the same files.
/// </summary>
internal sealed class TlsMaterial(TlsFiles files, DateTimeOffset now)
{
    private readonly Dictionary<string, TrustStore?> _stores = new(StringComparer.Ordinal);
    private readonly List<CertificateFile> _read = [];

    /// <summary>A certificate with its key; null, and told, when the files have none.</summary>
    /// <param name="path">Of the certificate.</param>
    /// <param name="keyPath">Of the key; empty = the same.</param>
    /// <param name="place">The key of the settings that names it.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public TlsCertificate? Certificate(string path, string keyPath, string place, List<TlsFileProblem> problems)
    {
        List<CertificateFinding> findings = [];
        var file = CertificateFile.TryRead(path, files.Of(path).Span, keyPath, files.Of(keyPath).Span, isForServers: true, now, findings);
        if (file is null)
        {
            problems.Add(new TlsFileProblem(place, findings.Find(static finding => !finding.IsWarning).Problem ?? $"{path} cannot be used"));
            return null;
        }
        _read.Add(file);
        return new TlsCertificate(file.Leaf, [.. file.Chain.Select(static one => (ReadOnlyMemory<byte>)one)], file.KeyDer)
        {
            Names = file.Names,
            KeyKind = file.KeyKind.ToString(),
        };
    }

    /// <summary>What is stapled to a certificate; empty where no file is named.</summary>
    public ReadOnlyMemory<byte> Response(string path) => path.Length > 0 ? files.Of(path) : default;

    /// <summary>
    /// Authorities and what they have revoked; null, and told, when OpenSSL does not take them: then nobody must be believed. Dates are not looked at
    /// here: a worker that starts later has the same, and handshakes refuse what is out of date.
    /// </summary>
    /// <param name="authorities">Path; empty = those of the system.</param>
    /// <param name="revocations">Path; empty = none.</param>
    /// <param name="place">The table of the settings that names them.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public TrustStore? Store(string authorities, string revocations, string place, List<TlsFileProblem> problems)
    {
        string key = authorities + "\n" + revocations;
        if (!_stores.TryGetValue(key, out TrustStore? store))
        {
            List<ReadOnlyMemory<byte>> believed = Listed(AuthorityFile.Read(authorities, files.Of(authorities).Span, null, []));
            List<ReadOnlyMemory<byte>> lists = revocations.Length == 0 ? []
                : Listed(AuthorityFile.ReadRevocations(revocations, files.Of(revocations).Span, now, []));

            // Without the list that is named, who is on it would pass.
            bool hasAll = believed.Count > 0 && (revocations.Length == 0 || lists.Count > 0);
            store = hasAll ? TrustStore.TryMake(believed, lists) : null;
            _stores.Add(key, store);
        }
        if (store is null)
            problems.Add(new TlsFileProblem(place + ".ca", $"OpenSSL does not take {Named(authorities, revocations)}"));
        return store;
    }

    /// <summary>Zeroes the keys: OpenSSL has its own copies.</summary>
    public void ClearKeys() => _read.ForEach(static file => file.ClearKey());

    /// <summary>Says what the files are, so that they can be compared with others.</summary>
    public string Print(params IEnumerable<string> paths) =>
        string.Join(' ', paths.Select(path => path.Length == 0 && !files.Has(path) ? "-" : files.Fingerprint(path)));

    private static string Named(string authorities, string revocations)
    {
        string named = authorities.Length > 0 ? authorities : "the authorities of the system";
        return revocations.Length > 0 ? $"{named} with {revocations}" : named;
    }

    private static List<ReadOnlyMemory<byte>> Listed(ImmutableArray<byte[]> all) => [.. all.Select(static one => (ReadOnlyMemory<byte>)one)];
}
