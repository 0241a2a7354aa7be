using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Makes one document of those of several files: arrays of tables add up in the order of the files; everything else stands in one file. Stateless.
/// </summary>
internal static class IncludedTables
{
    /// <summary>The whole; the trees are used up. What is there twice is told, and the first one stays.</summary>
    public static TomlTable Merge(IReadOnlyList<TomlTable> roots, SettingsErrors errors)
    {
        TomlTable whole = roots[0];
        foreach (TomlTable root in roots.Skip(1))
        {
            // What other files include has been read; its form is looked at all the same.
            SettingsTableReader.Root(root, errors).Texts(IncludeReader.Key, []);
            foreach (TomlEntry entry in root.Entries.Where(static entry => entry.Key != IncludeReader.Key))
                Add(whole, entry, errors);
        }
        return whole;
    }

    private static void Add(TomlTable whole, TomlEntry entry, SettingsErrors errors)
    {
        if (whole.TryAdd(entry))
            return;
        TomlEntry first = whole.Find(entry.Key)!;
        if (IsTableArray(first.Value) && IsTableArray(entry.Value))
        {
            first.Value.Items.AddRange(entry.Value.Items);
            return;
        }
        string name = entry.Value.Kind == TomlKind.Table ? $"[{ErrorExcerpt.Printable(entry.Key)}]" : ErrorExcerpt.Quoted(entry.Key);
        errors.Add(entry.KeyPosition, $"{name} stands in two files, first in {errors.PlaceOf(first.KeyPosition)}",
            "each table and key in one file; only arrays of tables, [[...]], add up");
    }

    private static bool IsTableArray(TomlNode node) =>
        node.Kind == TomlKind.Array && node.Items.TrueForAll(static item => item.Kind == TomlKind.Table);
}
