using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Config.Toml;

namespace NativeProxy.Hosting.Operating;

/// <summary>A value of one server that is to stand in the file.</summary>
/// <param name="Server">UPSTREAM/SERVER.</param>
/// <param name="Key">Of its table.</param>
/// <param name="Value">As TOML.</param>
internal readonly record struct ServerValue(string Server, string Key, string Value);

/// <summary>
/// Writes values of servers into the texts of settings files: in the place of those that stand there, or behind the server's name. Comments, order
/// and all else stay as they are. Lives for one change; any thread. Never touches a file.
/// </summary>
internal sealed class ServerEdit
{
    private readonly string[] _texts;
    private readonly SettingsText _settings;
    private readonly TomlTable _whole;
    private readonly List<(int File, int Offset, int Length, string Text)> _edits = [];

    /// <param name="settings">Without errors.</param>
    public ServerEdit(SettingsText settings)
    {
        _settings = settings;
        _texts = [.. settings.Parts.Select(static part => Encoding.UTF8.GetString(part.Bytes))];
        _whole = SettingsFile.TreeOf(settings, SettingsFile.ErrorsOf(settings))!;
    }

    /// <summary>Has a value stand in the text. Where it does then, as <c>file:line</c>; null when that cannot be.</summary>
    /// <param name="value">Which.</param>
    /// <param name="problem">Why not.</param>
    public string? Set(in ServerValue value, out string problem)
    {
        if (TableOf(value.Server) is not { } server || server.Table.Find("name") is not { } name)
        {
            problem = "it stands in no [[upstream.server]] of the file";
            return null;
        }
        problem = "";
        if (server.Table.Find(value.Key) is not { } entry)
            return Insert(name.Value.Position, $"{value.Key} = {value.Value}", isInline: CharAt(server.Position) == '{', out problem);
        TextPosition place = entry.Value.Position;
        if (entry.Value.IsFilledIn)
        {
            problem = $"its {value.Key} comes from a variable, in {PlaceOf(place)}";
            return null;
        }
        int offset = OffsetOf(place);
        _edits.Add((place.File, offset, OffsetOf(place with { Column = place.Column + place.Width }) - offset, value.Value));
        return PlaceOf(place);
    }

    /// <summary>The texts with all values in them.</summary>
    public SettingsText Result()
    {
        string[] texts = [.. _texts];
        foreach ((int file, int offset, int length, string text) in _edits.OrderByDescending(static edit => edit.Offset))
            texts[file] = string.Concat(texts[file].AsSpan(0, offset), text, texts[file].AsSpan(offset + length));
        SettingsPart[] parts = [.. _settings.Parts.Select((part, i) =>
            texts[i] == _texts[i] ? part : part with { Bytes = Encoding.UTF8.GetBytes(texts[i]) })];
        return _settings with { Parts = parts };
    }

    private string? Insert(TextPosition name, string text, bool isInline, out string problem)
    {
        problem = "";
        string whole = _texts[name.File];
        int offset = OffsetOf(name);
        int end = OffsetOf(name with { Column = name.Column + name.Width });
        if (whole.AsSpan(offset, end - offset) is ['"', '"', '"', ..] or ['\'', '\'', '\'', ..])
        {
            problem = $"its name is written in three quotes, in {PlaceOf(name)}";
            return null;
        }
        if (isInline)
        {
            _edits.Add((name.File, end, 0, ", " + text));
            return PlaceOf(name);
        }
        int lineStart = whole.LastIndexOf('\n', offset) + 1;
        int lineEnd = whole.IndexOf('\n', end);
        lineEnd = lineEnd < 0 ? whole.Length : lineEnd;
        string newLine = lineEnd > 0 && whole[lineEnd - 1] == '\r' ? "\r\n" : "\n";
        int indented = lineStart;
        while (whole[indented] is ' ' or '\t')
            indented++;
        _edits.Add((name.File, lineEnd - (newLine.Length - 1), 0, newLine + whole[lineStart..indented] + text));
        return PlaceOf(name with { Line = name.Line + 1 });
    }

    /// <summary>The table of a server; null when there is none of this name.</summary>
    private TomlNode? TableOf(string server)
    {
        foreach (TomlNode upstream in ItemsOf(_whole, "upstream"))
        {
            foreach (TomlNode one in ItemsOf(upstream.Table, "server"))
            {
                if ($"{NameOf(upstream.Table)}/{NameOf(one.Table)}" == server)
                    return one;
            }
        }
        return null;
    }

    private static IEnumerable<TomlNode> ItemsOf(TomlTable table, string key) =>
        table.Find(key)?.Value is { Kind: TomlKind.Array } array ? array.Items.Where(static item => item.Kind == TomlKind.Table) : [];

    private static string NameOf(TomlTable table) => table.Find("name")?.Value is { Kind: TomlKind.String } name ? name.Text : "";

    private string PlaceOf(TextPosition position) => $"{_settings.Parts[position.File].Name}:{position.Line}";

    private char CharAt(TextPosition position) => _texts[position.File].AsSpan(OffsetOf(position)) is [var first, ..] ? first : default;

    /// <summary>In UTF-16 units; columns count code points.</summary>
    private int OffsetOf(TextPosition position)
    {
        string text = _texts[position.File];
        int offset = 0;
        for (int line = 1; line < position.Line; line++)
            offset = text.IndexOf('\n', offset) + 1;
        for (int column = 1; column < position.Column && offset < text.Length; column++)
            offset += char.IsHighSurrogate(text[offset]) ? 2 : 1;
        return offset;
    }
}
