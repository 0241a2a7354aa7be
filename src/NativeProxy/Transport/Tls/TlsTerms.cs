namespace NativeProxy.Transport.Tls;

/// <summary>What a side agrees to in a handshake. Immutable; compared by value.</summary>
/// <param name="MinVersion">The number on the wire: <see cref="Tls12"/> or <see cref="Tls13"/>.</param>
/// <param name="MaxVersion">Likewise.</param>
internal sealed record TlsTerms(int MinVersion = TlsTerms.Tls12, int MaxVersion = TlsTerms.Tls13)
{
    /// <summary>TLS 1.2 (RFC 5246).</summary>
    public const int Tls12 = 0x0303;

    /// <summary>TLS 1.3 (RFC 8446).</summary>
    public const int Tls13 = 0x0304;

    /// <summary>Ciphers of TLS 1.2 in OpenSSL's language: forward secrecy and AEAD only (RFC 9325 4.2).</summary>
    public const string SoundCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

    /// <summary>Ciphers of TLS 1.2, in OpenSSL's language.</summary>
    public string Ciphers { get; init; } = SoundCiphers;

    /// <summary>Ciphers of TLS 1.3, by name with colons; empty = OpenSSL's.</summary>
    public string CipherSuites { get; init; } = "";

    /// <summary>Groups of the key exchange, by name with colons; empty = OpenSSL's.</summary>
    public string Groups { get; init; } = "";
}
