using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace NativeProxy.Tests.Generators;

/// <summary>The generator runs on every key press of an editor: an edit that is not about the schema must cost no emission.</summary>
public class GeneratorCachingTests
{
    private const string TablesStep = "SettingsTables";
    private const string SchemaStep = "SettingsSchema";

    private static readonly string _schema = SchemaCompilation.Table(
        "[Setting(\"a\", Default = 1, Max = 9, Doc = \"d\")] public partial int A { get; }\n[Setting(\"b\", Default = new[] { \"x\" }, Doc = "
        + "\"d\")] public partial ImmutableArray<string> B { get; }");

    [Fact]
    public void UnrelatedEdit_LeavesEveryStepCached()
    {
        CSharpCompilation before = SchemaCompilation.Compile(_schema);

        GeneratorRunResult second = RunTwice(before, before.AddSyntaxTrees(SchemaCompilation.Parse("internal class Unrelated { }", "Unrelated.cs")));

        Assert.All(Reasons(second, TablesStep), AssertNotNew);
        Assert.All(Reasons(second, SchemaStep), AssertNotNew);
        IEnumerable<IncrementalStepRunReason> outputs = second.TrackedOutputSteps.SelectMany(static step => step.Value)
            .SelectMany(static run => run.Outputs).Select(static output => output.Reason);
        Assert.NotEmpty(outputs);
        Assert.All(outputs, static reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void CommentInTheSchemaFile_LeavesTheModelsUnchanged()
    {
        CSharpCompilation before = SchemaCompilation.Compile(_schema);
        CSharpCompilation after = SchemaCompilation.Compile("// a comment that moves everything\n" + _schema);

        GeneratorRunResult second = RunTwice(before, after);

        Assert.All(Reasons(second, TablesStep), AssertNotNew);
        Assert.All(Reasons(second, SchemaStep), AssertNotNew);
    }

    [Fact]
    public void ChangedDefault_IsEmittedAnew()
    {
        GeneratorRunResult second = RunTwice(SchemaCompilation.Compile(_schema),
            SchemaCompilation.Compile(_schema.Replace("Default = 1", "Default = 2")));

        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, TablesStep));
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, SchemaStep));
        Assert.Contains(second.GeneratedSources, static source => source.SourceText.ToString().Contains("table.Integer(\"a\", 2L"));
    }

    private static GeneratorRunResult RunTwice(CSharpCompilation before, CSharpCompilation after) =>
        SchemaCompilation.Driver().RunGenerators(before).RunGenerators(after).GetRunResult().Results.Single();

    private static IncrementalStepRunReason[] Reasons(GeneratorRunResult run, string step)
    {
        IncrementalStepRunReason[] reasons = [.. run.TrackedSteps[step].SelectMany(static one => one.Outputs).Select(static output => output.Reason)];
        Assert.NotEmpty(reasons);
        return reasons;
    }

    private static void AssertNotNew(IncrementalStepRunReason reason) =>
        Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"the step was {reason}");
}
