using System;
using System.Collections.Immutable;

namespace NativeProxy.Transport.Tls;

/// <summary>What one side shows of itself: a certificate, those that lead to it from a root, and its key; all as DER. Immutable.</summary>
/// <param name="Leaf">The certificate.</param>
/// <param name="Chain">Those between it and a root, the nearest first.</param>
/// <param name="Key">Its private key: PKCS #8, or the older forms of RSA and EC.</param>
internal sealed record TlsCertificate(ReadOnlyMemory<byte> Leaf, ImmutableArray<ReadOnlyMemory<byte>> Chain, ReadOnlyMemory<byte> Key)
{
    /// <summary>The names that it is shown for: host names and *.NAME, in lower case.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>An answer of its issuer that it is not revoked (RFC 6960), to be stapled; empty = none.</summary>
    public ReadOnlyMemory<byte> Ocsp { get; init; }

    /// <summary>"RSA", "ECDSA" or another kind of key: one certificate of each is shown for a name.</summary>
    public string KeyKind { get; init; } = "";
}
