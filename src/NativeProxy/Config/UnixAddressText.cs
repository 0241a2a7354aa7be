using System;

namespace NativeProxy.Config;

/// <summary>
/// Reads the address of a Unix socket, `unix:/run/app.sock`: HAProxy's and nginx's spelling. Its path is absolute, and of characters that need no
/// quotes anywhere. Pure.
/// </summary>
internal static class UnixAddressText
{
    /// <summary>Longest path that a socket can be reached by (struct sockaddr_un holds 108 bytes, the last one 0).</summary>
    public const int PathCharsMax = 107;

    /// <summary>Longest path that is listened on: the socket has a longer name until it is ready.</summary>
    public const int ListeningPathCharsMax = 99;

    /// <summary>What such an address looks like.</summary>
    public const string Expected = "\"unix:/path\" with an absolute path of letters, digits and . _ - + @ % = ~";

    private const string Prefix = "unix:";

    /// <summary>Whether the text is about a Unix socket, be it sound or not.</summary>
    public static bool IsUnix(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The path of a checked address; null for one that is of no Unix socket.</summary>
    public static string? PathOf(string text) => IsUnix(text) ? text[Prefix.Length..] : null;

    /// <summary>What is wrong with an address of a Unix socket ("has no absolute path"); null when nothing is.</summary>
    /// <param name="text">As in the file.</param>
    /// <param name="pathCharsMax">How long its path may be.</param>
    public static string? ProblemOf(string text, int pathCharsMax)
    {
        string path = text[Prefix.Length..];
        if (!path.StartsWith('/') || path.EndsWith('/'))
            return "has no absolute path of a socket";
        foreach (char c in path)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"/._-+@%=~".Contains(c, StringComparison.Ordinal))
                return "has a character in its path that cannot stand there";
        }
        return path.Length > pathCharsMax ? $"has a path that is too long (at most {pathCharsMax} characters)" : null;
    }
}
