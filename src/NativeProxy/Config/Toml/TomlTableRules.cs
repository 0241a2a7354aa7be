using System;
using System.Buffers;
using System.Collections.Generic;

namespace NativeProxy.Config.Toml;

/// <summary>One decoded segment of a key and where it stands.</summary>
internal readonly record struct TomlKeyPart(string Key, TextPosition Position);

/// <summary>
/// Who may define and extend which table (TOML 1.1, "Keys", "Table", "Inline Table", "Array of Tables"). Walks keys through the tree of one document
/// while it is built, creates the tables they imply, and refuses what the language forbids. Remembers how each table came to be.
/// Tomlyn has such a check, too; ours also finds `[t]`, `x = 1`, `y = 2`, `[t.x]`, which that one takes (2.10.2), and says where the first one
/// stands.
/// </summary>
internal sealed class TomlTableRules
{
    /// <summary>How a table came to be, which decides who may still touch it.</summary>
    private enum Origin
    {
        /// <summary>As the parent in a header (`a` of `[a.b]`): may still be defined by its own header or by dotted keys.</summary>
        ImpliedByHeader,

        /// <summary>By its own header, or as an element of an array of tables: only headers of sub-tables may reach through it.</summary>
        Header,

        /// <summary>By dotted keys: more dotted keys and headers of sub-tables may reach through it, but its own header may not come.</summary>
        DottedKey,

        /// <summary>As an inline table: closed to everything.</summary>
        Inline,
    }

    /// <summary>How a table came to be, and the line of that.</summary>
    private readonly record struct Definition(Origin Origin, int Line);

    private static readonly SearchValues<char> PlainKeyChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private readonly Dictionary<TomlTable, Definition> _definitions = [];

    /// <summary>The arrays that headers `[[...]]` made; every other array is closed.</summary>
    private readonly HashSet<List<TomlNode>> _tableArrays = [];

    /// <summary>Why the last call returned null or false.</summary>
    public TomlError? Conflict { get; private set; }

    /// <summary>The table that the header `[path]` opens, or null.</summary>
    public TomlTable? OpenTable(TomlTable root, List<TomlKeyPart> path)
    {
        TomlTable? parent = WalkHeader(root, path);
        if (parent is null)
            return null;
        TomlKeyPart last = path[^1];
        if (parent.Find(last.Key) is not TomlEntry entry)
            return AddTable(parent, last, Origin.Header);
        if (entry.Value.Kind != TomlKind.Table || _definitions[entry.Value.Table].Origin != Origin.ImpliedByHeader)
            return Refuse(last, entry);
        _definitions[entry.Value.Table] = new Definition(Origin.Header, last.Position.Line);
        return entry.Value.Table;
    }

    /// <summary>The new element that the header `[[path]]` opens, or null.</summary>
    public TomlTable? OpenArrayElement(TomlTable root, List<TomlKeyPart> path)
    {
        TomlTable? parent = WalkHeader(root, path);
        if (parent is null)
            return null;
        TomlKeyPart last = path[^1];
        List<TomlNode> elements;
        if (parent.Find(last.Key) is not TomlEntry entry)
        {
            elements = [];
            _tableArrays.Add(elements);
            parent.TryAdd(new TomlEntry(last.Key, last.Position, new TomlNode(TomlKind.Array, elements, last.Position)));
        }
        else if (IsTableArray(entry.Value))
        {
            elements = entry.Value.Items;
        }
        else
        {
            return Refuse(last, entry);
        }

        TomlTable element = NewTable(Origin.Header, last.Position.Line);
        elements.Add(new TomlNode(TomlKind.Table, element, last.Position));
        return element;
    }

    /// <summary>Adds `path = value` to a table, creating the tables that a dotted path implies.</summary>
    public bool TryAdd(TomlTable table, List<TomlKeyPart> path, TomlNode value)
    {
        for (int i = 0; i < path.Count - 1; i++)
        {
            if (StepDotted(table, path[i]) is not TomlTable next)
                return false;
            table = next;
        }
        TomlKeyPart last = path[^1];
        if (table.TryAdd(new TomlEntry(last.Key, last.Position, value)))
            return true;
        Refuse(last, table.Find(last.Key)!);
        return false;
    }

    /// <summary>A new table for an inline table; closed once its own pairs are in.</summary>
    public TomlTable NewInlineTable(int line) => NewTable(Origin.Inline, line);

    /// <summary>The table that holds the last segment of a header, creating what is implied; null when the way is barred.</summary>
    private TomlTable? WalkHeader(TomlTable root, List<TomlKeyPart> path)
    {
        TomlTable table = root;
        for (int i = 0; i < path.Count - 1; i++)
        {
            TomlKeyPart part = path[i];
            if (table.Find(part.Key) is not TomlEntry entry)
                table = AddTable(table, part, Origin.ImpliedByHeader);
            else if (IsTableArray(entry.Value))
                table = entry.Value.Items[^1].Table;
            else if (entry.Value.Kind == TomlKind.Table && _definitions[entry.Value.Table].Origin != Origin.Inline)
                table = entry.Value.Table;
            else
                return Refuse(part, entry);
        }
        return table;
    }

    private TomlTable? StepDotted(TomlTable table, TomlKeyPart part)
    {
        if (table.Find(part.Key) is not TomlEntry entry)
            return AddTable(table, part, Origin.DottedKey);
        if (entry.Value.Kind != TomlKind.Table || _definitions[entry.Value.Table].Origin is Origin.Header or Origin.Inline)
            return Refuse(part, entry);
        if (_definitions[entry.Value.Table].Origin == Origin.ImpliedByHeader)
            _definitions[entry.Value.Table] = new Definition(Origin.DottedKey, part.Position.Line);
        return entry.Value.Table;
    }

    private bool IsTableArray(TomlNode node) => node.Kind == TomlKind.Array && _tableArrays.Contains(node.Items);

    private TomlTable AddTable(TomlTable parent, TomlKeyPart part, Origin origin)
    {
        TomlTable table = NewTable(origin, part.Position.Line);
        parent.TryAdd(new TomlEntry(part.Key, part.Position, new TomlNode(TomlKind.Table, table, part.Position)));
        return table;
    }

    private TomlTable NewTable(Origin origin, int line)
    {
        var table = new TomlTable();
        _definitions.Add(table, new Definition(origin, line));
        return table;
    }

    /// <summary>Notes the conflict; always null, so that it can be returned.</summary>
    private TomlTable? Refuse(TomlKeyPart part, TomlEntry earlier)
    {
        string advice = earlier.Value.Kind switch
        {
            TomlKind.Table when _definitions[earlier.Value.Table].Origin == Origin.Inline =>
            "everything between the braces of the inline table, which is complete where it is written",
            TomlKind.Table => "each table in one place only; move the keys under the first header",
            TomlKind.Array when IsTableArray(earlier.Value) => "[[...]], which adds an element to an array of tables",
            TomlKind.Array => "everything between the brackets of the array, which is complete where it is written",
            _ => "each key once; remove or rename one of the two",
        };
        int line = earlier.Value.Kind == TomlKind.Table ? _definitions[earlier.Value.Table].Line : earlier.KeyPosition.Line;
        // A quoted key may hold line ends and be of any length; the position shows it well enough.
        string name = part.Key.Length <= 64 && !part.Key.AsSpan().ContainsAnyExcept(PlainKeyChars) ? $"the key '{part.Key}'" : "a key";
        Conflict = new TomlError(part.Position, $"{name} is defined twice (first on line {line})", advice);
        return null;
    }
}
