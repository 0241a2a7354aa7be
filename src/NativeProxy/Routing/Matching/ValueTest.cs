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
        _regex = _kind == MatchKind.Regex ? RegexText.Make(settings.Texts[0], ignoreCase: false) : null;
    }

    /// <summary>True when the value must not be there at all.</summary>
    public bool WantsAbsence => _kind == MatchKind.Absent;

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
