using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>The whole configurations in src/manual/examples, as they lie in the repository.</summary>
internal static class ExampleFiles
{
    /// <summary>The trait of a scene that proves what a file's first comment says.</summary>
    public const string Trait = "example";

    private static readonly string Directory = Path.Combine(ProxyBinary.RepositoryRoot, "src", "manual", "examples");

    /// <summary>Names of the files.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. System.IO.Directory.GetFiles(Directory, "*.toml").Select(Path.GetFileName).OfType<string>().Order()];

    public static string PathOf(string file) => Path.Combine(Directory, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));
}
