using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace NativeProxy.Config.Toml;

/// <summary>
/// Draws the offending line of a file with carets below it. Counts in code points, as positions do; keeps tabs so that the carets
/// line up; cuts long lines around the place; never lets a control character of the file reach the terminal. Pure.
/// </summary>
internal static class ErrorExcerpt
{
    private const int LineRunesMax = 120;
    private const int RunesBeforeCaretMax = 80;
    private const int QuotedRunesMax = 60;

    /// <summary>Appends the two excerpt lines, each preceded by a line feed.</summary>
    public static void AppendLine(StringBuilder text, int line, int column, int width, string lineText)
    {
        List<Rune> runes = [.. lineText.EnumerateRunes()];
        int caret = Math.Clamp(column - 1, 0, runes.Count);
        int first = runes.Count <= LineRunesMax ? 0 : Math.Max(0, caret - RunesBeforeCaretMax);
        int end = Math.Min(runes.Count, first + LineRunesMax);
        string cutBefore = first > 0 ? "..." : "";

        text.Append('\n').Append(line.ToString(CultureInfo.InvariantCulture).PadLeft(5)).Append(" | ").Append(cutBefore);
        for (int i = first; i < end; i++)
            text.Append(Printable(runes[i]));
        text.Append(end < runes.Count ? "..." : "");

        text.Append("\n      | ").Append(' ', cutBefore.Length);
        for (int i = first; i < caret; i++)
            text.Append(runes[i].Value == '\t' ? '\t' : ' ');
        text.Append('^', Math.Max(1, Math.Min(width, end - caret)));
    }

    /// <summary>Text of the file in double quotes for a message: controls replaced, cut when long.</summary>
    public static string Quoted(string value)
    {
        List<Rune> runes = [.. value.EnumerateRunes()];
        if (runes.Count <= QuotedRunesMax)
            return "\"" + Printable(value) + "\"";
        return "\"" + Printable(string.Concat(runes.GetRange(0, QuotedRunesMax))) + "...\"";
    }

    /// <summary>The text with everything that a terminal could obey replaced by U+FFFD.</summary>
    public static string Printable(string value)
    {
        StringBuilder text = new(value.Length);
        foreach (Rune rune in value.EnumerateRunes())
            text.Append(rune.Value == '\t' ? " " : Printable(rune));
        return text.ToString();
    }

    /// <summary>Controls, and format characters (which could reorder the text), become U+FFFD; a tab stays.</summary>
    private static string Printable(Rune rune) =>
        rune.Value != '\t'
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator
            ? "\uFFFD"
            : rune.ToString();
}
