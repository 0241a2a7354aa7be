using System;
using System.Text;

namespace NativeProxy.Foundation;

/// <summary>
/// Codes for people and programs from the names that the source has: <c>LearnedIdleTimeout</c> is <c>learned_idle_timeout</c>. Pure.
/// </summary>
internal static class CodeText
{
    /// <summary>The codes of all members of an enum that counts up from 0.</summary>
    public static string[] OfAll<T>()
        where T : struct, Enum => Array.ConvertAll(Enum.GetNames<T>(), Of);

    public static string Of(string name)
    {
        var code = new StringBuilder();
        foreach (char letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && code.Length > 0)
                code.Append('_');
            code.Append(char.ToLowerInvariant(letter));
        }
        return code.ToString();
    }
}
