using System;
using System.Globalization;

namespace NativeProxy.Config;

/// <summary>Origins of pages as they appear in settings: scheme, host and perhaps a port, as browsers write them (RFC 6454 6.2). Pure.</summary>
internal static class OriginText
{
    public const string Expected = "\"*\", or scheme, host and perhaps port: \"https://app.example\", \"https://*.dev.example:8443\"";

    private const string SchemeEnd = "://";

    /// <summary>True for one origin, or for all those whose host is below a name.</summary>
    /// <param name="text">As the file says it.</param>
    /// <param name="problem">What is wrong; fits behind the quoted text.</param>
    public static bool IsValid(string text, out string problem)
    {
        int end = text.IndexOf(SchemeEnd, StringComparison.Ordinal);
        problem = "is no origin";
        if (text == "null")
            problem = "is the origin of every page that hides its own, also of a stranger's";
        if (end <= 0 || !IsScheme(text[..end]))
            return false;
        string host = text[(end + SchemeEnd.Length)..];
        int colon = host.EndsWith(']') ? -1 : host.LastIndexOf(':');
        if (colon >= 0)
        {
            bool isPort = int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536;
            if (!isPort || host[colon + 1] == '0')
                return false;
            if ((text[..end], port) is ("https", 443) or ("http", 80))
            {
                problem = "never comes: browsers leave the scheme's own port out";
                return false;
            }
            host = host[..colon];
        }
        if (!HostPatternText.IsValid(host))
            return false;
        problem = text.ToLowerInvariant() == text ? "" : "never comes: browsers write origins in lower case";
        return problem.Length == 0;
    }

    private static bool IsScheme(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
                return false;
        }
        return char.IsAsciiLetter(text[0]);
    }
}
