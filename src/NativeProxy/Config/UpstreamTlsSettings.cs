using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[upstream.tls]`: how connections to servers are secured.</summary>
[SettingsTable(Doc = "TLS with servers, health checks included. The handshake counts under timeouts.connect, that of a check under health.timeout.")]
internal readonly partial struct UpstreamTlsSettings
{
    [Setting("enabled", Default = false, Doc = "Whether TLS is spoken with the servers.")]
    public partial bool Enabled { get; init; }

    [Setting("verify", Default = true,
        Doc = "Whether a server must show a certificate of a known authority and with its name. Without it anybody in between can be the server.")]
    public partial bool Verify { get; init; }

    [Setting("ca", Default = "",
        Doc = "PEM file with the certificates of the authorities whose word about servers is believed. Empty = those of the system (SSL_CERT_FILE, "
        + "or where its distribution has them).")]
    public partial string Ca { get; init; }

    [Setting("crl", Default = "",
        Doc = "PEM file with revocation lists, one of each authority; needs ca. One that is out of date refuses the start or reload. Empty = none.")]
    public partial string Crl { get; init; }

    [Setting("sni", Default = "server", Doc = "Which name a server is asked for. With \"host\" a connection carries requests of one host only.")]
    public partial ServerNameChoice Sni { get; init; }

    [Setting("name", Default = "", Pattern = "^$|" + TlsNameText.ServerPattern,
        Doc = "Name, or IP address, that the certificates of the servers must have. Empty = the name that is asked for; where none is, the host of "
        + "the server's address.")]
    public partial string Name { get; init; }

    [Setting("certificate", Default = "",
        Doc = "PEM file with the certificate by which the proxy says who it is, and those between it and the root. Empty = it does not.")]
    public partial string Certificate { get; init; }

    [Setting("key", Default = "", Doc = "PEM file with its private key, without a password. Empty = it is in \"certificate\".")]
    public partial string Key { get; init; }

    [Setting("min_version", Default = "1.2", Doc = "Oldest version of TLS that is spoken.")]
    public partial TlsVersion MinVersion { get; init; }

    [Setting("max_version", Default = "1.3", Doc = "Newest version of TLS that is spoken.")]
    public partial TlsVersion MaxVersion { get; init; }

    [Setting("ciphers", Default = new string[0], Pattern = TlsNameText.CipherPattern,
        Doc = "Ciphers of TLS 1.2 by the names of OpenSSL, the best first. Empty = those with ECDHE and AEAD.")]
    public partial ImmutableArray<string> Ciphers { get; init; }

    [Setting("cipher_suites", Default = new string[0], Pattern = TlsNameText.CipherPattern,
        Doc = "Cipher suites of TLS 1.3, the best first. Empty = those of OpenSSL.")]
    public partial ImmutableArray<string> CipherSuites { get; init; }

    [Setting("session_reuse", Default = true,
        Doc = "Whether a further connection to a server resumes the session of an earlier one under the same name, without a full handshake.")]
    public partial bool SessionReuse { get; init; }
}
