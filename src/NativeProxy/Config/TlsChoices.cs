namespace NativeProxy.Config;

/// <summary>A version of TLS; older ones are not spoken.</summary>
internal enum TlsVersion
{
    [SettingChoice("1.2", Doc = "RFC 5246")]
    Tls12,

    [SettingChoice("1.3", Doc = "RFC 8446")]
    Tls13,
}

/// <summary>Who opens and seals the records of TLS 1.3 behind the handshake of a client.</summary>
internal enum TlsRecordLayer
{
    [SettingChoice("built-in", Doc = "the proxy, with the ciphers of OpenSSL: an idle connection has 11 KB less, a record takes less work")]
    BuiltIn,

    [SettingChoice("openssl", Doc = "OpenSSL, to the end of the connection")]
    OpenSsl,
}

/// <summary>Who is served where a client names a server that no certificate is for.</summary>
internal enum TlsUnknownName
{
    [SettingChoice("default", Doc = "the first certificate answers, and the client decides")]
    Default,

    [SettingChoice("refuse", Doc = "the handshake ends with the alert unrecognized_name, also for clients that name no server")]
    Refuse,
}

/// <summary>Whether clients say by a certificate who they are.</summary>
internal enum ClientCertificateUse
{
    [SettingChoice("off", Doc = "none is asked for")]
    Off,

    [SettingChoice("optional", Doc = "one is asked for; a client without one is served too, one with a wrong one is not")]
    Optional,

    [SettingChoice("required", Doc = "without a right one there is no connection")]
    Required,
}

/// <summary>In which header fields a server gets the certificate of the client.</summary>
internal enum ClientCertificateHeaders
{
    [SettingChoice("off", Doc = "in none")]
    Off,

    [SettingChoice("rfc9440", Doc = "Client-Cert")]
    Rfc9440,

    [SettingChoice("x_ssl", Doc = "X-SSL-Client-Verify, -DN, -Issuer, -Serial, -SHA256 and -Not-After")]
    XSsl,
}

/// <summary>Which name a server is asked for in the handshake.</summary>
internal enum ServerNameChoice
{
    [SettingChoice("server", Doc = "tls_name of the server, else name, else the host of its address")]
    Server,

    [SettingChoice("host", Doc = "the Host of the request; none in mode \"tcp\": then as \"server\"")]
    Host,

    [SettingChoice("none", Doc = "none is named")]
    None,
}
