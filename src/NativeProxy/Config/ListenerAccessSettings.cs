using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[listener.access]`: whose connections are taken.</summary>
[SettingsTable(Doc = "Whose connections are taken; others are closed at once.")]
internal readonly partial struct ListenerAccessSettings
{
    [Setting("allow", Default = new string[0], Pattern = NetworkText.Pattern,
        Doc = "Networks whose clients may connect. Empty = all. With proxy_protocol the client is the one that the PROXY header names.")]
    public partial ImmutableArray<string> Allow { get; init; }

    [Setting("deny", Default = new string[0], Pattern = NetworkText.Pattern, Doc = "Networks whose clients may not, although \"allow\" has them.")]
    public partial ImmutableArray<string> Deny { get; init; }

    /// <summary>True when nobody is refused.</summary>
    public bool IsEmpty => Allow.IsDefaultOrEmpty && Deny.IsDefaultOrEmpty;
}
