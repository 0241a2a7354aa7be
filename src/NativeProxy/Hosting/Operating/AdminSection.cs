using System;
using System.IO;
using System.Linq;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Operating;

/// <summary>The `[admin]` table of a configuration that has errors elsewhere. Stateless.</summary>
internal static class AdminSection
{
    /// <summary>What a configuration needs besides.</summary>
    private const string Rest = """

        [[listener]]
        name = "x"
        bind = ["127.0.0.1:1"]
        upstream = "x"
        [[upstream]]
        name = "x"
        server = [{ name = "x", address = "127.0.0.1:2" }]
        """;

    /// <summary>False when there is no such table, or it has errors itself.</summary>
    public static bool TryRead(string path, out SettingsResult section)
    {
        section = SettingsFile.Load(path);
        try
        {
            string[] lines = [.. File.ReadLines(path).SkipWhile(static line => line.Trim() != "[admin]")];
            string text = string.Join('\n', lines.Take(1).Concat(lines.Skip(1).TakeWhile(static line => !line.TrimStart().StartsWith('['))));
            if (text.Length > 0)
                section = SettingsFile.Parse(path, Encoding.UTF8.GetBytes(text + Rest));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As the caller has been told.
        }
        return section.IsOk;
    }
}
