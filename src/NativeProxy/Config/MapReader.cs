using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Reads a table whose keys are free names. A wrong value is reported to the errors and left out. Used once.
/// </summary>
/// <param name="table">The table; null stands for an empty one.</param>
/// <param name="place">How messages name it: `in [route.header]`.</param>
/// <param name="errors">Where wrong values go.</param>
internal readonly struct MapReader(TomlTable? table, string place, SettingsErrors errors)
{
    /// <summary>Weights are added up; nobody needs finer parts.</summary>
    public const int WeightMax = 1_000_000;

    private const string MatchExpected =
        "\"text\", [\"any\", \"of\"], true (present), false (absent), or a table with one of: prefix, suffix, contains, regex";

    private static readonly string[] Comparisons = ["prefix", "suffix", "contains", "regex"];

    private readonly IReadOnlyList<TomlEntry> _entries = table?.Entries ?? [];

    public ImmutableArray<MatchSettings> Matches()
    {
        ImmutableArray<MatchSettings>.Builder matches = ImmutableArray.CreateBuilder<MatchSettings>(_entries.Count);
        foreach (TomlEntry entry in _entries)
        {
            if (MatchOf(entry) is { } match)
                matches.Add(match);
        }

        return matches.DrainToImmutable();
    }

    public ImmutableArray<ShareSettings> Shares()
    {
        ImmutableArray<ShareSettings>.Builder shares = ImmutableArray.CreateBuilder<ShareSettings>(_entries.Count);
        foreach (TomlEntry entry in _entries)
        {
            if (SettingsTableReader.TryNumber(entry.Value, out long weight) && weight is >= 0 and <= WeightMax)
                shares.Add(new ShareSettings(entry.Key, (int)weight));
            else
                Wrong(entry, $"is {SettingsTableReader.Describe(entry.Value)}", Bounds.Integer(0, WeightMax));
        }

        return shares.DrainToImmutable();
    }

    public ImmutableArray<NamedText> NamedTexts()
    {
        ImmutableArray<NamedText>.Builder texts = ImmutableArray.CreateBuilder<NamedText>(_entries.Count);
        foreach (TomlEntry entry in _entries)
        {
            if (entry.Value.Kind == TomlKind.String)
                texts.Add(new NamedText(entry.Key, entry.Value.Text));
            else
                Wrong(entry, $"is {SettingsTableReader.Describe(entry.Value)}", "a string in quotes");
        }

        return texts.DrainToImmutable();
    }

    private MatchSettings? MatchOf(TomlEntry entry)
    {
        switch (entry.Value.Kind)
        {
            case TomlKind.String:
                return new MatchSettings(entry.Key, MatchKind.Exact, [entry.Value.Text]);
            case TomlKind.Boolean:
                return new MatchSettings(entry.Key, entry.Value.Boolean ? MatchKind.Present : MatchKind.Absent, []);
            case TomlKind.Array when entry.Value.Items.Count > 0 && entry.Value.Items.All(static item => item.Kind == TomlKind.String):
                return new MatchSettings(entry.Key, MatchKind.Exact, [.. entry.Value.Items.Select(static item => item.Text)]);
            case TomlKind.Array:
                Wrong(entry, entry.Value.Items.Count == 0 ? "must not be empty" : "has an item that is no string", MatchExpected);
                return null;
            case TomlKind.Table:
                return ComparisonOf(entry);
            default:
                Wrong(entry, $"is {SettingsTableReader.Describe(entry.Value)}", MatchExpected);
                return null;
        }
    }

    /// <summary>Of `{ prefix = "text" }` and the like.</summary>
    private MatchSettings? ComparisonOf(TomlEntry entry)
    {
        IReadOnlyList<TomlEntry> inner = entry.Value.Table.Entries;
        string names = string.Join(", ", Comparisons);
        foreach (TomlEntry one in inner.Where(static one => !Comparisons.Contains(one.Key)))
        {
            errors.Add(one.KeyPosition, $"unknown key {ErrorExcerpt.Quoted(one.Key)} in {ErrorExcerpt.Quoted(entry.Key)} {place}",
                "one of: " + names, Spelling.Hint(one.Key, Comparisons));
            return null;
        }

        if (inner.Count != 1)
        {
            Wrong(entry, $"is a table with {inner.Count} keys", "exactly one of: " + names);
            return null;
        }

        TomlEntry comparison = inner[0];
        if (comparison.Value is not { Kind: TomlKind.String, Text.Length: > 0 })
        {
            errors.Add(comparison.Value.Position,
                $"\"{comparison.Key}\" in {ErrorExcerpt.Quoted(entry.Key)} {place} is {SettingsTableReader.Describe(comparison.Value)}",
                "a string in quotes that is not empty");
            return null;
        }

        MatchKind kind = comparison.Key switch
        {
            "prefix" => MatchKind.Prefix,
            "suffix" => MatchKind.Suffix,
            "contains" => MatchKind.Contains,
            _ => MatchKind.Regex,
        };
        return new MatchSettings(entry.Key, kind, [comparison.Value.Text]);
    }

    private void Wrong(TomlEntry entry, string problem, string expected) =>
        errors.Add(entry.Value.Position, $"{ErrorExcerpt.Quoted(entry.Key)} {place} {problem}", expected);
}
