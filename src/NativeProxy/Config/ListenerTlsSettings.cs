using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[listener.tls]`: how connections of clients are secured.</summary>
[SettingsTable(Doc = "TLS with clients, in any mode and on Unix sockets too; in mode \"tcp\" it ends here and the bytes inside are passed on. A "
    + "PROXY header comes before it.")]
internal readonly partial struct ListenerTlsSettings
{
    [Setting("enabled", Default = false, Doc = "Whether clients must speak TLS. Needs a [[listener.tls.certificate]].")]
    public partial bool Enabled { get; init; }

    [Setting("min_version", Default = "1.2", Doc = "Oldest version of TLS that is spoken.")]
    public partial TlsVersion MinVersion { get; init; }

    [Setting("max_version", Default = "1.3", Doc = "Newest version of TLS that is spoken.")]
    public partial TlsVersion MaxVersion { get; init; }

    [Setting("ciphers", Default = new string[0], Pattern = TlsNameText.CipherPattern,
        Doc = "Ciphers of TLS 1.2 by the names of OpenSSL, the best first. Empty = those with ECDHE and AEAD.")]
    public partial ImmutableArray<string> Ciphers { get; init; }

    [Setting("cipher_suites", Default = new string[0], Pattern = TlsNameText.CipherPattern,
        Doc = "Cipher suites of TLS 1.3, such as [\"TLS_AES_128_GCM_SHA256\"], the best first. Empty = those of OpenSSL.")]
    public partial ImmutableArray<string> CipherSuites { get; init; }

    [Setting("groups", Default = new string[0], Pattern = TlsNameText.CipherPattern,
        Doc = "Groups for the exchange of keys by the names of OpenSSL, such as [\"X25519\", \"P-256\"], the best first. Empty = those of OpenSSL.")]
    public partial ImmutableArray<string> Groups { get; init; }

    [Setting("alpn", Default = new string[0], Pattern = "^.{1,255}$",
        Doc = "Protocols that are offered inside TLS (ALPN), the best first: \"http/1.1\" and \"http/1.0\"; in mode \"tcp\" any. "
        + "Empty = [\"http/1.1\"], in mode \"tcp\" none.")]
    public partial ImmutableArray<string> Alpn { get; init; }

    [Setting("unknown_name", Default = "default", Doc = "What becomes of a client that names a server which no certificate is for.")]
    public partial TlsUnknownName UnknownName { get; init; }

    [Setting("tickets", Default = true,
        Doc = "Whether clients get tickets, with which they come back without a full handshake. All workers know those of each other, also after a "
        + "reload.")]
    public partial bool Tickets { get; init; }

    [Setting("ticket_keys", Default = "",
        Doc = "File with keys for tickets, so that other machines and the proxy after a restart know them: 48 or 80 bytes, or a line of base64 of "
        + "so many for each key. The first one encrypts, as with nginx (HAProxy: the last but one); the others only decrypt. Read at start and "
        + "reload. Empty = random keys, which change by ticket_rotation.")]
    public partial string TicketKeys { get; init; }

    [Setting("ticket_rotation", Default = "12h", Max = "168h",
        Doc = "Time after which tickets are encrypted with another key; those of the one before are taken so long, too. \"0s\" = never. Keys of a "
        + "file stay as they are.")]
    public partial long TicketRotationMs { get; init; }

    [Setting("session_cache", Default = 0, Max = 1_000_000,
        Doc = "Sessions of TLS 1.2 that each worker remembers for clients that take no tickets. 0 = none.")]
    public partial int SessionCache { get; init; }

    [Setting("records", Default = TlsRecordsText.Dynamic, Pattern = TlsRecordsText.Pattern,
        Doc = "Size of the records that a response is sent in, \"512\" bytes to \"16KiB\": a client can use nothing of a record until it has all of "
        + "it. \"dynamic\" = small ones at first and after a pause, then large ones.")]
    public partial string Records { get; init; }

    [Setting("record_layer", Default = "built-in",
        Doc = "Who opens and seals the records of TLS 1.3 once the handshake is done, which is OpenSSL's in any case. Records of TLS 1.2, and of "
        + "cipher suites with CCM, are always OpenSSL's.")]
    public partial TlsRecordLayer RecordLayer { get; init; }

    [Setting("client")]
    public partial ListenerTlsClientSettings Client { get; init; }

    [Setting("certificate")]
    public partial ImmutableArray<ListenerCertificateSettings> Certificates { get; init; }
}

/// <summary>`[[listener.tls.certificate]]`: what a listener says who it is.</summary>
[SettingsTable(Doc = "A certificate of the listener. Repeat the table for more; the first one is for clients that name no server. Two for one name "
    + "must have keys of different kinds (RSA, ECDSA). All files are read at start and reload, by the supervisor alone.")]
internal readonly partial struct ListenerCertificateSettings
{
    [Setting("file", Required = true, Example = "/etc/nativeproxy/web.pem",
        Doc = "PEM file with the certificate and those between it and the root, in any order; the private key may be there, too.")]
    public partial string File { get; init; }

    [Setting("key", Default = "", Doc = "PEM file with the private key, without a password. Empty = it is in \"file\".")]
    public partial string Key { get; init; }

    [Setting("names", Default = new string[0], Pattern = TlsNameText.Pattern,
        Doc = "Names of servers that it is for: \"example.com\", or \"*.example.com\" for one more label. Empty = those that the certificate itself "
        + "has.")]
    public partial ImmutableArray<string> Names { get; init; }

    [Setting("ocsp", Default = "",
        Doc = "File with an OCSP response (DER) that is stapled. Nothing is fetched: something else must renew it. Empty = none.")]
    public partial string Ocsp { get; init; }
}

/// <summary>`[listener.tls.client]`: certificates of clients.</summary>
[SettingsTable(Doc = "Certificates of clients.")]
internal readonly partial struct ListenerTlsClientSettings
{
    [Setting("certificate", Default = "off", Doc = "Whether clients say by a certificate who they are. Needs ca.")]
    public partial ClientCertificateUse Certificate { get; init; }

    [Setting("ca", Default = "", Doc = "PEM file with the certificates of the authorities whose word about clients is believed. Empty = none.")]
    public partial string Ca { get; init; }

    [Setting("crl", Default = "",
        Doc = "PEM file with revocation lists, one of each authority. One that is out of date refuses the start or reload. Empty = none.")]
    public partial string Crl { get; init; }
}
