using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;
using System.Linq;
using System.Security;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The files that an item of `include` names: one, or those whose names fit. Looks into a directory; stateless.</summary>
internal static class IncludePattern
{
    /// <summary>What is right, for an error.</summary>
    public const string Expected = "a file, or a pattern with * or ? in its last part, such as \"conf.d/*.toml\"";

    /// <summary>The files by name, in ordinal order; none where a pattern fits nothing. The problem is empty when all is well.</summary>
    /// <param name="including">The file in which the pattern stands; others are found from its directory.</param>
    /// <param name="pattern">The item.</param>
    /// <param name="problem">One line, to be read after the pattern.</param>
    public static string[] Files(string including, string pattern, out string problem)
    {
        int cut = pattern.LastIndexOf('/') + 1;
        string name = pattern[cut..];
        string directory = Path.Combine(Path.GetDirectoryName(including) ?? "", pattern[..cut]);
        problem = name is "" or "." or ".." ? "names no file"
            : pattern.AsSpan(0, cut).ContainsAny('*', '?') ? "has a * or ? in the name of a directory"
            : pattern.Contains('\0', StringComparison.Ordinal) ? "cannot be the name of a file"
            : "";
        if (problem.Length > 0)
            return [];
        if (!name.AsSpan().ContainsAny('*', '?'))
            return [Path.Combine(directory, name)];
        try
        {
            return [.. NamesIn(directory, name).Order(StringComparer.Ordinal).Select(found => Path.Combine(directory, found))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SecurityException or ArgumentException)
        {
            problem = "cannot be looked up: " + ErrorExcerpt.Printable(failure.Message);
            return [];
        }
    }

    /// <summary>As in a shell, a leading dot is not meant unless it is written. One more than may be, so that it is told.</summary>
    private static List<string> NamesIn(string directory, string pattern) =>
    [
        .. Directory.EnumerateFiles(directory.Length == 0 ? "." : directory).Select(static path => Path.GetFileName(path))
            .Where(name => name[0] != '.' || pattern[0] == '.')
            .Where(name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false))
            .Take(IncludeReader.FilesMax + 1),
    ];
}
