using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>The README and every page of src/manual, as they lie in the repository.</summary>
internal static class ManualPages
{
    /// <summary>Paths from the root.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "README.md",
        .. Directory.GetFiles(Path.Combine(ProxyBinary.RepositoryRoot, "src", "manual"), "*.md").Order()
            .Select(path => "src/manual/" + Path.GetFileName(path)),
    ];

    public static IReadOnlyList<FencedBlock> BlocksOf(string page) => FencedBlock.AllOf(Read(page));

    /// <summary>Lines that open or close a block, wherever they stand.</summary>
    public static int FencesOf(string page) => Read(page).Split('\n').Count(line => line.TrimStart().StartsWith("```", StringComparison.Ordinal));

    private static string Read(string page) => File.ReadAllText(Path.Combine(ProxyBinary.RepositoryRoot, page));
}
