using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Framing;

/// <summary>The tables of src/NativeProxy/Http1/FRAMING.md and the tests of its rows know each other.</summary>
public sealed class FramingTableTests
{
    [Fact]
    public void EveryRowOfTheTable_HasATest_AndEveryTestARow() =>
        Assert.Equal(Tested().Order(StringComparer.Ordinal), Rows().Order(StringComparer.Ordinal));

    [Fact]
    public void EveryRow_HasATwinThatPasses()
    {
        Assert.All(RequestFramingSafetyTests.Cases, row => Assert.NotEmpty(row.Passed));
        Assert.All(ResponseFramingSafetyTests.Cases, row => Assert.NotEmpty(row.Passed));
    }

    /// <summary>What the table says of a row is what its test expects: the statuses, and whether the body is cut.</summary>
    [Fact]
    public void StatusesOfTheTable_AreThoseOfTheTests()
    {
        foreach (RequestCase row in RequestFramingSafetyTests.Cases)
        {
            string[] cells = Cells(row.Key);
            IEnumerable<string> statuses = row.Refused.Select(refused => $"{refused.Status}").Distinct().Order();
            IEnumerable<string> named = Regex.Matches(cells[3], @"\b[345]\d\d\b").Select(match => match.Value).Distinct().Order();
            Assert.True(statuses.SequenceEqual(named), $"{row.Key}: the table says {cells[3]}, the tests expect {string.Join(", ", statuses)}");
            Assert.True(cells[4].Contains("cut", StringComparison.Ordinal) == (row.Where == RefusedWhere.InBody),
                $"{row.Key}: the table says {cells[4]}");
        }
        foreach (ResponseCase row in ResponseFramingSafetyTests.Cases.Where(row => row.Bad.Count > 0))
            Assert.Contains(row.Fate == ResponseFate.Cut ? "cut" : "502", Cells(row.Key)[3], StringComparison.Ordinal);
    }

    private static IEnumerable<string> Tested() =>
        RequestFramingSafetyTests.Cases.Select(row => row.Key)
            .Concat(ResponseFramingSafetyTests.Cases.Select(row => row.Key))
            .Concat(
                from method in typeof(SequenceSafetyTests).GetMethods()
                from trait in method.GetCustomAttributesData()
                where trait.AttributeType == typeof(TraitAttribute) && (string?)trait.ConstructorArguments[0].Value == "row"
                select (string)trait.ConstructorArguments[1].Value!)
            .Distinct();

    private static IEnumerable<string> Rows() => TableLines().Select(line => line.Split('`')[1]);

    private static string[] Cells(string key) =>
        [.. TableLines().Single(line => line.StartsWith($"| `{key}` ", StringComparison.Ordinal)).Split('|').Select(cell => cell.Trim())];

    private static IEnumerable<string> TableLines() =>
        File.ReadLines(Path.Combine(ProxyBinary.RepositoryRoot, "src", "NativeProxy", "Http1", "FRAMING.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal));
}
