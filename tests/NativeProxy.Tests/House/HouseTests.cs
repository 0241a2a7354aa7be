using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.House;

/// <summary>Rules about the source itself. Each one stands beside a sample that it must catch (<see cref="HouseRuleTests"/>).</summary>
public class HouseTests(ITestOutputHelper output)
{
    private static readonly string[] TopLevel =
    [
        "src", "generators", "tests", "bench", "perf", "NativeProxy.sln", "global.json", "README.md", "run.sh", "test.sh", ".ci",
        ".editorconfig", ".gitignore", ".git", "Directory.Build.props", "Directory.Packages.props",
    ];

    [Fact]
    public void Sources_BindSoThatTheOtherRulesSeeEverything()
    {
        // The library-import generator is part of the SDK; without it those partial methods have no body here.
        string[] errors = [.. ProductCode.Current.Compilation.GetDiagnostics()
            .Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && diagnostic.Id != "CS8795")
            .Select(static diagnostic => $"{ProductCode.PlaceOf(diagnostic.Location)}: {diagnostic.GetMessage()}")];

        AssertNone(errors);
    }

    [Fact]
    public void Folders_UseOnlyLowerFloors() => AssertNone(FloorRule.Violations(ProductCode.Current));

    [Fact]
    public void Folders_NeverUseEachOther() => AssertNone(CircleRule.Violations(ProductCode.Current));

    [Fact]
    public void Namespaces_AreTheirFolders() => AssertNone(ProductCode.Current.Trees
        .Where(static tree => tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Single().Name.ToString()
            != string.Join('.', ["NativeProxy", .. tree.FilePath.Split('/')[..^1]]))
        .Select(static tree => tree.FilePath));

    [Theory]
    [InlineData("Http")]
    [InlineData("Http1")]
    [InlineData("ProxyProtocol")]
    public void Parsers_NeverThrow(string room) => AssertNone(CodeRules.Throws(ProductCode.Current, room));

    [Fact]
    public void Messages_HaveNoWireWhereTheyAreDealtWith() => AssertNone(WireRule.Violations(ProductCode.Current));

    [Fact]
    public void DataPath_NeverWaitsAndNeverLocks() => AssertNone(DataPathRule.Violations(ProductCode.Current));

    [Fact]
    public void EveryType_SaysWhatItIs() => AssertNone(CodeRules.TypesWithoutSummary(ProductCode.Current));

    [Fact]
    public void Comments_NameOnlyWhatExists() => AssertNone(CodeRules.BrokenReferences(ProductCode.Current));

    [Fact]
    public void EveryMember_IsUsed() => AssertNone(UnusedRule.Violations(ProductCode.Current));

    [Fact]
    public void NoLeftovers_StandInAnySource() => AssertNone(
        new[] { "src", "generators", "tests", "bench" }.SelectMany(Repository.Sources)
        .SelectMany(static path => CodeRules.Leftovers(path, Repository.Read(path))));

    [Fact]
    public void Code_StandsOnThePageInOneWay() => AssertNone(
        new[] { "src", "generators", "tests", "bench" }.SelectMany(Repository.Sources)
        .SelectMany(static path => LayoutRule.Violations(path, Repository.Read(path))));

    [Fact]
    public void Files_HaveAtMost350Lines() => AssertNone(SizeRule.Violations(
        SizeRule.LinesOf(Repository.Sources("src").Select(static path => (path, Repository.Read(path)))),
        SizeRule.LinesMax, "lines", SizeRule.LongFilesYet));

    [Fact]
    public void Types_HaveAtMost30Members() => AssertNone(SizeRule.Violations(
        SizeRule.MembersOf(ProductCode.Current), SizeRule.MembersMax, "members", SizeRule.WideTypesYet));

    public static IEnumerable<object[]> Documents() =>
        Repository.Documents().Concat(["tests/PROMISES.md", "tests/specimens/README.md"]).Select(static path => new object[] { path });

    [Theory]
    [MemberData(nameof(Documents))]
    public void Documents_NameOnlyWhatExists(string document) =>
        AssertNone(DocumentNames.Missing(Repository.Read(document), [.. Repository.Files()]));

    public static IEnumerable<object[]> LinkedDocuments() =>
        Repository.Documents().Append("perf/README.md").Select(static path => new object[] { path });

    [Theory]
    [MemberData(nameof(LinkedDocuments))]
    public void Links_LeadToWhatExists(string document) =>
        AssertNone(DocumentLinks.Broken(document, [.. Repository.Files()], Repository.Read));

    [Fact]
    public void Readme_HasAtMost150Lines_AndAPageOfTheManualAtMost120() => AssertNone(Repository.Manual()
        .Select(static path => (Path: path, Lines: Repository.Read(path).TrimEnd().Split('\n').Length, Max: path == "README.md" ? 150 : 120))
        .Where(static document => document.Lines > document.Max)
        .Select(static document => $"{document.Path} has {document.Lines} lines, more than {document.Max}"));

    [Fact]
    public void EveryPageOfTheManual_IsInItsList_AndInTheReadme()
    {
        string[] pages = [.. Repository.Manual().Where(static path => !path.EndsWith("README.md", StringComparison.Ordinal))];
        string[] inList = [.. DocumentLinks.Targets(Repository.Read("src/manual/README.md")).Select(static link => "src/manual/" + link)];
        string[] inReadme = [.. DocumentLinks.Targets(Repository.Read("README.md"))];

        Assert.True(pages.Length > 10, "the manual was not found");
        AssertNone(pages.Where(page => !inList.Contains(page) || !inReadme.Contains(page)));
    }

    [Fact]
    public void TopLevel_HoldsOnlyWhatBelongsThere()
    {
        string[] ignored = [.. File.ReadAllLines(Path.Combine(Repository.Root, ".gitignore"))
            .Select(static line => line.Trim().TrimEnd('/')).Where(static line => line.Length > 0 && line[0] != '#')];

        string?[] strangers = [.. Directory.EnumerateFileSystemEntries(Repository.Root).Select(Path.GetFileName)
            .Where(name => !TopLevel.Contains(name) && !ignored.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name)))];

        AssertNone(strangers!);
    }

    /// <summary>No verdict: a list to look at.</summary>
    [Fact]
    public void LongestFilesAndMethods_ArePrinted()
    {
        (string Name, int Lines)[] files = [.. ProductCode.Current.Trees.Select(static tree => (tree.FilePath, tree.GetText().Lines.Count))];
        (string Name, int Lines)[] methods = [.. ProductCode.Current.Trees
            .SelectMany(static tree => tree.GetRoot().DescendantNodes().OfType<BaseMethodDeclarationSyntax>()).Select(CodeRules.LengthOf)];

        Print("longest files", files);
        Print("longest methods", methods);

        Assert.NotEmpty(files);
        Assert.NotEmpty(methods);
    }

    /// <summary>Shows every violation, not the first few.</summary>
    private static void AssertNone(IEnumerable<string> violations)
    {
        string[] all = [.. violations];
        Assert.True(all.Length == 0, string.Join(Environment.NewLine, all));
    }

    private void Print(string title, IEnumerable<(string Name, int Lines)> items)
    {
        output.WriteLine(title);
        foreach ((string name, int lines) in items.OrderByDescending(static item => item.Lines).Take(10))
            output.WriteLine($"{lines,5}  {name}");
    }
}
