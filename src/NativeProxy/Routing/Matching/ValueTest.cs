using System;
using System.Text;
using System.Text.RegularExpressions;
using NativeProxy.Config;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// What a value must be: one of some texts, begin, end or contain one, match a regular expression, or only be there. Case-sensitive. Regular
/// expressions run in time linear in the text, whatever it holds. Immutable; thread: any.
/// </summary>
internal sealed class ValueTest
{
    private readonly MatchKind _kind;
    private readonly byte[][] _texts;
    private readonly Regex? _regex;

    public ValueTest(in MatchSettings settings)
    {
        _kind = settings.Kind;
        _texts = new byte[settings.Texts.Length][];
        for (int i = 0; i < _texts.Length; i++)
            _texts[i] = Encoding.UTF8.GetBytes(settings.Texts[i]);
        _regex = _kind == MatchKind.Regex ? RegexOf(settings.Texts[0], ignoreCase: false) : null;
    }

    /// <summary>True when the value must not be there at all.</summary>
    public bool WantsAbsence => _kind == MatchKind.Absent;

    /// <summary>A regular expression as routes use them; the settings have been checked, so that it is one.</summary>
    public static Regex RegexOf(string pattern, bool ignoreCase)
    {
        RegexOptions options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        return new Regex(WithPlainEnd(pattern), ignoreCase ? options | RegexOptions.IgnoreCase : options);
    }

    /// <summary>"$" is the end and nothing else; the library takes it for the place in front of a line end as well.</summary>
    private static string WithPlainEnd(string pattern)
    {
        var text = new StringBuilder();
        bool isInClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                text.Append(c).Append(pattern[++i]);
                continue;
            }
            isInClass = c == '[' || (isInClass && c != ']');
            text.Append(c == '$' && !isInClass ? "\\z" : c.ToString());
        }
        return text.ToString();
    }

    public bool Holds(ReadOnlySpan<byte> value, MatchRoom room)
    {
        if (_kind is MatchKind.Present or MatchKind.Absent)
            return true;
        if (_regex is not null)
            return _regex.IsMatch(room.CharsOf(value));
        foreach (byte[] text in _texts)
        {
            bool holds = _kind switch
            {
                MatchKind.Prefix => value.StartsWith(text),
                MatchKind.Suffix => value.EndsWith(text),
                MatchKind.Contains => value.IndexOf(text) >= 0,
                _ => value.SequenceEqual(text),
            };
            if (holds)
                return true;
        }
        return false;
    }
}
