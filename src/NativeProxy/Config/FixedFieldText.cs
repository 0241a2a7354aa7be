using System;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>A header field with a fixed value, which the proxy writes into requests of its own. Pure.</summary>
internal static class FixedFieldText
{
    /// <summary>Empty when it can be sent; else what is wrong with it.</summary>
    /// <param name="field">Name and value.</param>
    /// <param name="own">Names, in small letters, of what is written in any case.</param>
    /// <param name="expected">What would be right.</param>
    public static string ProblemOf(in NamedText field, string[] own, out string expected)
    {
        string name = ErrorExcerpt.Quoted(field.Name);
        expected = "a name without blanks and separators";
        if (!TokenText.IsToken(field.Name))
            return $"{name} is no name of a header field";
        expected = "another name";
        if (own.Contains(field.Name.ToLowerInvariant()))
            return $"{name} is written in any case";
        expected = "visible ASCII characters and blanks";
        bool isSound = field.Text.Trim() == field.Text && !field.Text.AsSpan().ContainsAnyExceptInRange(' ', '~');
        return isSound ? "" : $"the value of {name} cannot stand in a header field";
    }
}
