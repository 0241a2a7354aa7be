using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using NativeProxy.Config.Toml;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>Runs every vector of the TOML project: version 1.1.0, which is what we promise, and of 1.0.0 what 1.1.0 did not change.</summary>
public sealed class TomlVectorTests(ITestOutputHelper output)
{
    /// <summary>Guards against a list that is empty or cut.</summary>
    private const int FilesMin = 600;

    /// <summary>What 1.0.0 refuses and 1.1.0 allows: line ends and a last comma in inline tables, \e, \xHH, times without seconds.</summary>
    private static readonly string[] AllowedSince11 =
    [
        "invalid/datetime/no-secs.toml", "invalid/local-datetime/no-secs.toml", "invalid/local-time/no-secs.toml",
        "invalid/inline-table/linebreak-01.toml", "invalid/inline-table/linebreak-02.toml", "invalid/inline-table/linebreak-03.toml",
        "invalid/inline-table/linebreak-04.toml", "invalid/inline-table/trailing-comma.toml", "invalid/string/basic-byte-escapes.toml",
    ];

    [Fact]
    public void EveryVectorOfToml11_IsReadExactlyOrRefused() => Run("1.1.0", []);

    [Fact]
    public void EveryVectorOfToml10_IsReadExactlyOrRefused_ButWhatToml11Allows() => Run("1.0.0", AllowedSince11);

    private void Run(string version, string[] allowed)
    {
        if (TomlVectors.FindFolder() is not string folder)
        {
            output.WriteLine(TomlVectors.Missing);
            return;
        }

        var failures = new List<string>();
        IReadOnlyList<string> files = TomlVectors.List(folder, version);
        foreach (string file in files)
            failures.AddRange(Judge(folder, file, isAllowed: allowed.Contains(file)));
        int validCount = files.Count(static file => IsValid(file));
        output.WriteLine($"{validCount} valid and {files.Count - validCount} invalid files");
        Assert.Empty(failures);
        Assert.True(validCount > 0 && validCount < files.Count && files.Count >= FilesMin, $"only {files.Count} files were run");
        Assert.All(allowed, file => Assert.Contains(file, files));
    }

    private IEnumerable<string> Judge(string folder, string file, bool isAllowed)
    {
        bool isParsed = TomlDocument.TryParse(File.ReadAllBytes(Path.Combine(folder, file)), out TomlTable root, out TomlError? error);
        if (!IsValid(file))
        {
            output.WriteLine($"{file}: {error}");
            return isParsed == isAllowed ? [] : [$"{file}: {(isParsed ? "not refused" : "refused, although 1.1 allows it")}"];
        }

        if (!isParsed)
            return [$"{file}: refused: {error}"];
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(Path.Combine(folder, file), ".json")));
        return TaggedJson.Differences(expected.RootElement, root).ConvertAll(difference => $"{file}: {difference}");
    }

    private static bool IsValid(string file) => file.StartsWith("valid/", StringComparison.Ordinal);
}
