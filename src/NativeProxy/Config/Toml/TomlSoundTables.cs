using System;
using System.Text;

namespace NativeProxy.Config.Toml;

/// <summary>
/// The tables of a text that have no mistake, where others have some: each mistake costs the lines from the header before it to the next one. For
/// what must be known of a file that somebody is at work on. Stateless.
/// </summary>
internal static class TomlSoundTables
{
    /// <summary>Mistakes that are passed over; a text with more is no settings file.</summary>
    private const int MistakesMax = 32;

    /// <summary>What can be read; empty when the text is no UTF-8.</summary>
    /// <param name="utf8">The whole text.</param>
    /// <param name="file">Number of the text.</param>
    public static TomlTable Of(ReadOnlySpan<byte> utf8, int file)
    {
        if (TomlDocument.TryParse(utf8, out TomlTable root, out TomlError? error, file))
            return root;
        string[] lines = Encoding.UTF8.GetString(utf8).Split('\n');
        for (int i = 0; i < MistakesMax && Cut(lines, error!.Position.Line - 1); i++)
        {
            if (TomlDocument.TryParse(Encoding.UTF8.GetBytes(string.Join('\n', lines)), out root, out error, file))
                return root;
        }
        return new TomlTable();
    }

    /// <summary>Empties the table around a line; without a header before it, from that line on. False when nothing was there.</summary>
    private static bool Cut(string[] lines, int mistaken)
    {
        int first = Math.Min(mistaken, lines.Length - 1);
        while (first > 0 && !IsHeader(lines[first]))
            first--;
        if (!IsHeader(lines[first]))
            first = Math.Min(mistaken, lines.Length - 1);
        bool isChanged = false;
        for (int i = first; i < lines.Length && (i <= mistaken || !IsHeader(lines[i])); i++)
        {
            isChanged |= lines[i].Length > 0;
            lines[i] = "";
        }
        return isChanged;
    }

    private static bool IsHeader(string line) => line.AsSpan().TrimStart().StartsWith('[');
}
