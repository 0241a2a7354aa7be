namespace NativeProxy.Config;

/// <summary>Where the servers of an upstream come from besides the settings.</summary>
internal enum DiscoveryKind
{
    [SettingChoice("none", Doc = "nowhere: the servers are those of the file")]
    None,

    [SettingChoice("dns", Doc = "each address of a name is a server")]
    Dns,

    [SettingChoice("srv", Doc = "each target of an SRV record, with its port, weight and priority")]
    Srv,

    [SettingChoice("file", Doc = "a JSON file, looked at every second")]
    File,

    [SettingChoice("http", Doc = "a JSON document of an http:// URL")]
    Http,
}

/// <summary>Which addresses of a name are servers.</summary>
internal enum AddressKind
{
    [SettingChoice("any", Doc = "all")]
    Any,

    [SettingChoice("ipv4", Doc = "those of IPv4")]
    Ipv4,

    [SettingChoice("ipv6", Doc = "those of IPv6")]
    Ipv6,
}

/// <summary>`[upstream.discovery]`: servers that come and go while the proxy runs (HAProxy's server-template, Prometheus's file_sd).</summary>
[SettingsTable(Doc = "Servers that are found while the proxy runs, besides those of the file. The last good list is used while a later one cannot be "
    + "had; without any, requests are answered with 503. Servers that leave finish what runs on them.")]
internal readonly partial struct UpstreamDiscoverySettings
{
    [Setting("type", Default = "none", Doc = "Where servers are looked for.")]
    public partial DiscoveryKind Kind { get; init; }

    [Setting("name", Default = "", Pattern = "^[!-~]*$", Doc = "dns: a name such as \"app.internal\"; srv: one such as \"_http._tcp.app.internal\".")]
    public partial string Name { get; init; }

    [Setting("port", Default = 0, Max = 65535, MayBeQuoted = true, Doc = "dns: port of the servers.")]
    public partial int Port { get; init; }

    [Setting("path", Default = "",
        Doc = "file: a list such as [{ \"address\": \"10.0.0.1:80\", \"weight\": 2 }]; replace it by renaming a whole one.")]
    public partial string Path { get; init; }

    [Setting("url", Default = "", Pattern = "^(http://[!-~]+)?$", Doc = "http: where such a list is, as \"http://host:port/path\".")]
    public partial string Url { get; init; }

    [Setting("interval", Default = "10s", Min = "100ms", Max = "24h", Doc = "http: time between two looks.")]
    public partial long IntervalMs { get; init; }

    [Setting("max_servers", Default = 256, Min = 1, Max = 4096, Doc = "Servers that are taken from it; further ones are left out.")]
    public partial int ServersMax { get; init; }

    [Setting("family", Default = "any", Doc = "dns and srv: which addresses of names are servers.")]
    public partial AddressKind Family { get; init; }
}
