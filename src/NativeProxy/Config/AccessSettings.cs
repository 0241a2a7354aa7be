using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`access`: which clients are served, by the networks that they are in (nginx's allow and deny; the order is fixed).</summary>
[SettingsTable(Doc = "Which clients are served, by their networks; others get 403. Lists of policies and of the route must all allow a client.")]
internal readonly partial struct AccessSettings
{
    [Setting("allow", Default = new string[0], Pattern = NetworkText.Pattern, Doc = "Networks that are served. Empty = all.")]
    public partial ImmutableArray<string> Allow { get; init; }

    [Setting("deny", Default = new string[0], Pattern = NetworkText.Pattern, Doc = "Networks that are not served, even if \"allow\" has them.")]
    public partial ImmutableArray<string> Deny { get; init; }

    /// <summary>True when every client is served.</summary>
    public bool IsEmpty => Allow.IsDefaultOrEmpty && Deny.IsDefaultOrEmpty;
}
