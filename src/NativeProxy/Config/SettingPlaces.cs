using System.Globalization;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Where each setting stands in the file: the side table of the bound settings, for rules that judge several values together.
/// Paths are those of the file, with indexes: `listener[0].limits.header_bytes`, `listener[0].bind[1]`. Reads the tree, changes nothing.
/// </summary>
internal sealed class SettingPlaces(TomlTable root)
{
    /// <summary>Whether the file sets this value.</summary>
    public bool IsSet(string path) => TryFind(path, out _);

    /// <summary>Position of the value; when it is absent, of the nearest table around it; line 0 when there is none.</summary>
    public TextPosition Of(string path)
    {
        TryFind(path, out TextPosition position);
        return position;
    }

    /// <summary>Position of the value under a free name in the table at this path; the table's own when it has no such name.</summary>
    public TextPosition OfEntry(string path, string name)
    {
        TryFind(path, out TextPosition position, out TomlTable? table);
        return table?.Find(name)?.Value.Position ?? position;
    }

    private bool TryFind(string path, out TextPosition position) => TryFind(path, out position, out _);

    /// <summary>The position, and the value if it is a table.</summary>
    private bool TryFind(string path, out TextPosition position, out TomlTable? table)
    {
        position = default;
        table = root;
        foreach (string step in path.Split('.'))
        {
            string[] parts = step.TrimEnd(']').Split('[');
            TomlNode? node = table?.Find(parts[0])?.Value;
            if (node is null)
                return false;
            if (parts.Length > 1)
                node = Item(node, int.Parse(parts[1], CultureInfo.InvariantCulture)) ?? node;
            position = node.Position;
            table = node.Kind == TomlKind.Table ? node.Table : null;
        }

        return true;
    }

    private static TomlNode? Item(TomlNode node, int index) =>
        node.Kind == TomlKind.Array && index < node.Items.Count ? node.Items[index] : null;
}
