using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using NativeProxy.Toml;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Toml;

/// <summary>Runs every vector of the TOML project for version 1.0.0.</summary>
public sealed class TomlVectorTests(ITestOutputHelper output)
{
    /// <summary>Guards against a list that is empty or cut.</summary>
    private const int FilesMin = 600;

    [Fact]
    public void EveryVectorOfToml10_IsReadExactlyOrRefused()
    {
        if (TomlVectors.FindFolder() is not string folder)
        {
            output.WriteLine(TomlVectors.Missing);
            return;
        }

        int validCount = 0;
        int invalidCount = 0;
        var failures = new List<string>();
        foreach (string file in TomlVectors.List(folder))
        {
            byte[] text = File.ReadAllBytes(Path.Combine(folder, file));
            bool isParsed = TomlDocument.TryParse(text, out TomlTable root, out TomlError? error);
            if (file.StartsWith("invalid/", StringComparison.Ordinal))
            {
                invalidCount++;
                output.WriteLine($"{file}: {error}");
                if (isParsed)
                    failures.Add($"{file}: not refused");
                continue;
            }
            validCount++;
            if (!isParsed)
            {
                failures.Add($"{file}: refused: {error}");
                continue;
            }
            using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(Path.Combine(folder, file), ".json")));
            foreach (string difference in TaggedJson.Differences(expected.RootElement, root))
                failures.Add($"{file}: {difference}");
        }

        output.WriteLine($"{validCount} valid and {invalidCount} invalid files");
        Assert.Empty(failures);
        Assert.True(validCount > 0 && invalidCount > 0 && validCount + invalidCount >= FilesMin, $"only {validCount} + {invalidCount} files were run");
    }
}
