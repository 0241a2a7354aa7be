using System;

namespace NativeProxy.Config;

/// <summary>Tokens of HTTP (RFC 9110 section 5.6.2) as they appear in settings. Pure.</summary>
internal static class TokenText
{
    public const string Pattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

    public const string LowerCasePattern = "^[!#$%&'*+.^_`|~0-9a-z-]+$";

    public static bool IsToken(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
                return false;
        }

        return text.Length > 0;
    }

    public static bool IsLowerCaseToken(string text) => IsToken(text) && !text.AsSpan().ContainsAnyInRange('A', 'Z');
}
