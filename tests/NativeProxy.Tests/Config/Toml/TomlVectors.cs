using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>Finds the compliance vectors of the TOML project, which lie beside the checkout and are not part of it.</summary>
internal static class TomlVectors
{
    public const string Missing = "skipped: no vectors";

    /// <summary>The folder of the vectors, or null where it is missing.</summary>
    public static string? FindFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "NativeProxy.sln")))
            folder = folder.Parent;
        if (folder is null)
            return null;
        string vectors = Path.Combine(folder.FullName, "..", "shared", "vectors", "toml");
        return Directory.Exists(vectors) ? vectors : null;
    }

    /// <summary>Paths, relative to the folder, of the .toml files of a version ("1.0.0", "1.1.0").</summary>
    public static IReadOnlyList<string> List(string folder, string version) =>
        File.ReadAllLines(Path.Combine(folder, "files-toml-" + version)).Where(line => line.EndsWith(".toml", StringComparison.Ordinal)).ToArray();
}
