using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// A file of users, as htpasswd writes it: NAME:HASH, a line for each; lines that are empty or begin with # say nothing. Read at start and reload.
/// </summary>
internal static class UsersFile
{
    /// <summary>Longest file.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>Problems that are told; one who has more has the wrong file.</summary>
    private const int ProblemsMax = 10;

    /// <summary>The users of a file; a line that is none is left out.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="problems">What is wrong, with path and line: "users:3: ...".</param>
    public static List<NamedText> Read(string path, List<string> problems)
    {
        List<NamedText> users = [];
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] room = new byte[BytesMax + 1];
            int count = file.ReadAtLeast(room, room.Length, throwOnEndOfStream: false);
            if (count > BytesMax)
                problems.Add($"{path} is longer than 1MiB");
            else
                ReadLines(Encoding.UTF8.GetString(room, 0, count), path, users, problems);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add($"{path} cannot be read: {ErrorExcerpt.Printable(failure.Message)}");
        }
        return users;
    }

    /// <summary>
    /// What is wrong with a name, or null. A colon ends it on the wire (RFC 7617 section 2). U+FFFD stands for bytes that are no UTF-8, in a file and
    /// in a login: names that differ in these alone would be the same.
    /// </summary>
    public static string? ProblemOfName(string name) =>
        name.Length is 0 or > 255 ? "the name of a user is empty or too long"
        : name.AsSpan().ContainsAny(':', '\uFFFD') || name.Trim() != name || HasControls(name)
            ? $"{ErrorExcerpt.Quoted(name)} cannot be the name of a user"
            : null;

    private static void ReadLines(string text, string path, List<NamedText> users, List<string> problems)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length && problems.Count < ProblemsMax; i++)
        {
            string line = lines[i].TrimEnd('\r');
            if (line.Trim().Length == 0 || line.StartsWith('#'))
                continue;
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string name = colon < 0 ? line : line[..colon];

            // htpasswd and others allow remarks behind a second colon.
            string hash = colon < 0 ? "" : line[(colon + 1)..].Split(':')[0].TrimEnd();
            string? problem = colon < 0 ? "there is no colon between a name and a hash" : ProblemOfName(name);
            if (problem is null && !names.Add(name))
                problem = $"the user {ErrorExcerpt.Quoted(name)} is there twice";
            if (problem is null && !PasswordHashText.IsValid(hash, out string ofHash))
                problem = $"the hash of {ErrorExcerpt.Quoted(name)} {ofHash}";
            if (problem is null)
                users.Add(new NamedText(name, hash));
            else
                problems.Add($"{path}:{i + 1}: {problem}");
        }
    }

    private static bool HasControls(string text)
    {
        foreach (char c in text)
        {
            if (char.IsControl(c))
                return true;
        }
        return false;
    }
}
