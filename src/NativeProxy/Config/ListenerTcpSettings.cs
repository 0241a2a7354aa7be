namespace NativeProxy.Config;

/// <summary>`[listener.tcp]`: connections whose bytes are passed on as they are.</summary>
[SettingsTable(Doc = "Connections of a listener in mode \"tcp\".")]
internal readonly partial struct ListenerTcpSettings
{
    [Setting("idle_timeout", Default = "1h", Max = "720h",
        Doc = "Time in which neither side says anything, nor takes any of what the other has said. \"0s\" = off.")]
    public partial long IdleTimeoutMs { get; init; }

    [Setting("half_close_timeout", Default = "30s", Max = "720h", Doc = "The same once one side has ended its sending. \"0s\" = off.")]
    public partial long HalfCloseTimeoutMs { get; init; }

    [Setting("inspect_timeout", Default = "5s", Min = "10ms", Max = "1h",
        Doc = "Time for a whole ClientHello, where a route looks at its server name; a client that takes longer is closed.")]
    public partial long InspectTimeoutMs { get; init; }

    [Setting("splice", Default = "auto",
        Doc = "Whether bytes go from one socket to the other without being read, by splice(2): engine \"epoll\". HAProxy's option splice-auto.")]
    public partial SplicePolicy Splice { get; init; }

    /// <summary>True when the file says nothing, or the same.</summary>
    public bool IsDefault => this is
    {
        IdleTimeoutMs: 60 * 60 * 1000, HalfCloseTimeoutMs: 30 * 1000, InspectTimeoutMs: 5 * 1000, Splice: SplicePolicy.Auto
    };
}

/// <summary>When bytes go from socket to socket without being read.</summary>
internal enum SplicePolicy
{
    [SettingChoice("auto", Doc = "while a side sends so much that it pays")]
    Auto,

    [SettingChoice("on", Doc = "always")]
    On,

    [SettingChoice("off", Doc = "never")]
    Off,
}
