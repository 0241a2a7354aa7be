using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[listener.monitor]`: what whoever looks whether this node is there gets to hear.</summary>
[SettingsTable(Doc = "Probes of a balancer in front, which the proxy answers itself and does not log.")]
internal readonly partial struct ListenerMonitorSettings
{
    [Setting("path", Default = "", Pattern = "^$|^/",
        Doc = "Path that is answered with 200, or with 503 as below; compared byte for byte, before any route. Empty = none.")]
    public partial string Path { get; init; }

    [Setting("networks", Default = new string[0], Pattern = NetworkText.Pattern,
        Doc = "Networks whose clients get 200 for every request; in mode \"tcp\" they are closed at once.")]
    public partial ImmutableArray<string> Networks { get; init; }

    [Setting("fail_when_down", Default = new string[0], Pattern = NameText.Pattern,
        Doc = "Names of [[upstream]]s; while one of them has no server that takes requests, the path is answered with 503.")]
    public partial ImmutableArray<string> FailWhenDown { get; init; }

    /// <summary>True when there is something to answer.</summary>
    public bool IsOn => Path is { Length: > 0 } || !Networks.IsDefaultOrEmpty;
}
