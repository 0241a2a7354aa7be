using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>How answers are made shorter.</summary>
internal enum CompressionKind
{
    [SettingChoice("gzip", Doc = "gzip (RFC 1952)")]
    Gzip,

    [SettingChoice("none", Doc = "not at all, whatever is said further out")]
    None,
}

/// <summary>`compression` of a listener, a policy or a route; what is left out is as further out.</summary>
[SettingsTable(Doc = "Whether answers are compressed for clients that take it. Off unless \"algorithms\" says one: compressing secrets beside what a "
    + "stranger may choose gives the secrets away (BREACH). Of each key the innermost value counts: listener, policies, route.")]
internal readonly partial struct CompressionSettings
{
    /// <summary>Text in its usual forms.</summary>
    public static readonly ImmutableArray<string> UsualTypes =
    [
        "text/*", "application/json", "application/*+json", "application/javascript", "application/xml", "application/*+xml", "image/svg+xml",
    ];

    [Setting("algorithms", Default = new string[0], Doc = "\"gzip\", or \"none\". Empty = as further out; at last none.")]
    public partial ImmutableArray<CompressionKind> Algorithms { get; init; }

    [Setting("types", Default = new string[0],
        Doc = "Content types, such as \"text/html\", \"text/*\" or \"application/*+json\". Empty = as further out; at last text, JSON, JavaScript, "
        + "XML and SVG.")]
    public partial ImmutableArray<string> Types { get; init; }

    [Setting("min_bytes", Default = 0, Doc = "Shortest answer that is compressed, where its length is known. 0 = as further out; at last 1KiB.")]
    public partial long MinBytes { get; init; }

    /// <summary>True when answers are compressed.</summary>
    public bool IsOn => !Algorithms.IsDefaultOrEmpty && !Algorithms.Contains(CompressionKind.None);

    /// <summary>These where they say something, else the others.</summary>
    public CompressionSettings Over(in CompressionSettings outer) => new()
    {
        Algorithms = Algorithms.IsDefaultOrEmpty ? outer.Algorithms : Algorithms,
        Types = Types.IsDefaultOrEmpty ? outer.Types : Types,
        MinBytes = MinBytes > 0 ? MinBytes : outer.MinBytes,
    };
}
