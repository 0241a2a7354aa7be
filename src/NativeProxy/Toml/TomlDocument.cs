using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace NativeProxy.Toml;

/// <summary>
/// THROW-AWAY STUB, replaced by the real reader at the merge: line-based subset (headers, bare keys, basic strings,
/// integers, floats, booleans, one-line arrays), so that Config can be compiled and tested before.
/// </summary>
internal static class TomlDocument
{
    public static bool TryParse(ReadOnlySpan<byte> utf8, out TomlTable root, out TomlError? error)
    {
        root = new TomlTable();
        error = null;
        if (FindFault(utf8) is TextPosition fault)
        {
            error = new TomlError(fault, "the text is not valid UTF-8", "a file saved as UTF-8");
            return false;
        }

        TomlTable current = root;
        string[] lines = Encoding.UTF8.GetString(utf8).Split('\n');
        for (int index = 0; index < lines.Length; index++)
        {
            try
            {
                ReadLine(root, ref current, lines[index].TrimEnd('\r'), index + 1);
            }
            catch (FormatException failure)
            {
                error = new TomlError(new TextPosition(index + 1, 1, Math.Max(1, lines[index].Length)), failure.Message, "");
                return false;
            }
        }

        return true;
    }

    /// <summary>The place of the first wrong byte, in code points before it; null when all is well.</summary>
    private static TextPosition? FindFault(ReadOnlySpan<byte> utf8)
    {
        int line = 1;
        int column = 1;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out Rune rune, out int consumed) != OperationStatus.Done)
                return new TextPosition(line, column, 1);
            utf8 = utf8[consumed..];
            column++;
            if (rune.Value != '\n')
                continue;
            line++;
            column = 1;
        }

        return null;
    }

    private static void ReadLine(TomlTable root, ref TomlTable current, string line, int number)
    {
        int at = 0;
        SkipBlanks(line, ref at);
        if (at == line.Length || line[at] == '#')
            return;
        if (line[at] == '[')
        {
            current = OpenHeader(root, line, at, number);
            return;
        }

        int start = at;
        while (at < line.Length && (char.IsAsciiLetterOrDigit(line[at]) || line[at] is '_' or '-'))
            at++;
        string key = line[start..at];
        TextPosition position = new(number, start + 1, at - start);
        SkipBlanks(line, ref at);
        if (key.Length == 0 || at == line.Length || line[at] != '=')
            throw new FormatException("no key = value");
        at++;
        TomlNode value = ReadValue(line, ref at, number);
        if (!current.TryAdd(new TomlEntry(key, position, value)))
            throw new FormatException("a key is defined twice");
    }

    private static TomlTable OpenHeader(TomlTable root, string line, int at, int number)
    {
        bool isArray = line.AsSpan(at).StartsWith("[[");
        int close = line.IndexOf(']');
        string name = line[(at + (isArray ? 2 : 1))..(close < 0 ? throw new FormatException("a table header is not closed") : close)];
        TextPosition position = new(number, at + 1, close + (isArray ? 2 : 1) - at);
        string[] steps = name.Split('.');
        TomlTable table = root;
        for (int i = 0; i < steps.Length; i++)
        {
            bool isLast = i == steps.Length - 1;
            TomlEntry? entry = table.Find(steps[i]);
            if (entry is null)
            {
                TomlNode fresh = new(TomlKind.Table, new TomlTable(), position);
                TomlNode node = isLast && isArray ? new TomlNode(TomlKind.Array, new List<TomlNode> { fresh }, position) : fresh;
                table.TryAdd(new TomlEntry(steps[i], position, node));
                table = fresh.Table;
            }
            else if (isLast && isArray && entry.Value.Kind == TomlKind.Array)
            {
                entry.Value.Items.Add(new TomlNode(TomlKind.Table, new TomlTable(), position));
                table = entry.Value.Items[^1].Table;
            }
            else
            {
                table = entry.Value.Kind == TomlKind.Array ? entry.Value.Items[^1].Table : entry.Value.Table;
            }
        }

        return table;
    }

    private static TomlNode ReadValue(string line, ref int at, int number)
    {
        SkipBlanks(line, ref at);
        int start = at;
        if (at == line.Length)
            throw new FormatException("a value is missing");
        if (line[at] == '"')
        {
            int close = line.IndexOf('"', at + 1);
            at = close < 0 ? throw new FormatException("a string is not closed") : close + 1;
            return new TomlNode(TomlKind.String, line[(start + 1)..close], new TextPosition(number, start + 1, at - start));
        }

        if (line[at] == '[')
            return ReadArray(line, ref at, number);
        while (at < line.Length && line[at] is not (' ' or ',' or ']' or '#'))
            at++;
        string word = line[start..at];
        TextPosition position = new(number, start + 1, at - start);
        if (word is "true" or "false")
            return new TomlNode(TomlKind.Boolean, word == "true", position);
        if (long.TryParse(word, CultureInfo.InvariantCulture, out long integer))
            return new TomlNode(TomlKind.Integer, integer, position);
        return double.TryParse(word, CultureInfo.InvariantCulture, out double number64)
            ? new TomlNode(TomlKind.Float, number64, position)
            : throw new FormatException("a value is not valid");
    }

    private static TomlNode ReadArray(string line, ref int at, int number)
    {
        int start = at++;
        List<TomlNode> items = [];
        while (true)
        {
            SkipBlanks(line, ref at);
            if (at >= line.Length)
                throw new FormatException("an array is not closed");
            if (line[at] == ']')
            {
                at++;
                return new TomlNode(TomlKind.Array, items, new TextPosition(number, start + 1, at - start));
            }

            if (line[at] == ',')
                at++;
            else
                items.Add(ReadValue(line, ref at, number));
        }
    }

    private static void SkipBlanks(string line, ref int at)
    {
        while (at < line.Length && line[at] is (' ' or '\t'))
            at++;
    }
}
