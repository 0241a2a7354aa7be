namespace NativeProxy.Config;

/// <summary>`[[upstream.server]]`: one server of the group.</summary>
[SettingsTable(Doc = "One server of the group. Repeat the table for more servers. Needed unless servers has addresses.")]
internal readonly partial struct UpstreamServerSettings
{
    /// <summary>Most connections that a server may be given, by the file or by an operator.</summary>
    public const int ConnectionsLimit = 1_000_000;

    [Setting("name", Required = true, Example = "a", Pattern = NameText.Pattern, Doc = "Name in logs and metrics, unique in its upstream.")]
    public partial string Name { get; init; }

    [Setting("address", Required = true, Example = "127.0.0.1:9001", Pattern = ServerAddressText.Pattern,
        Doc = "Where the server listens: \"host:port\" or \"[v6]:port\"; the host may be a name. For listeners in mode \"tcp\" also \"host\": the "
        + "port that the client has connected to, or \"host:+1000\": one so much above it.")]
    public partial string Address { get; init; }

    [Setting("proxy_protocol", Default = "upstream", Doc = "As proxy_protocol of the upstream, for this server.")]
    public partial ServerProxyHeader ProxyProtocol { get; init; }

    [Setting("source_address", Default = "", Pattern = SourceAddressText.Pattern, Doc = "The same for this server. Empty = as its upstream says.")]
    public partial string SourceAddress { get; init; }

    [Setting("tls_name", Default = "", Pattern = "^$|" + TlsNameText.ServerPattern,
        Doc = "Name, or IP address, that this server is asked for with TLS and that its certificate must have. Empty = tls.name of the upstream, "
        + "else the host of the address.")]
    public partial string TlsName { get; init; }

    [Setting("weight", Default = 1, Max = 256,
        Doc = "Share of the requests, in proportion to the other weights. 0 = no new requests; those whose cookie names the server still come.")]
    public partial int Weight { get; init; }

    [Setting("state", Default = "ready",
        Doc = "What an operator wants of the server at the start. Another value in the file holds from the next reload; between reloads the "
        + "commands server drain, ready and maintenance change it, and save writes that here.")]
    public partial OperatorState State { get; init; }

    [Setting("priority", Default = 0, Max = 15,
        Doc = "Level of the server: those of the lowest level serve, those of the next one when none of them is up (failover_below).")]
    public partial int Priority { get; init; }

    [Setting("backup", Default = false, Doc = "Whether the server serves only when all that are no backups are down, whatever their priority.")]
    public partial bool IsBackup { get; init; }

    [Setting("max_connections", Default = 0, Max = ConnectionsLimit,
        Doc = "Connections to this server at most, idle ones included, over all workers; requests beyond it wait in a queue. 0 = no limit.")]
    public partial int MaxConnections { get; init; }

    [Setting("min_connections", Default = 0, Max = ConnectionsLimit,
        Doc = "Requests at once that the server has while the load of its upstream is low; with the load they grow to max_connections, which they "
        + "reach at the upstream's full_load. 0 = max_connections at any load.")]
    public partial int MinConnections { get; init; }

    [Setting("max_queue", Default = 0, Max = 1_000_000,
        Doc = "Requests that wait for this server and no other, because of their cookie or hash, over all workers; beyond it they go to another one. "
        + "0 = that of the upstream.")]
    public partial int MaxQueue { get; init; }

    [Setting("cookie", Default = "", Pattern = CookieText.ValuePattern,
        Doc = "Value in the stickiness cookie. Empty = the server's name. Servers that say the same value share its requests: the first usable "
        + "one takes them all, as with HAProxy's backup twins.")]
    public partial string Cookie { get; init; }

    [Setting("health", Default = true, Doc = "Whether the server is checked where its upstream has health checks; one that is not counts as up.")]
    public partial bool Health { get; init; }

    [Setting("health_port", Default = 0, Max = 65535, MayBeQuoted = true,
        Doc = "Port of the health checks of this server, such as that of the application behind a relay. 0 = health.port, else the server's own.")]
    public partial int HealthPort { get; init; }

    [Setting("health_address", Default = "", Pattern = "^[0-9A-Fa-f.:]*$",
        Doc = "IP address of the health checks of this server. Empty = health.address, else the server's own.")]
    public partial string HealthAddress { get; init; }

    /// <summary>A server of which nothing else is said, or that is not in the file.</summary>
    public static UpstreamServerSettings Found(string name, string address, int weight) =>
        ReadFrom(SettingsTableReader.Root(null, new SettingsErrors("", ""))) with { Name = name, Address = address, Weight = weight };

    /// <summary>The PROXY header in force.</summary>
    public ProxyHeaderVersion ProxyHeaderOf(in UpstreamSettings upstream) =>
        ProxyProtocol == ServerProxyHeader.Upstream ? upstream.ProxyProtocol : (ProxyHeaderVersion)(ProxyProtocol - 1);

    /// <summary>The value in force: the server's own, or a hash of its address under a secret, or its name.</summary>
    public string CookieValueIn(in UpstreamCookieSettings cookie) =>
        Cookie.Length > 0 ? Cookie
        : cookie.DynamicKey.Length > 0 ? CookieText.HashedValue(cookie.DynamicKey, Address)
        : Name;
}
