namespace NativeProxy.Config;

/// <summary>`[listener.tcp_keepalive]` and `[upstream.tcp_keepalive]`: probes of the kernel, on connections of whatever protocol.</summary>
[SettingsTable(Doc = "Probes that the kernel sends on silent connections (TCP keepalive), so that a peer that vanished without a word is dropped. "
    + "Not the HTTP setting [keepalive], which closes connections that are idle.")]
internal readonly partial struct TcpKeepaliveSettings
{
    [Setting("enabled", Default = false, Doc = "Whether silent connections are probed (SO_KEEPALIVE).")]
    public partial bool Enabled { get; init; }

    [Setting("idle", Default = "0s", Max = "9h",
        Doc = "Silence before the first probe, in whole seconds (TCP_KEEPIDLE). \"0s\" = the kernel's default, mostly 2 hours.")]
    public partial long IdleMs { get; init; }

    [Setting("interval", Default = "0s", Max = "9h", Doc = "Time between two probes, in whole seconds (TCP_KEEPINTVL); Linux keeps it constant. "
        + "\"0s\" = the kernel's default, mostly 75 seconds.")]
    public partial long IntervalMs { get; init; }

    [Setting("count", Default = 0, Max = 127,
        Doc = "Probes without an answer after which the connection is dropped (TCP_KEEPCNT). 0 = the kernel's default, mostly 9.")]
    public partial int Count { get; init; }
}
