using System;
using System.Globalization;
using System.Text;

namespace NativeProxy.EndToEnd.Specimens;

/// <summary>
/// Bytes as they stand in a fenced block: each line ends with CRLF, unless it ends with a backslash; what cannot be seen is written as
/// \r \n \t \0 \xHH, a backslash as \\. Pure.
/// </summary>
internal static class SpecimenText
{
    /// <summary>The bytes of one line, one character per byte. Null when it is not clear which these are.</summary>
    /// <param name="line">Without its line end.</param>
    /// <param name="fault">Why, when null is returned.</param>
    public static string? Decode(string line, out string fault)
    {
        fault = "";
        var bytes = new StringBuilder();
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] is < ' ' or > '~')
                fault = $"the character U+{(int)line[i]:X4} is not visible ASCII; write it as \\x..";
            else if (line[i] != '\\')
                bytes.Append(line[i]);
            else if (i + 1 == line.Length)
                return bytes.ToString();
            else if (Escaped(line, ref i) is { } value)
                bytes.Append(value);
            else
                fault = $"the escape \\{line[i]} is unknown; there are \\r \\n \\t \\0 \\\\ \\xHH, and a backslash at the end of a line";
            if (fault.Length > 0)
                return null;
        }
        if (line.EndsWith(' '))
        {
            fault = "a blank at the end of a line cannot be seen; write it as \\x20";
            return null;
        }
        return bytes.Append("\r\n").ToString();
    }

    /// <param name="line">The line.</param>
    /// <param name="at">In: at the backslash, which is not the last character. Out: at the last character of the escape, or at the first wrong
    /// one.</param>
    private static char? Escaped(string line, ref int at)
    {
        at++;
        switch (line[at])
        {
            case 'r':
                return '\r';
            case 'n':
                return '\n';
            case 't':
                return '\t';
            case '0':
                return '\0';
            case '\\':
                return '\\';
            case 'x' when at + 2 < line.Length
                && byte.TryParse(line.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value):
                at += 2;
                return (char)value;
            default:
                return null;
        }
    }
}
