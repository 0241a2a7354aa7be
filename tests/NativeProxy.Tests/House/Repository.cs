using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace NativeProxy.Tests.House;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    /// <summary>The directory of NativeProxy.sln.</summary>
    public static string Root { get; } = FindRoot();

    public static string ProductFolder => Path.Combine(Root, "src", "NativeProxy");

    /// <summary>Paths of all files under version control, as far as their place tells: relative to the root, with '/'.</summary>
    public static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(static path => Path.GetRelativePath(Root, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(static path => !path.Split('/').Any(static part => part is "bin" or "obj" or "out" or "TestResults" or ".git"));

    /// <summary>C# files below a folder of the root.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Files().Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The README and every text below src: the architecture, and the manual.</summary>
    public static IEnumerable<string> Documents() => Files().Where(static path => path == "README.md"
        || (path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".md", StringComparison.Ordinal)));

    /// <summary>What is written for users: the README and the pages of the manual.</summary>
    public static IEnumerable<string> Manual() =>
        Documents().Where(static path => path == "README.md" || path.StartsWith("src/manual/", StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "NativeProxy.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests do not run below the directory of NativeProxy.sln");
    }
}
