using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>What becomes of fields in which a peer that is not trusted says something about its client.</summary>
internal enum UntrustedClaims
{
    [SettingChoice("auto", Doc = "append while nobody is trusted, else replace")]
    Auto,

    [SettingChoice("append", Doc = "X-Forwarded-For, Forwarded and the like pass, with what the proxy adds behind it")]
    Append,

    [SettingChoice("replace", Doc = "it is as if the peer had not said it")]
    Replace,
}

/// <summary>`[listener.forwarded]`: who the client is, and what the server is told about it.</summary>
[SettingsTable(Doc = "Who the client is, and header fields that tell the server about it.")]
internal readonly partial struct ListenerForwardedSettings
{
    /// <summary>Where proxies name their client unless the file says otherwise.</summary>
    public const string ClientHeaderDefault = "x-forwarded-for";

    [Setting("trusted", Default = new string[0], Pattern = NetworkText.Pattern,
        Doc = "Networks of the proxies in front whose word about the client is believed. Empty = nobody's: the client is whoever connects.")]
    public partial ImmutableArray<string> Trusted { get; init; }

    [Setting("client_header", Default = ClientHeaderDefault, Pattern = TokenText.Pattern,
        Doc = "Where a trusted proxy names the client: \"x-forwarded-for\", \"forwarded\" (RFC 7239) or another field, such as "
        + "\"CF-Connecting-IP\". Of a list the last address counts that is not trusted.")]
    public partial string ClientHeader { get; init; }

    [Setting("untrusted", Default = "auto",
        Doc = "What becomes of X-Forwarded-*, Forwarded, X-Real-IP, X-Original-To and the field of client_header when a peer that is not trusted "
        + "sends them.")]
    public partial UntrustedClaims Untrusted { get; init; }

    [Setting("except", Default = new string[0], Pattern = NetworkText.Pattern,
        Doc = "Networks of peers for which none of these fields is added, because they add them themselves.")]
    public partial ImmutableArray<string> Except { get; init; }

    [Setting("x_forwarded_for", Auto = true, Default = "auto",
        Doc = "Add the peer's address to X-Forwarded-For. \"auto\" = yes, but not in mode \"forward\": the internet need not know who is inside.")]
    public partial bool? XForwardedFor { get; init; }

    [Setting("x_forwarded_proto", Auto = true, Default = "auto",
        Doc = "Set X-Forwarded-Proto, unless a trusted peer has. \"auto\" as above.")]
    public partial bool? XForwardedProto { get; init; }

    [Setting("x_forwarded_host", Auto = true, Default = "auto", Doc = "Set X-Forwarded-Host, unless a trusted peer has. \"auto\" as above.")]
    public partial bool? XForwardedHost { get; init; }

    [Setting("x_forwarded_port", Default = false, Doc = "Set X-Forwarded-Port, the port that was connected to, unless a trusted peer has.")]
    public partial bool XForwardedPort { get; init; }

    [Setting("x_real_ip", Default = false, Doc = "Set X-Real-IP, the client's address.")]
    public partial bool XRealIp { get; init; }

    [Setting("x_original_to", Default = false, Doc = "Set X-Original-To, the address that was connected to, unless a trusted peer has.")]
    public partial bool XOriginalTo { get; init; }

    [Setting("forwarded", Default = false, Doc = "Add for, by, host and proto to Forwarded (RFC 7239).")]
    public partial bool Forwarded { get; init; }

    [Setting("client_certificate", Default = "off",
        Doc = "In which fields the server gets the certificate by which the client said who it is ([listener.tls.client]). What clients of a "
        + "listener with TLS send in fields of these names is removed in any case, also with _ for -; from trusted peers it passes where no client "
        + "is asked for a certificate.")]
    public partial ClientCertificateHeaders ClientCertificate { get; init; }

    [Setting("via", Default = "nativeproxy", Pattern = "^$|" + TokenText.Pattern, Doc = "Pseudonym of this proxy in the Via field. Empty = no Via.")]
    public partial string Via { get; init; }

    /// <summary>True when claims of peers that are not trusted are thrown away.</summary>
    public bool ThrowsClaimsAway => Untrusted == UntrustedClaims.Replace || (Untrusted == UntrustedClaims.Auto && !Trusted.IsDefaultOrEmpty);

    /// <summary>With each "auto" decided: servers of one's own are told about the client, the internet is not.</summary>
    public ListenerForwardedSettings InMode(ListenerMode mode) => this with
    {
        XForwardedFor = XForwardedFor ?? mode != ListenerMode.Forward,
        XForwardedProto = XForwardedProto ?? mode != ListenerMode.Forward,
        XForwardedHost = XForwardedHost ?? mode != ListenerMode.Forward,
    };

    /// <summary>True when the server is told the address that was connected to.</summary>
    public bool TellsLocal => XForwardedPort || XOriginalTo || Forwarded;

    /// <summary>Nothing is added.</summary>
    public ListenerForwardedSettings Silent() => this with
    {
        XForwardedFor = false,
        XForwardedProto = false,
        XForwardedHost = false,
        XForwardedPort = false,
        XRealIp = false,
        XOriginalTo = false,
        Forwarded = false,
    };
}
