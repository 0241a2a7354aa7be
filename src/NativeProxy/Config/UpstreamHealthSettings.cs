using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>What a health check asks of a server.</summary>
internal enum HealthCheckKind
{
    [SettingChoice("off", Doc = "nothing: every server counts as up")]
    Off,

    [SettingChoice("tcp", Doc = "that it accepts a connection, and says what is expected where expect is set")]
    Tcp,

    [SettingChoice("http", Doc = "that it answers a request with a status of expect_status")]
    Http,

    [SettingChoice("tls",
        Doc = "that it answers a ClientHello; with tls.enabled, that the whole handshake succeeds")]
    Tls,

    [SettingChoice("agent", Doc = "an agent on a port of its own, which says in a line: up, ready, drain, maint, down, fail, 75%")]
    Agent,
}

/// <summary>What happens to the connections of a server that goes down.</summary>
internal enum DownAction
{
    [SettingChoice("keep", Doc = "they stay")]
    Keep,

    [SettingChoice("close_idle", Doc = "idle ones close, exchanges finish")]
    CloseIdle,

    [SettingChoice("close_all", Doc = "exchanges end, too: sent again elsewhere where they may, else cut")]
    CloseAll,
}

/// <summary>What happens to the connections of backups when another server comes up.</summary>
internal enum UpAction
{
    [SettingChoice("keep", Doc = "they stay")]
    Keep,

    [SettingChoice("close_backups", Doc = "they end: exchanges are sent again elsewhere where they may, else cut")]
    CloseBackups,
}

/// <summary>How a server counts before its first check.</summary>
internal enum InitialHealth
{
    [SettingChoice("up", Doc = "as up; its very first check decides alone")]
    Up,

    [SettingChoice("down", Doc = "as down until its first check has passed")]
    Down,
}

/// <summary>`[upstream.health]`: how the servers of a group are watched. Names and defaults as HAProxy's inter, rise and fall.</summary>
[SettingsTable(Doc = "Health checks: a server that fails them gets no requests until it passes them again. With tls.enabled they speak TLS as the "
    + "traffic does, also at a port or address of their own; an agent does not.")]
internal readonly partial struct UpstreamHealthSettings
{
    [Setting("type", Default = "off", Doc = "What a check asks of a server.")]
    public partial HealthCheckKind Kind { get; init; }

    [Setting("path", Default = "/", Pattern = "^/[!-~]*$", Doc = "Target of the request of an http check.")]
    public partial string Path { get; init; }

    [Setting("host", Default = "", Pattern = "^[!-~]*$",
        Doc = "Host field of an http check; server name in the hello of a tls check where tls.enabled is false. Empty = the server's address; in a "
        + "hello none.")]
    public partial string Host { get; init; }

    [Setting("method", Default = "GET", Pattern = TokenText.Pattern, Doc = "Method of an http check.")]
    public partial string Method { get; init; }

    [Setting("headers", Doc = "Further header fields of an http check, such as { X-Probe = \"1\" }.")]
    public partial ImmutableArray<NamedText> Headers { get; init; }

    [Setting("expect_status", Default = new[] { "200-399" }, Pattern = StatusText.Pattern, Doc = "Statuses with which an http check passes.")]
    public partial ImmutableArray<string> ExpectStatus { get; init; }

    [Setting("expect_body", Default = "", Doc = "Text that must stand in the first 16 KiB of the body for an http check to pass. Empty = none.")]
    public partial string ExpectBody { get; init; }

    [Setting("send", Default = "", Doc = "What a tcp check sends, and an agent check asks, such as \"PING\\r\\n\". Empty = nothing.")]
    public partial string Send { get; init; }

    [Setting("expect", Default = "", Doc = "Text that must come within the first 16 KiB for a tcp check to pass. Empty = the connection is enough.")]
    public partial string Expect { get; init; }

    [Setting("port", Default = 0, Max = 65535, MayBeQuoted = true, Doc = "Port of the checks. 0 = the server's own.")]
    public partial int Port { get; init; }

    [Setting("address", Default = "", Pattern = "^[0-9A-Fa-f.:]*$", Doc = "IP address of the checks. Empty = the server's own.")]
    public partial string Address { get; init; }

    [Setting("interval", Default = "2s", Min = "10ms", Max = "24h", Doc = "Time from the start of a check to the start of the next.")]
    public partial long IntervalMs { get; init; }

    [Setting("fast_interval", Default = "0s", Max = "24h",
        Doc = "The same while results speak against the server's state, so that a change is sure sooner. \"0s\" = interval.")]
    public partial long FastIntervalMs { get; init; }

    [Setting("down_interval", Default = "0s", Max = "24h", Doc = "The same while the server is down. \"0s\" = interval.")]
    public partial long DownIntervalMs { get; init; }

    [Setting("jitter", Default = 10, Max = 50,
        Doc = "Percent by which each interval is shorter or longer by chance, so that checks do not come in step.")]
    public partial int JitterPercent { get; init; }

    [Setting("timeout", Default = "2s", DefaultAtMost = nameof(IntervalMs), Min = "10ms", Max = "1h",
        Doc = "Time in which a check must succeed, connecting and TLS included. A shorter interval lowers this default.")]
    public partial long TimeoutMs { get; init; }

    [Setting("rise", Default = 2, Min = 1, Max = 1000, Doc = "Passed checks in a row that bring a server back.")]
    public partial int Rise { get; init; }

    [Setting("fall", Default = 3, Min = 1, Max = 1000,
        Doc = "Failed checks in a row that take a server out. The very first check of a server decides alone.")]
    public partial int Fall { get; init; }

    [Setting("initial", Default = "up", Doc = "How a new server counts until its first check. One that discovery adds while the proxy runs is down.")]
    public partial InitialHealth Initial { get; init; }

    [Setting("drain_on_404", Default = false,
        Doc = "Whether a server that answers an http check with 404 gets no new clients, while those whose cookie names it still come.")]
    public partial bool DrainOn404 { get; init; }

    [Setting("on_down", Default = "close_idle", Doc = "What happens to the connections of a server that goes down.")]
    public partial DownAction OnDown { get; init; }

    [Setting("on_up", Default = "keep", Doc = "What happens to the connections of backup servers when one that is no backup comes up.")]
    public partial UpAction OnUp { get; init; }
}
