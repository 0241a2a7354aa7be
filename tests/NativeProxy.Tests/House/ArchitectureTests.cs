using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Xunit;

namespace NativeProxy.Tests.House;

/// <summary>src/ARCHITECTURE.md is what a newcomer reads first: three pages, and a list of the chapters that stand beside the code.</summary>
public class ArchitectureTests
{
    private const string Document = "src/ARCHITECTURE.md";
    private const int LinesMax = 170;
    private const int ColumnsMax = 150;
    private const int WordsMax = 20;

    [Fact]
    public void Architecture_HasThreePagesAtMost() => Assert.InRange(Lines().Length, 1, LinesMax);

    [Fact]
    public void Architecture_HasNoLongLine() => Assert.Empty(Lines()
        .Select(static (line, index) => (line.Length, Place: $"{Document}:{index + 1} has {line.Length} columns"))
        .Where(static line => line.Length > ColumnsMax).Select(static line => line.Place));

    /// <summary>Rows of the table but for its heading; the line below that has no blanks.</summary>
    [Fact]
    public void Glossary_HasTwentyLinesAtMost() =>
        Assert.InRange(Section("Our words").Count(static line => line.StartsWith("| ", StringComparison.Ordinal)) - 1, 1, WordsMax);

    /// <summary>None is missing in the list, and none is listed that is not there.</summary>
    [Fact]
    public void EveryChapter_StandsInTheList() => Assert.Equal(
        ChapterPaths().Order(StringComparer.Ordinal),
        Section("Chapters beside the code").Where(static line => line.StartsWith("- `", StringComparison.Ordinal))
            .Select(static line => "src/NativeProxy/" + line.Split('`')[1]).Order(StringComparer.Ordinal));

    /// <summary>The Markdown files in the folders of the product.</summary>
    internal static IEnumerable<string> ChapterPaths() => Repository.Files()
        .Where(static path => path.StartsWith("src/NativeProxy/", StringComparison.Ordinal) && path.EndsWith(".md", StringComparison.Ordinal));

    private static string[] Lines() => File.ReadAllLines(Path.Combine(Repository.Root, Document));

    private static IEnumerable<string> Section(string title) => Lines().SkipWhile(line => line != "## " + title).Skip(1)
        .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal));
}
