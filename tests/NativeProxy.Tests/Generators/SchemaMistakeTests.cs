using System.Linq;
using Microsoft.CodeAnalysis;
using Xunit;

namespace NativeProxy.Tests.Generators;

/// <summary>Each mistake that a schema can have is reported once, at its place; its correct twin is not.</summary>
public class SchemaMistakeTests
{
    [Theory]
    [InlineData("[Setting(\"a\", Default = 1, Max = 9, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("[Setting(\"a\", Default = 1, Max = 9, Doc = \"d\")] public partial int A { get; init; }")]
    [InlineData("[Setting(\"a\", Auto = true, Default = \"auto\", Min = 1, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("[Setting(\"a\", Auto = true, Default = \"auto\", Doc = \"d\")] public partial bool? A { get; }")]
    [InlineData("[Setting(\"a\", Default = \"1s\", Min = \"1s\", Max = \"1s\", Doc = \"d\")] public partial long AMs { get; }")]
    [InlineData("[Setting(\"a\", Default = 0, Max = \"1KiB\", Doc = \"d\")] public partial int ABytes { get; }")]
    [InlineData("[Setting(\"a\", Default = new[] { \"x\" }, Doc = \"d\")] public partial ImmutableArray<string> A { get; }")]
    [InlineData("[Setting(\"a\", Required = true, Example = \"x\", Doc = \"d\")] public partial string A { get; }")]
    [InlineData("[Setting(\"a\", Doc = \"d\")] public partial ImmutableArray<MatchSettings> A { get; }")]
    [InlineData("[Setting(\"a\", Doc = \"d\")] public partial ImmutableArray<ShareSettings> A { get; init; }")]
    public void CorrectSetting_HasNoDiagnostic(string member)
    {
        (Compilation output, GeneratorDriverRunResult result) = SchemaCompilation.Generate(SchemaCompilation.Table(member));

        Assert.Empty(result.Diagnostics);
        Assert.Empty(output.GetDiagnostics().Where(static d => d.Severity >= DiagnosticSeverity.Warning));
    }

    [Theory]
    [InlineData("NP002", "[Setting(\"a\", Default = 1, Doc = \"d\")] public int A { get; }")]
    [InlineData("NP002", "[Setting(\"a\", Default = 1, Doc = \"d\")] public static partial int A { get; }")]
    [InlineData("NP003", "[Setting(\"a\", Default = 1)] public partial int A { get; }")]
    [InlineData("NP003", "[Setting(\"a\")] public partial ImmutableArray<MatchSettings> A { get; }")]
    [InlineData("NP005", "[Setting(\"a\", Doc = \"d\")] public partial MatchSettings A { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = \"x\", Doc = \"d\")] public partial ImmutableArray<MatchSettings> A { get; }")]
    [InlineData("NP009", "[Setting(\"a\", Max = 9, Doc = \"d\")] public partial ImmutableArray<ShareSettings> A { get; }")]
    [InlineData("NP011", "[Setting(\"a\", Required = true, Doc = \"d\")] public partial ImmutableArray<ShareSettings> A { get; }")]
    [InlineData("NP004",
        "[Setting(\"a\", Default = 1, Doc = \"d\")] public partial int A { get; }\n[Setting(\"a\", Default = 1, Doc = \"d\")] public partial int "
        + "B { get; }")]
    [InlineData("NP005", "[Setting(\"a\", Default = 1, Doc = \"d\")] public partial double A { get; }")]
    [InlineData("NP005", "[Setting(\"a\", Default = \"1s\", Doc = \"d\")] public partial int AMs { get; }")]
    [InlineData("NP005", "[Setting(\"a\", Doc = \"d\")] public partial ImmutableArray<int> A { get; }")]
    [InlineData("NP005", "[Setting(\"a\", Doc = \"d\")] public partial System.TimeSpan A { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = \"1\", Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = 1, Doc = \"d\")] public partial bool A { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = 75, Doc = \"d\")] public partial long AMs { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = \"75\", Doc = \"d\")] public partial long AMs { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = \"64KB\", Doc = \"d\")] public partial int ABytes { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Default = \"x\", Doc = \"d\")] public partial ImmutableArray<string> A { get; }")]
    [InlineData("NP006",
        "[Setting(\"a\", Default = \"wednesday\", Doc = \"d\")] public partial System.DayOfWeek A { get; }\n[Setting(\"b\", Default = \"Monday\", "
        + "Doc = \"d\")] public partial System.DayOfWeek B { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Required = true, Example = 1, Doc = \"d\")] public partial string A { get; }")]
    [InlineData("NP007", "[Setting(\"a\", Default = 10, Max = 9, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP007", "[Setting(\"a\", Default = -1, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP007", "[Setting(\"a\", Default = \"2h\", Max = \"1h\", Doc = \"d\")] public partial long AMs { get; }")]
    [InlineData("NP007", "[Setting(\"a\", Default = \"4GiB\", Doc = \"d\")] public partial int ABytes { get; }")]
    [InlineData("NP007", "[Setting(\"a\", Auto = true, Default = 0, Min = 1, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP006", "[Setting(\"a\", Auto = true, Default = true, Doc = \"d\")] public partial bool? A { get; }")]
    [InlineData("NP008", "[Setting(\"a\", Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP008", "[Setting(\"a\", Required = true, Doc = \"d\")] public partial string A { get; }")]
    [InlineData("NP009", "[Setting(\"a\", Default = \"1s\", Max = 9, Doc = \"d\")] public partial long AMs { get; }")]
    [InlineData("NP009", "[Setting(\"a\", Default = true, Max = 9, Doc = \"d\")] public partial bool A { get; }")]
    [InlineData("NP009", "[Setting(\"a\", Default = 5, Min = -9, Max = 5000000000, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP009", "[Setting(\"a\", Auto = true, Default = \"auto\", Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP010",
        "[Setting(\"a\", Default = 1, DefaultAtMost = \"B\", Doc = \"d\")] public partial int A { get; }\n[Setting(\"b\", Default = 1, Doc = "
        + "\"d\")] public partial int B { get; }")]
    [InlineData("NP011", "[Setting(\"a\", Required = true, Example = 1, Doc = \"d\")] public partial int A { get; }")]
    [InlineData("NP012", "[Setting(\"a-B\", Default = 1, Doc = \"d\")] public partial int A { get; }")]
    public void MistakeInASetting_IsReportedAtTheProperty(string id, string members)
    {
        (_, GeneratorDriverRunResult result) = SchemaCompilation.Generate(SchemaCompilation.Table(members));

        Diagnostic diagnostic = Assert.Single(result.Diagnostics);
        Assert.Equal(id, diagnostic.Id);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Equal("Schema.cs", diagnostic.Location.GetLineSpan().Path);
        Assert.True(diagnostic.Location.GetLineSpan().StartLinePosition.Line >= 6, "the place is inside the struct");
    }

    [Theory]
    [InlineData("NP001", "[SettingsTable(Doc = \"d\")] internal readonly struct Sample { }")]
    [InlineData("NP001", "[SettingsTable(Doc = \"d\")] internal partial struct Sample { }")]
    [InlineData("NP001", "[SettingsTable(Doc = \"d\")] internal readonly partial record struct Sample { }")]
    [InlineData("NP001", "internal partial class Outer { [SettingsTable(Doc = \"d\")] internal readonly partial struct Sample { } }")]
    [InlineData("NP001", "[SettingsTable(Doc = \"d\")] internal readonly partial struct Sample<T> { }")]
    [InlineData("NP003", "[SettingsTable] internal readonly partial struct Sample { }")]
    public void MistakeInATable_IsReportedAtTheType(string id, string schema)
    {
        (_, GeneratorDriverRunResult result) = SchemaCompilation.Generate(schema);

        Assert.Equal(id, Assert.Single(result.Diagnostics).Id);
    }

    [Fact]
    public void SeveralMistakes_AreAllReported()
    {
        (_, GeneratorDriverRunResult result) = SchemaCompilation.Generate(SchemaCompilation.Table(
            "[Setting(\"A\", Default = \"x\", Max = 9)] public partial int A { get; }\n[Setting(\"b\", Default = 1, Doc = \"d\")] public partial "
            + "decimal B { get; }"));

        Assert.Equal(["NP003", "NP005", "NP006", "NP012"], result.Diagnostics.Select(static d => d.Id).Order());
    }

    [Fact]
    public void TableInsideItself_EndsTheReference()
    {
        (Compilation output, GeneratorDriverRunResult result) = SchemaCompilation.Generate(SchemaCompilation.Table(
            "[Setting(\"child\")] public partial ImmutableArray<Sample> Children { get; }"));

        Assert.Empty(result.Diagnostics);
        Assert.Empty(output.GetDiagnostics().Where(static d => d.Severity == DiagnosticSeverity.Error));
    }
}
