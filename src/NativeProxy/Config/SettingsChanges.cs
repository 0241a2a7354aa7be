using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>One difference between two settings.</summary>
/// <param name="Owner">What it belongs to: "listener web", "upstream app: server b"; empty for tables that exist once.</param>
/// <param name="Key">Path of the key without names: "listener.keepalive.timeout"; of a table that came or went: "upstream.server".</param>
/// <param name="Text">For people, to be read after the owner: "keepalive.timeout 75s -> 30s", "server c added".</param>
internal sealed record SettingChange(string Owner, string Key, string Text);

/// <summary>Compares one table of settings with what it was; the generator writes one for each table, so that no key can be forgotten.</summary>
internal delegate void TableComparison<T>(in T before, in T after, SettingsChanges changes)
    where T : struct;

/// <summary>The name by which tables of an array are told apart; empty where they have none and their place counts.</summary>
internal delegate string TableNaming<T>(in T table)
    where T : struct;

/// <summary>
/// Collects what differs between two settings, key by key, in the order of the schema. Fed by the generated comparisons. Lives for one comparison.
/// </summary>
internal sealed class SettingsChanges
{
    private const int TextCharsMax = 80;

    /// <summary>Keys whose values are not for the log.</summary>
    private static readonly string[] SecretKeys = ["dynamic_key", "users"];

    private readonly List<SettingChange> _found;

    /// <summary>What changes belong to, and the keys from there.</summary>
    private readonly string _owner;
    private readonly string _keys;

    /// <summary>The keys from the top.</summary>
    private readonly string _path;

    private SettingsChanges(List<SettingChange> found, string owner, string keys, string path)
    {
        _found = found;
        _owner = owner;
        _keys = keys;
        _path = path;
    }

    /// <summary>All differences; empty when the settings are equal.</summary>
    public static IReadOnlyList<SettingChange> Between(in ProxySettings before, in ProxySettings after)
    {
        List<SettingChange> found = [];
        ProxySettings.Compare(before, after, new SettingsChanges(found, "", "", ""));
        return found;
    }

    public void Boolean(string key, bool before, bool after) => Value(key, before, after, static value => value ? "true" : "false");

    public void AutoBoolean(string key, bool? before, bool? after) =>
        Value(key, before, after, static value => value switch { null => "auto", true => "true", _ => "false" });

    public void Integer(string key, long before, long after) =>
        Value(key, before, after, static value => value.ToString(CultureInfo.InvariantCulture));

    public void AutoInteger(string key, long before, long after) =>
        Value(key, before, after, static value => value == 0 ? "auto" : value.ToString(CultureInfo.InvariantCulture));

    /// <summary>An integer that may be a word instead, which is -1.</summary>
    public void IntegerOrWord(string key, string word, long before, long after) =>
        Value(key, before, after, value => value == -1 ? word : value.ToString(CultureInfo.InvariantCulture));

    public void DurationMs(string key, long before, long after) => Value(key, before, after, Units.FormatDuration);

    public void SizeBytes(string key, long before, long after) => Value(key, before, after, Units.FormatSize);

    public void Text(string key, string before, string after)
    {
        if (Array.IndexOf(SecretKeys, key) < 0)
            Value(key, before, after, TextOf);
        else if (before != after)
            Add(key, $"{_keys}{key} changed");
    }

    public void Choice(string key, int before, int after, (string Name, int Value)[] choices) =>
        Value(key, NameOf(before, choices), NameOf(after, choices), static name => name);

    public void Texts(string key, ImmutableArray<string> before, ImmutableArray<string> after) =>
        Value(key, Listed(before, static item => item), Listed(after, static item => item), static list => list);

    public void Matches(string key, ImmutableArray<MatchSettings> before, ImmutableArray<MatchSettings> after) => Map(key, before, after);

    /// <summary>By their names alone: this goes into the log, and a text may be a secret, such as that of a field Authorization.</summary>
    public void NamedTexts(string key, ImmutableArray<NamedText> before, ImmutableArray<NamedText> after)
    {
        if (before.SequenceEqual(after))
            return;
        var names = new List<string>();
        AddOthers(names, before, after);
        AddOthers(names, after, before);
        bool areTold = names.Count > 0 && Array.IndexOf(SecretKeys, key) < 0;
        Add(key, $"{_keys}{key}{(areTold ? " " + Short(string.Join(", ", names)) : "")} changed");
    }

    public void Shares(string key, ImmutableArray<ShareSettings> before, ImmutableArray<ShareSettings> after) => Map(key, before, after);

    public void Choices<T>(string key, ImmutableArray<T> before, ImmutableArray<T> after, Func<T, int> numberOf, (string Name, int Value)[] choices)
    {
        Func<T, string> name = value => NameOf(numberOf(value), choices);
        Value(key, Listed(before, name), Listed(after, name), static list => list);
    }

    /// <summary>For the keys of a table that exists once.</summary>
    public SettingsChanges In(string key) => new(_found, _owner, _keys + key + ".", _path + key + ".");

    /// <summary>Tables of an array: those of one name are one table, wherever it stands.</summary>
    public void Tables<T>(string key, ImmutableArray<T> before, ImmutableArray<T> after, TableNaming<T> naming, TableComparison<T> compare)
        where T : struct
    {
        Dictionary<string, int> old = PlacesOf(key, before, naming);
        Dictionary<string, int> wanted = PlacesOf(key, after, naming);
        AddNames(key, wanted, old, "added");
        AddNames(key, old, wanted, "removed");
        foreach ((string name, int place) in wanted)
        {
            if (old.TryGetValue(name, out int earlier))
                compare(before.ItemRef(earlier), after.ItemRef(place), Of(key, name));
        }

        // The order of servers and upstreams decides: who is asked first, who takes what no name says.
        if (!old.Keys.Where(wanted.ContainsKey).SequenceEqual(wanted.Keys.Where(old.ContainsKey)))
            Add(key, $"{_keys}{key}: another order");
    }

    /// <summary>Those that are not among the others.</summary>
    private void AddNames(string key, Dictionary<string, int> names, Dictionary<string, int> others, string what)
    {
        foreach (string name in names.Keys.Where(name => !others.ContainsKey(name)))
            Add(key, $"{_keys}{key} {name} {what}");
    }

    /// <summary>For one table of an array.</summary>
    private SettingsChanges Of(string key, string name) =>
        new(_found, $"{(_owner.Length == 0 ? "" : _owner + ": ")}{_keys}{key} {name}", "", _path + key + ".");

    private void Value<T>(string key, T before, T after, Func<T, string> format)
    {
        if (!EqualityComparer<T>.Default.Equals(before, after))
            Add(key, $"{_keys}{key} {Short(format(before))} -> {Short(format(after))}");
    }

    /// <summary>A map by what it says; the order of its keys says nothing but is told all the same.</summary>
    private void Map<T>(string key, ImmutableArray<T> before, ImmutableArray<T> after)
        where T : struct
    {
        if (before.SequenceEqual(after))
            return;
        Add(key, $"{_keys}{key} {Short(Mapped(before))} -> {Short(Mapped(after))}");
    }

    /// <summary>The names of those that are not among the others.</summary>
    private static void AddOthers(List<string> names, ImmutableArray<NamedText> texts, ImmutableArray<NamedText> others)
    {
        foreach (NamedText text in texts)
        {
            if (!others.Contains(text) && !names.Contains(text.Name))
                names.Add(text.Name);
        }
    }

    private void Add(string key, string text) => _found.Add(new SettingChange(_owner, _path + key, text));

    /// <summary>A table without a name is called by its place: `route-2`.</summary>
    private static Dictionary<string, int> PlacesOf<T>(string key, ImmutableArray<T> tables, TableNaming<T> naming)
        where T : struct
    {
        Dictionary<string, int> places = [];
        for (int i = 0; i < tables.Length; i++)
        {
            string name = naming(tables.ItemRef(i));
            places.TryAdd(name.Length > 0 ? name : $"{key}-{i + 1}", i);
        }

        return places;
    }

    private static string Listed<T>(ImmutableArray<T> items, Func<T, string> format) => "[" + string.Join(", ", items.Select(format)) + "]";

    private static string Mapped<T>(ImmutableArray<T> entries) => entries.IsEmpty ? "{}" : "{ " + string.Join(", ", entries) + " }";

    private static string NameOf(int value, (string Name, int Value)[] choices) =>
        Array.Find(choices, choice => choice.Value == value).Name ?? "?";

    private static string TextOf(string text) => text.Length == 0 ? "\"\"" : text;

    private static string Short(string text) => ErrorExcerpt.Printable(text.Length <= TextCharsMax ? text : text[..TextCharsMax] + "...");
}
