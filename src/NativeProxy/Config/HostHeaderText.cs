using System;

namespace NativeProxy.Config;

/// <summary>A Host field as a file may set it: a name or an address, perhaps with a port. Pure.</summary>
internal static class HostHeaderText
{
    public const string Expected = "a name or an address such as \"internal.example\" or \"[2001:db8::1]:8080\", or \"\"";

    /// <summary>What Host may hold (RFC 9110 section 7.2), without user information and escapes; or nothing.</summary>
    public static bool IsValid(string text)
    {
        int port = text.LastIndexOf(':');
        string host = port >= 0 && port > text.LastIndexOf(']') ? text[..port] : text;
        bool isPort = host.Length == text.Length
            || (text.Length - port is > 1 and <= 6 && !text.AsSpan(port + 1).ContainsAnyExceptInRange('0', '9'));
        return text.Length == 0 || (isPort && HostPatternText.IsValid(host) && !host.StartsWith('*'));
    }
}
