using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Reads the typed values of one TOML table for the generated binders. An absent key gives the default; a wrong value is reported to
/// the errors and gives the default too, so that one load finds all mistakes. Stateless but for the collected errors; never throws for bad input.
/// </summary>
internal readonly struct SettingsTableReader
{
    private const string DurationExamples = "a duration such as \"250ms\", \"75s\", \"10m\" or \"1h\"";
    private const string SizeExamples = "a size: bytes as an integer, or such as \"64KiB\", \"16MiB\" or \"1GiB\"";

    private readonly TomlTable? _table;
    private readonly TextPosition _position;
    private readonly SettingsErrors _errors;
    private readonly string _path;
    private readonly bool _isItem;

    private SettingsTableReader(TomlTable? table, TextPosition position, SettingsErrors errors, string path, bool isItem)
    {
        _table = table;
        _position = position;
        _errors = errors;
        _path = path;
        _isItem = isItem;
    }

    /// <summary>The whole document; null stands for an empty one.</summary>
    public static SettingsTableReader Root(TomlTable? table, SettingsErrors errors) => new(table, default, errors, "", isItem: false);

    /// <summary>How messages name this table: `in [runtime]`, `in [[listener]]`, or `at the top level`.</summary>
    private string Place => _path.Length == 0 ? "at the top level" : _isItem ? $"in [[{_path}]]" : $"in [{_path}]";

    /// <summary>Reports the key when it is missing or empty.</summary>
    public void Require(string key)
    {
        TomlNode? value = Find(key);
        if (value is null)
            _errors.Add(_position, $"required key \"{key}\" is missing {Place}");
        else if (value.Kind == TomlKind.Array ? value.Items.Count == 0 : value.Kind == TomlKind.String && value.Text.Length == 0)
            _errors.Add(value.Position, $"\"{key}\" {Place} must not be empty");
    }

    /// <summary>Reports a file without any `[[key]]`.</summary>
    public void RequireTables(string key)
    {
        TomlNode? value = Find(key);
        if (value is null || value is { Kind: TomlKind.Array, Items.Count: 0 })
        {
            _errors.Add(value?.Position ?? _position, $"no [[{PathOf(key)}]] is defined{(_path.Length == 0 ? "" : " " + Place)}",
                $"at least one [[{PathOf(key)}]]");
        }
    }

    /// <summary>Reports every key that is not in the list.</summary>
    public void RefuseUnknownKeys(string[] knownKeys)
    {
        foreach (TomlEntry entry in _table?.Entries ?? [])
        {
            if (Array.IndexOf(knownKeys, entry.Key) >= 0)
                continue;
            _errors.Add(entry.KeyPosition, $"unknown key {ErrorExcerpt.Quoted(entry.Key)} {Place}",
                "one of: " + string.Join(", ", knownKeys), entry.Key == IncludeReader.Key
                    ? "\"include\" stands at the top of a file, before all tables"
                    : Spelling.Hint(entry.Key, knownKeys));
        }
    }

    public bool Boolean(string key, bool fallback)
    {
        TomlNode? value = Find(key);
        if (value is null)
            return fallback;
        if (value.Kind == TomlKind.Boolean)
            return value.Boolean;
        if (value is { IsFilledIn: true, Text: "true" or "false" })
            return value.Text == "true";
        bool isQuoted = value is { Kind: TomlKind.String, Text: "true" or "false" };
        Wrong(value, key, "true or false", isQuoted ? "remove the quotes" : "");
        return fallback;
    }

    public long Integer(string key, long fallback, long min, long max)
    {
        TomlNode? value = Find(key);
        return value is null ? fallback : IntegerOf(value, key, fallback, min, max, Bounds.Integer(min, max));
    }

    /// <summary>An integer, perhaps in quotes.</summary>
    public long QuotableInteger(string key, long fallback, long min, long max)
    {
        return Find(key) is { Kind: TomlKind.String } quoted
            && long.TryParse(quoted.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max
            ? number
            : Integer(key, fallback, min, max);
    }

    /// <summary>True, false, or null for "auto" and an absent key.</summary>
    public bool? AutoBoolean(string key) => Find(key) is null or { Kind: TomlKind.String, Text: "auto" } ? null : Boolean(key, false);

    /// <summary>An integer or "auto", which is 0.</summary>
    public long AutoInteger(string key, long fallback, long min, long max)
    {
        TomlNode? value = Find(key);
        if (value is null)
            return fallback;
        return value.Kind == TomlKind.String && value.Text == "auto"
            ? 0
            : IntegerOf(value, key, fallback, min, max, "\"auto\" or " + Bounds.Integer(min, max));
    }

    /// <summary>An integer or a word, which is -1.</summary>
    public long IntegerOrWord(string key, string word, long fallback, long min, long max)
    {
        TomlNode? value = Find(key);
        if (value is null)
            return fallback;
        return value.Kind == TomlKind.String && value.Text == word
            ? -1
            : IntegerOf(value, key, fallback, min, max, $"\"{word}\" or " + Bounds.Integer(min, max));
    }

    public long DurationMs(string key, long fallbackMs, long minMs, long maxMs)
    {
        TomlNode? value = Find(key);
        if (value is null)
            return fallbackMs;
        if (value.Kind == TomlKind.String && Units.TryParseDuration(value.Text, out long durationMs))
        {
            if (durationMs >= minMs && durationMs <= maxMs)
                return durationMs;
            Wrong(value, key, Bounds.Duration(minMs, maxMs));
            return fallbackMs;
        }

        Wrong(value, key, DurationExamples, value.Kind switch
        {
            TomlKind.Integer when value.Integer >= 0 =>
            UnitHint.ForDuration(value.Integer.ToString(CultureInfo.InvariantCulture)),
            TomlKind.String => UnitHint.ForDuration(value.Text),
            _ => "",
        });
        return fallbackMs;
    }

    public long SizeBytes(string key, long fallbackBytes, long minBytes, long maxBytes)
    {
        TomlNode? value = Find(key);
        if (value is null)
            return fallbackBytes;
        long sizeBytes = 0;
        if (TryNumber(value, out long bytes))
        {
            sizeBytes = bytes;
        }
        else if (value.Kind != TomlKind.String || !Units.TryParseSize(value.Text, out sizeBytes))
        {
            Wrong(value, key, SizeExamples, value.Kind == TomlKind.String ? UnitHint.ForSize(value.Text) : "");
            return fallbackBytes;
        }

        if (sizeBytes >= minBytes && sizeBytes <= maxBytes)
            return sizeBytes;
        Wrong(value, key, Bounds.Size(minBytes, maxBytes));
        return fallbackBytes;
    }

    public string Text(string key, string fallback)
    {
        TomlNode? value = Find(key);
        if (value is null)
            return fallback;
        if (value.Kind == TomlKind.String)
            return value.Text;
        Wrong(value, key, "a string in quotes");
        return fallback;
    }

    /// <summary>One of an enumeration, all of which are numbers here: one method for them all.</summary>
    public int Choice(string key, int fallback, (string Name, int Value)[] choices)
    {
        TomlNode? value = Find(key);
        return value is not null && TryChoice(value, key, choices, out int chosen) ? chosen : fallback;
    }

    public ImmutableArray<string> Texts(string key, ImmutableArray<string> fallback)
    {
        if (!TryItems(key, "a list of strings such as [\"a\", \"b\"]", out List<TomlNode>? items))
            return fallback;
        ImmutableArray<string>.Builder texts = ImmutableArray.CreateBuilder<string>(items.Count);
        foreach (TomlNode item in items)
        {
            // A wrong item keeps its place, so that indexes are those of the file.
            texts.Add(item.Kind == TomlKind.String ? item.Text : "");
            if (item.Kind != TomlKind.String)
                Wrong(item, key, "a list of strings only", item.Kind == TomlKind.Integer ? "put it in quotes" : "");
        }

        return texts.DrainToImmutable();
    }

    public ImmutableArray<T> Choices<T>(string key, ImmutableArray<T> fallback, Func<int, T> choiceOf, (string Name, int Value)[] choices)
    {
        if (!TryItems(key, "a list of: " + NamesOf(choices), out List<TomlNode>? items))
            return fallback;
        ImmutableArray<T>.Builder chosen = ImmutableArray.CreateBuilder<T>(items.Count);
        foreach (TomlNode item in items)
        {
            if (TryChoice(item, key, choices, out int choice))
                chosen.Add(choiceOf(choice));
        }

        return chosen.DrainToImmutable();
    }

    /// <summary>A table of conditions by name; empty when the key is absent.</summary>
    public ImmutableArray<MatchSettings> Matches(string key) => MapOf(key).Matches();

    /// <summary>A table of texts by name; empty when the key is absent.</summary>
    public ImmutableArray<NamedText> NamedTexts(string key) => MapOf(key).NamedTexts();

    /// <summary>A table of weights by name; empty when the key is absent.</summary>
    public ImmutableArray<ShareSettings> Shares(string key) => MapOf(key).Shares();

    /// <summary>The sub-table of this key; a reader without keys when there is none.</summary>
    public SettingsTableReader Table(string key)
    {
        TomlNode? value = Find(key);
        if (value is null || value.Kind == TomlKind.Table)
            return new SettingsTableReader(value?.Table, value?.Position ?? _position, _errors, PathOf(key), isItem: false);
        string hint = value.Kind == TomlKind.Array ? $"write [{PathOf(key)}] with single brackets; it exists once" : "";
        Wrong(value, key, $"a table [{PathOf(key)}]", hint);
        // What such a table lacks is no second error: it goes to a list that nobody reads.
        return new SettingsTableReader(null, value.Position, new SettingsErrors("", ""), PathOf(key), isItem: false);
    }

    /// <summary>
    /// Binds each table of an array of tables. Result indexes equal those in the file: an item that is no table is bound from nothing.
    /// </summary>
    public ImmutableArray<T> Tables<T>(string key, Func<SettingsTableReader, T> bind)
    {
        string path = PathOf(key);
        if (!TryItems(key, $"an array of tables [[{path}]]", out List<TomlNode>? items))
            return [];
        ImmutableArray<T>.Builder bound = ImmutableArray.CreateBuilder<T>(items.Count);
        foreach (TomlNode item in items)
        {
            if (item.Kind != TomlKind.Table)
            {
                Wrong(item, key, $"tables only: [[{path}]]");
                return [];
            }

            bound.Add(bind(new SettingsTableReader(item.Table, item.Position, _errors, path, isItem: true)));
        }

        return bound.DrainToImmutable();
    }

    /// <summary>What a value is, for messages: to be read after "is".</summary>
    internal static string Describe(TomlNode value) => value.Kind switch
    {
        TomlKind.String => ErrorExcerpt.Quoted(value.Text),
        TomlKind.Integer => value.Integer.ToString(System.Globalization.CultureInfo.InvariantCulture),
        TomlKind.Float => "a float",
        TomlKind.Boolean => value.Boolean ? "true" : "false",
        TomlKind.Array => "an array",
        TomlKind.Table => "a table",
        _ => "a date or time",
    };

    /// <summary>An integer, or a string that a variable has given and that is one.</summary>
    internal static bool TryNumber(TomlNode value, out long number)
    {
        number = value.Kind == TomlKind.Integer ? value.Integer : 0;
        return value.Kind == TomlKind.Integer
            || (value.IsFilledIn && long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number));
    }

    private MapReader MapOf(string key)
    {
        SettingsTableReader map = Table(key);
        return new MapReader(map._table, map.Place, _errors);
    }

    private TomlNode? Find(string key) => _table?.Find(key)?.Value;

    private string PathOf(string key) => _path.Length == 0 ? key : _path + "." + key;

    private long IntegerOf(TomlNode value, string key, long fallback, long min, long max, string expected)
    {
        if (TryNumber(value, out long number) && number >= min && number <= max)
            return number;
        bool isQuoted = value is { Kind: TomlKind.String, IsFilledIn: false } && long.TryParse(value.Text, out _);
        Wrong(value, key, expected, isQuoted ? "remove the quotes" : "");
        return fallback;
    }

    private bool TryChoice(TomlNode value, string key, (string Name, int Value)[] choices, out int chosen)
    {
        string text = value.Kind == TomlKind.String ? value.Text : "";
        foreach ((string name, int choice) in choices)
        {
            chosen = choice;
            if (name == text)
                return true;
        }

        chosen = 0;
        string[] names = Array.ConvertAll(choices, static choice => choice.Name);
        bool isUnquoted = value.Kind == TomlKind.Integer && Array.IndexOf(names, Describe(value)) >= 0;
        Wrong(value, key, "one of: " + NamesOf(choices), isUnquoted ? "put it in quotes" : Spelling.Hint(text, names));
        return false;
    }

    private bool TryItems(string key, string expected, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out List<TomlNode>? items)
    {
        TomlNode? value = Find(key);
        items = value?.Kind == TomlKind.Array ? value.Items : null;
        if (value is not null && items is null)
            Wrong(value, key, expected, value.Kind == TomlKind.String ? "put it in brackets" : "");
        return items is not null;
    }

    private void Wrong(TomlNode value, string key, string expected, string hint = "") =>
        _errors.Add(value.Position, $"\"{key}\" {Place} is {Describe(value)}", expected, hint);

    private static string NamesOf((string Name, int Value)[] choices) =>
        string.Join(", ", Array.ConvertAll(choices, static choice => $"\"{choice.Name}\""));
}
