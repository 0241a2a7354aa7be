namespace NativeProxy.Config;

/// <summary>How the stickiness cookie comes about, and what is done with it. The names are HAProxy's.</summary>
internal enum CookieMode
{
    [SettingChoice("off", Doc = "no stickiness by cookie")]
    Off,

    [SettingChoice("insert", Doc = "set by the proxy when the client has none for the server that answers")]
    Insert,

    [SettingChoice("prefix", Doc = "SERVER~ is put before the application's value, and taken off in requests")]
    Prefix,

    [SettingChoice("rewrite", Doc = "set by the application; the proxy replaces its value")]
    Rewrite,

    [SettingChoice("passive", Doc = "set by the application; the proxy only reads it")]
    Passive,
}

/// <summary>SameSite attribute of an inserted cookie.</summary>
internal enum SameSiteKind
{
    [SettingChoice("unset", Doc = "none is written; browsers then take \"lax\"")]
    Unset,

    [SettingChoice("lax")]
    Lax,

    [SettingChoice("strict")]
    Strict,

    [SettingChoice("none", Doc = "needs secure")]
    None,
}

/// <summary>`[upstream.cookie]`: a cookie that names the server.</summary>
[SettingsTable(Doc = "A cookie that names the server, so that a client's requests go to the same one. Every request of a connection is looked at.")]
internal readonly partial struct UpstreamCookieSettings
{
    [Setting("mode", Default = "off", Doc = "How the cookie comes about. With \"insert\" one of that name that a server sets itself is removed.")]
    public partial CookieMode Mode { get; init; }

    [Setting("name", Default = "", Pattern = "^$|" + TokenText.Pattern,
        Doc = "Name of the cookie; needed unless mode is off. With \"prefix\", \"rewrite\" and \"passive\" that of the application's own cookie.")]
    public partial string Name { get; init; }

    [Setting("indirect", Default = false, Doc = "Only with \"insert\": the cookie is taken out of requests, so that servers never see it.")]
    public partial bool Indirect { get; init; }

    [Setting("nocache", Default = false,
        Doc = "Only with \"insert\": a response into which the cookie is put also gets \"Cache-Control: private\", so that no shared cache gives "
        + "it to others.")]
    public partial bool NoCache { get; init; }

    [Setting("path", Default = "/", Pattern = CookieText.PathPattern, Doc = "Path attribute of an inserted cookie.")]
    public partial string Path { get; init; }

    [Setting("domain", Default = "", Pattern = CookieText.DomainPattern,
        Doc = "Domain attribute of an inserted cookie. Empty = none, the cookie is for this host only.")]
    public partial string Domain { get; init; }

    [Setting("httponly", Default = false, Doc = "HttpOnly attribute of an inserted cookie: scripts cannot read it.")]
    public partial bool HttpOnly { get; init; }

    [Setting("secure", Default = false, Doc = "Secure attribute of an inserted cookie: sent over TLS only.")]
    public partial bool Secure { get; init; }

    [Setting("max_idle", Default = "0s", Max = "8760h",
        Doc = "Only with \"insert\": a cookie that was not used for this long names no server any more. Its value then says when it was set, and "
        + "every response sets it anew. \"0s\" = off.")]
    public partial long MaxIdleMs { get; init; }

    [Setting("max_life", Default = "0s", Max = "8760h",
        Doc = "Only with \"insert\": a cookie that the client has had for this long names no server any more, however often it is used. "
        + "\"0s\" = off.")]
    public partial long MaxLifeMs { get; init; }

    [Setting("preserve", Default = false,
        Doc = "Only with \"insert\": a cookie of that name that a server itself sets is passed on, such as one that ends the stickiness at a logout, "
        + "instead of removed.")]
    public partial bool Preserve { get; init; }

    [Setting("dynamic_key", Default = "",
        Doc = "A secret: servers without a cookie value of their own get a hash of their address under it as value, which tells nobody their names "
        + "and is the same on all proxies with this key. Empty = their names.")]
    public partial string DynamicKey { get; init; }

    [Setting("same_site", Default = "unset", Doc = "SameSite attribute of an inserted cookie.")]
    public partial SameSiteKind SameSite { get; init; }
}
