namespace NativeProxy.Config;

/// <summary>What an operator wants of a server, in the file or while the proxy runs; its health is not asked (HAProxy's admin state).</summary>
internal enum OperatorState
{
    [SettingChoice("ready", Doc = "its health decides")]
    Ready = 0,

    [SettingChoice("drain", Doc = "no new clients; those whose cookie or table entry names it still come")]
    Drain = 1,

    [SettingChoice("maintenance", Doc = "nobody comes, as if it were down")]
    Maintenance = 2,
}
