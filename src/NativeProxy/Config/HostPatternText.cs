using System;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.Config;

/// <summary>Reads what a route says of a host: a name, `*.` and a name, or an IPv6 address in brackets; no port, no dot at the end. Pure.</summary>
internal static class HostPatternText
{
    public const string Pattern = "^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$|^\\[[0-9A-Fa-f:.]+\\]$";

    public const string Expected =
        "a name such as \"example.com\", \"*.example.com\" for all names below it, or an IPv6 address in brackets; no port";

    private const int NameCharsMax = 253;
    private const int LabelCharsMax = 63;

    public static bool IsValid(string text)
    {
        if (text is ['[', .., ']'])
        {
            string inner = text[1..^1];
            return !inner.AsSpan().ContainsAny('%', '[') && IPAddress.TryParse(inner, out IPAddress? address)
                && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        string name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        if (name.Length > NameCharsMax)
            return false;
        foreach (string label in name.Split('.'))
        {
            if (label.Length is 0 or > LabelCharsMax || !IsLabel(label))
                return false;
        }

        return true;
    }

    /// <summary>Whether the wide pattern takes every host that the narrow one does. Both are valid.</summary>
    public static bool Covers(string wide, string narrow)
    {
        if (wide.Equals(narrow, StringComparison.OrdinalIgnoreCase))
            return true;
        return wide.StartsWith("*.", StringComparison.Ordinal) && narrow.Length >= wide.Length
            && narrow.EndsWith(wide[1..], StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsLabel(string label)
    {
        foreach (char c in label)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        }

        return true;
    }
}
