using System.Collections.Immutable;

namespace NativeProxy.Transport.Tls;

/// <summary>What clients are asked for of a certificate of their own.</summary>
internal enum ClientCertificateDemand : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>They may show one; a bad one is refused.</summary>
    Optional,

    /// <summary>Without a good one there is no connection.</summary>
    Required,
}

/// <summary>All that a listener's TLS is made of. Immutable.</summary>
/// <param name="Terms">What it agrees to.</param>
/// <param name="Certificates">The first is shown where no name says which; at least one.</param>
internal sealed record TlsServerTerms(TlsTerms Terms, ImmutableArray<TlsCertificate> Certificates)
{
    /// <summary>Application protocols, the preferred one first (RFC 7301); empty = nothing is said of any.</summary>
    public ImmutableArray<string> Protocols { get; init; } = ["http/1.1"];

    /// <summary>A client that asks for a name which no certificate has, or for none, gets no connection.</summary>
    public bool RefusesUnknownNames { get; init; }

    /// <summary>Sessions go on by tickets.</summary>
    public bool HasTickets { get; init; } = true;

    /// <summary>Sessions that the process itself keeps, for clients without tickets; 0 = none.</summary>
    public int SessionCacheCount { get; init; }

    /// <summary>Bytes of a record at most, or <see cref="RecordSizes.Dynamic"/>.</summary>
    public int RecordBytes { get; init; } = RecordSizes.Dynamic;

    /// <summary>Records of TLS 1.3 are opened and sealed by a <see cref="RecordStream"/>; else OpenSSL does it to the end.</summary>
    public bool OpensRecords { get; init; } = true;

    public ClientCertificateDemand ClientCertificate { get; init; }

    /// <summary>Whose certificates of clients are good; null where none are asked for.</summary>
    public TrustStore? Clients { get; init; }

    /// <summary>Says which authorities and lists <see cref="Clients"/> is made of: sessions made under others do not go on.</summary>
    public string ClientsText { get; init; } = "";
}
