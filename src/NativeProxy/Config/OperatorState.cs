namespace NativeProxy.Config;

/// <summary>What an operator wants of a server, in the file or while the proxy runs; its health is not asked (HAProxy's admin state).</summary>
internal enum OperatorState
{
    [SettingChoice(OperatorStates.Ready, Doc = "its health decides")]
    Ready = 0,

    [SettingChoice(OperatorStates.Drain, Doc = "no new clients; those whose cookie or table entry names it still come")]
    Drain = 1,

    [SettingChoice(OperatorStates.Maintenance, Doc = "nobody comes, as if it were down")]
    Maintenance = 2,
}

/// <summary>What they are called, in the file, in the API and in commands. Stateless.</summary>
internal static class OperatorStates
{
    public const string Ready = "ready";
    public const string Drain = "drain";
    public const string Maintenance = "maintenance";

    public static string NameOf(OperatorState state) => state switch
    {
        OperatorState.Drain => Drain,
        OperatorState.Maintenance => Maintenance,
        _ => Ready,
    };

    /// <summary>Null when none is called so.</summary>
    public static OperatorState? Named(string? name) => name switch
    {
        Ready => OperatorState.Ready,
        Drain => OperatorState.Drain,
        Maintenance => OperatorState.Maintenance,
        _ => null,
    };
}
