using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd;

/// <summary>tests/PROMISES.md lists every promise once, and calls kept exactly those that some test names.</summary>
public sealed class PromisesTests
{
    private static readonly (string Group, int Count)[] Groups =
        [("S0.", 14), ("S1.", 22), ("S2.", 16), ("S3.", 24), ("S4.", 27), ("ARCH-", 23), ("B", 20)];

    [Fact]
    public void TheTable_ListsEveryPromiseOnce() =>
        Assert.Equal(
            [.. Groups.SelectMany(group => Enumerable.Range(1, group.Count).Select(number => group.Group + number))],
            Rows().Select(row => row.Id));

    [Fact]
    public void KeptPromises_AreExactlyThoseThatATestNames() =>
        Assert.Equal(
            Rows().Where(row => row.State == "kept").Select(row => row.Id).Order(StringComparer.Ordinal),
            NamedByTests().Order(StringComparer.Ordinal));

    [Fact]
    public void States_AreKeptOrNotYet() => Assert.All(Rows(), row => Assert.Contains(row.State, new[] { "kept", "not yet" }));

    private static IEnumerable<(string Id, string State)> Rows() =>
        from line in File.ReadLines(Path.Combine(ProxyBinary.RepositoryRoot, "tests", "PROMISES.md"))
        let match = Regex.Match(line, @"^\| ((?:S\d\.|ARCH-|B)\d+) \| .+ \| ([a-z ]+) \|$")
        where match.Success
        select (match.Groups[1].Value, match.Groups[2].Value);

    private static HashSet<string> NamedByTests()
    {
        var named = new HashSet<string>();
        foreach (string path in Directory.EnumerateFiles(Path.Combine(ProxyBinary.RepositoryRoot, "tests"), "*.cs", SearchOption.AllDirectories))
        {
            if (path.Contains("/obj/", StringComparison.Ordinal) || path.Contains("/bin/", StringComparison.Ordinal))
                continue;
            named.UnionWith(Regex.Matches(File.ReadAllText(path), @"\[Trait\(""promise"", ""([^""]*)""\)\]").Select(match => match.Groups[1].Value));
        }
        return named;
    }
}
