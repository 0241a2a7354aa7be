namespace NativeProxy.Config;

/// <summary>`[route.mirror]`: copies of requests for servers whose answers nobody sees.</summary>
[SettingsTable(Doc = "Copies of requests go to another upstream; what its servers answer is thrown away, and nothing waits for them.")]
internal readonly partial struct RouteMirrorSettings
{
    [Setting("upstream", Default = "", Pattern = "^$|" + NameText.Pattern,
        Doc = "Name of the [[upstream]] that gets the copies. Empty = none are made.")]
    public partial string Upstream { get; init; }

    [Setting("percent", Default = 100, Min = 1, Max = 100, Doc = "Part of the requests that are copied.")]
    public partial int Percent { get; init; }

    [Setting("body_bytes", Default = "64KiB", Max = "16MiB", Doc = "Longest body that is copied; requests with a longer one are not.")]
    public partial int BodyBytes { get; init; }
}
