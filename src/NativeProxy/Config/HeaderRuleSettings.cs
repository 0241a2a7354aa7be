using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>
/// `request_headers`, `response_headers`: what becomes of header fields. Those of the listener and of a route add up; where both say something of one
/// name, the route wins.
/// </summary>
[SettingsTable(Doc = "What becomes of header fields, in this order: remove, set, add, default. Rules of the listener and of the route add up; "
    + "the route comes second. What frames a message, speaks of the connection or is the proxy's own cannot be written.")]
internal readonly partial struct HeaderRuleSettings
{
    [Setting("remove", Default = new string[0], Doc = "Names of fields that end here; \"X-Internal-*\" stands for all that begin so.")]
    public partial ImmutableArray<string> Remove { get; init; }

    [Setting("set", Doc = "Fields that are written instead of those of the same name.")]
    public partial ImmutableArray<NamedText> Set { get; init; }

    [Setting("add", Doc = "Fields that are written besides those of the same name.")]
    public partial ImmutableArray<NamedText> Add { get; init; }

    [Setting("default", Doc = "Fields that are written where there is none of the same name.")]
    public partial ImmutableArray<NamedText> Default { get; init; }

    /// <summary>True when no rule is there.</summary>
    public bool IsEmpty => Remove.IsDefaultOrEmpty && Set.IsDefaultOrEmpty && Add.IsDefaultOrEmpty && Default.IsDefaultOrEmpty;
}
