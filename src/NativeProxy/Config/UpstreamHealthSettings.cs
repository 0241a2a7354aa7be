namespace NativeProxy.Config;

/// <summary>What a health check asks of a server.</summary>
internal enum HealthCheckKind
{
    [SettingChoice("off", Doc = "nothing: every server counts as up")]
    Off,

    [SettingChoice("tcp", Doc = "that it accepts a connection")]
    Tcp,

    [SettingChoice("http", Doc = "that it answers a GET with a status of 200 to 399")]
    Http,
}

/// <summary>`[upstream.health]`: how the servers of a group are watched. Names and defaults as HAProxy's inter, rise and fall.</summary>
[SettingsTable(Doc = "Health checks: a server that fails them gets no requests until it passes them again.")]
internal readonly partial struct UpstreamHealthSettings
{
    [Setting("type", Default = "off", Doc = "What a check asks of a server.")]
    public partial HealthCheckKind Kind { get; init; }

    [Setting("path", Default = "/", Pattern = "^/[!-~]*$", Doc = "Target of the request of an http check.")]
    public partial string Path { get; init; }

    [Setting("host", Default = "", Pattern = "^[!-~]*$", Doc = "Host field of an http check. Empty = the server's address.")]
    public partial string Host { get; init; }

    [Setting("interval", Default = "2s", Min = "10ms", Max = "24h", Doc = "Time from the start of a check to the start of the next.")]
    public partial long IntervalMs { get; init; }

    [Setting("timeout", Default = "2s", DefaultAtMost = nameof(IntervalMs), Min = "10ms", Max = "1h",
        Doc = "Time in which a check must succeed, connecting included. A shorter interval lowers this default.")]
    public partial long TimeoutMs { get; init; }

    [Setting("rise", Default = 2, Min = 1, Max = 1000, Doc = "Passed checks in a row that bring a server back.")]
    public partial int Rise { get; init; }

    [Setting("fall", Default = 3, Min = 1, Max = 1000,
        Doc = "Failed checks in a row that take a server out. A new server counts as up, but its very first check decides alone.")]
    public partial int Fall { get; init; }
}
