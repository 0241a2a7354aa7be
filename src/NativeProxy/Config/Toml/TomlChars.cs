using System;
using System.Buffers;

namespace NativeProxy.Config.Toml;

/// <summary>The few character classes that explaining a mistake needs. Tomlyn decides what is a mistake; nothing here does.</summary>
internal static class TomlChars
{
    /// <summary>What may stand nowhere in a text (a carriage return only before a line feed); tab and line feed are not among them.</summary>
    public static readonly SearchValues<char> Controls = SearchValues.Create(
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000B\u000C\r\u000E\u000F" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\u007F");

    private static readonly SearchValues<char> WordEnds = SearchValues.Create(" \t\r\n,]}#=");

    /// <summary>The character at this index, or NUL past the end.</summary>
    public static char At(ReadOnlySpan<char> text, int index) => (uint)index < (uint)text.Length ? text[index] : '\0';

    public static bool IsLineEnd(char c) => c is '\r' or '\n';

    /// <summary>Length of the word at this index, as a reader sees it: up to a space, line end or separator.</summary>
    public static int WordLength(ReadOnlySpan<char> text, int index)
    {
        int length = text[index..].IndexOfAny(WordEnds);
        return length < 0 ? text.Length - index : length;
    }

    /// <summary>Where the word begins in which this index stands: after the last space, separator or opening bracket before it.</summary>
    public static int WordStart(ReadOnlySpan<char> text, int index)
    {
        while (index > 0 && text[index - 1] is not ('[' or '{') && !WordEnds.Contains(text[index - 1]))
            index--;
        return index;
    }

    /// <summary>True where a value may end: at a space, line end, separator, closing bracket, comment or the end of the text.</summary>
    public static bool EndsValue(ReadOnlySpan<char> text, int index) =>
        index >= text.Length || text[index] is ' ' or '\t' or '\r' or '\n' or ',' or ']' or '}' or '#';

    /// <summary>
    /// The quote that opens the string in which this index stands; the index itself when it stands in none. What is before must be in order.
    /// </summary>
    public static int OpeningQuote(ReadOnlySpan<char> text, int index) => Look(text, index).OpenString;

    /// <summary>Where the comment begins that ends at this index; the index itself when none does. What is before must be in order.</summary>
    public static int CommentStart(ReadOnlySpan<char> text, int index) => Look(text, index).Comment;

    /// <summary>
    /// The last character before this index that is no space, line end or comment; NUL when there is none. What is before must be in order.
    /// </summary>
    public static char Previous(ReadOnlySpan<char> text, int index) => Look(text, index).Previous;

    /// <summary>Reads strings and comments from the beginning of the text, as only they change what other characters mean.</summary>
    private static (int OpenString, int Comment, char Previous) Look(ReadOnlySpan<char> text, int index)
    {
        char previous = '\0';
        int at = 0;
        while (at < index)
        {
            int stop = text[at..index].IndexOfAny('#', '"', '\'');
            int plainEnd = stop < 0 ? index : at + stop;
            ReadOnlySpan<char> plain = text[at..plainEnd].TrimEnd(" \t\r\n");
            previous = plain.IsEmpty ? previous : plain[^1];
            if (stop < 0)
                break;
            bool isComment = text[plainEnd] == '#';
            at = isComment ? LineEnd(text, plainEnd) : StringEnd(text, plainEnd);
            if (isComment && at >= index)
                return (index, plainEnd, previous);
            if (at < 0 || at > index)
                return (plainEnd, index, previous);
            previous = isComment ? previous : text[plainEnd];
        }

        return (index, index, previous);
    }

    /// <summary>Index of the line feed or carriage return that ends the line, or the end of the text.</summary>
    public static int LineEnd(ReadOnlySpan<char> text, int index)
    {
        int length = text[index..].IndexOfAny('\r', '\n');
        return length < 0 ? text.Length : index + length;
    }

    /// <summary>Whether three equal quotes stand here.</summary>
    public static bool IsTripleQuote(ReadOnlySpan<char> text, int index) =>
        At(text, index) is '"' or '\'' && At(text, index + 1) == text[index] && At(text, index + 2) == text[index];

    /// <summary>First index behind the string that begins here, or -1 when it does not end.</summary>
    private static int StringEnd(ReadOnlySpan<char> text, int start)
    {
        char quote = text[start];
        bool isMultiLine = IsTripleQuote(text, start);
        int at = start + (isMultiLine ? 3 : 1);
        while (at < text.Length)
        {
            char c = text[at];
            if (c == '\\' && quote == '"')
                at += 2;
            else if (c == quote && !isMultiLine)
                return at + 1;
            else if (c == quote && IsTripleQuote(text, at))
                return at + 3 + (At(text, at + 3) == quote ? At(text, at + 4) == quote ? 2 : 1 : 0);
            else if (IsLineEnd(c) && !isMultiLine)
                return -1;
            else
                at++;
        }

        return -1;
    }
}
