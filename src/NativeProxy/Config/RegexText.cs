using System;
using System.Text;
using System.Text.RegularExpressions;

namespace NativeProxy.Config;

/// <summary>
/// Regular expressions as routes use them: what the file is checked with is what requests are matched with. They run in time linear in the text,
/// whatever it holds, and see each byte of it as one character. Pure.
/// </summary>
internal static class RegexText
{
    /// <summary>The expression; throws what the library throws (ArgumentException, NotSupportedException) when it is none.</summary>
    /// <param name="pattern">As the file says it.</param>
    /// <param name="ignoreCase">Whether both cases of a letter match.</param>
    public static Regex Make(string pattern, bool ignoreCase)
    {
        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        return new Regex(WithPlainEnd(pattern), ignoreCase ? Options | RegexOptions.IgnoreCase : Options);
    }

    /// <summary>
    /// "$" is the end and nothing else; the library takes it for the place in front of a line end as well. Between brackets it is a dollar, and a
    /// "]" that comes first there is one of the characters.
    /// </summary>
    private static string WithPlainEnd(string pattern)
    {
        var text = new StringBuilder();
        int firstInClass = -1;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                text.Append(c).Append(pattern[++i]);
                continue;
            }
            if (firstInClass < 0 && c == '[')
                firstInClass = pattern.AsSpan(i + 1).StartsWith("^") ? i + 2 : i + 1;
            else if (c == ']' && i > firstInClass)
                firstInClass = -1;
            text.Append(c == '$' && firstInClass < 0 ? "\\z" : c.ToString());
        }
        return text.ToString();
    }
}
