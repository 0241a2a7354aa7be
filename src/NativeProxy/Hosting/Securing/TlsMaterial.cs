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

    /// <summary>A certificate with its key; null when the files have none.</summary>
    /// <param name="path">Of the certificate.</param>
    /// <param name="keyPath">Of the key; empty = the same.</param>
    /// <param name="ocspPath">Of what is stapled; empty = nothing.</param>
    public TlsCertificate? Certificate(string path, string keyPath, string ocspPath = "")
    {
        var file = CertificateFile.TryRead(path, files.Of(path).Span, keyPath, files.Of(keyPath).Span, isForServers: true, now, []);
        if (file is null)
            return null;
        _read.Add(file);
        return new TlsCertificate(file.Leaf, [.. file.Chain.Select(static one => (ReadOnlyMemory<byte>)one)], file.KeyDer)
        {
            Names = file.Names,
            Ocsp = ocspPath.Length > 0 ? files.Of(ocspPath) : default,
            KeyKind = file.KeyKind.ToString(),
        };
    }

    /// <summary>Authorities and what they have revoked; null when the files are not what they should be.</summary>
    public TrustStore? Store(string authorities, string revocations)
    {
        string key = authorities + "\n" + revocations;
        if (!_stores.TryGetValue(key, out TrustStore? store))
        {
            ImmutableArray<byte[]> lists = [];
            if (revocations.Length > 0)
                lists = AuthorityFile.ReadRevocations(revocations, files.Of(revocations).Span, now, []);
            store = TrustStore.TryMake(Listed(AuthorityFile.Read(authorities, files.Of(authorities).Span, null, [])), Listed(lists));
            _stores.Add(key, store);
        }
        return store;
    }

    /// <summary>Zeroes the keys: OpenSSL has its own copies.</summary>
    public void ClearKeys() => _read.ForEach(static file => file.ClearKey());

    /// <summary>Says what the files are, so that they can be compared with others.</summary>
    public string Print(params IEnumerable<string> paths) =>
        string.Join(' ', paths.Select(path => path.Length == 0 && !files.Has(path) ? "-" : files.Fingerprint(path)));

    private static List<ReadOnlyMemory<byte>> Listed(ImmutableArray<byte[]> all) => [.. all.Select(static one => (ReadOnlyMemory<byte>)one)];
}
