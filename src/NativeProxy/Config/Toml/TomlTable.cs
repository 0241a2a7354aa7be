using System;
using System.Collections.Generic;

namespace NativeProxy.Config.Toml;

/// <summary>One `key = value` of a table, or a sub-table, with the position of its key.</summary>
internal sealed record TomlEntry(string Key, TextPosition KeyPosition, TomlNode Value);

/// <summary>An ordered table: entries in order of appearance, found by key. Arrays of tables are array nodes of table nodes.</summary>
internal sealed class TomlTable
{
    private readonly List<TomlEntry> _entries = [];
    private readonly Dictionary<string, int> _indexByKey = [];

    public IReadOnlyList<TomlEntry> Entries => _entries;

    /// <summary>The entry with this key, or null.</summary>
    public TomlEntry? Find(string key) => _indexByKey.TryGetValue(key, out int index) ? _entries[index] : null;

    /// <summary>Adds an entry; false when the key is there already.</summary>
    public bool TryAdd(TomlEntry entry)
    {
        if (!_indexByKey.TryAdd(entry.Key, _entries.Count))
            return false;
        _entries.Add(entry);
        return true;
    }

    /// <summary>Other values for its keys.</summary>
    public void Replace(Func<TomlNode, TomlNode> value)
    {
        for (int i = 0; i < _entries.Count; i++)
            _entries[i] = _entries[i] with { Value = value(_entries[i].Value) };
    }
}
