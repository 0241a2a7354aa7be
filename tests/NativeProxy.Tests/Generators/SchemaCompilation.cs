using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NativeProxy.Config;
using NativeProxy.Config.Toml;
using NativeProxy.Generators;

namespace NativeProxy.Tests.Generators;

/// <summary>
/// Compiles schema source text with the generator, in memory. The assembly is called like the test assembly, because that is the one
/// which may see the attributes and the reader of the proxy.
/// </summary>
internal static class SchemaCompilation
{
    private static readonly CSharpParseOptions _language = new(LanguageVersion.CSharp13);

    private static readonly Lazy<IReadOnlyList<MetadataReference>> _references = new(static () =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(static path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal)
                || Path.GetFileName(path) == "netstandard.dll")
            .Append(typeof(SettingsFile).Assembly.Location)
            .Select(static path => (MetadataReference)MetadataReference.CreateFromFile(path))
            .ToList());

    /// <summary>One table around the given members.</summary>
    public static string Table(string members) =>
        "[SettingsTable(Doc = \"A table.\", IsRoot = true)]\ninternal readonly partial struct Sample\n{\n" + members + "\n}\n";

    public static CSharpCompilation Compile(string schema) => CSharpCompilation.Create(
        "NativeProxy.Tests",
        [Parse("using System.Collections.Immutable;\nusing NativeProxy.Config;\nnamespace Trial;\n" + schema, "Schema.cs")],
        _references.Value,
        // CS1701: the tests may run on a newer runtime than the proxy was compiled for.
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary).WithSpecificDiagnosticOptions([new("CS1701", ReportDiagnostic.Suppress)]));

    public static SyntaxTree Parse(string source, string path) => CSharpSyntaxTree.ParseText(source, _language, path);

    public static GeneratorDriver Driver() => CSharpGeneratorDriver.Create(
        [new ProxySettingsGenerator().AsSourceGenerator()],
        parseOptions: _language,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>Runs the generator; the compilation that comes back contains what it wrote.</summary>
    public static (Compilation Output, GeneratorDriverRunResult Result) Generate(string schema)
    {
        GeneratorDriver driver = Driver().RunGeneratorsAndUpdateCompilation(Compile(schema), out Compilation output, out _);
        return (output, driver.GetRunResult());
    }

    /// <summary>Compiles to an assembly, loads it, and lets the type Sample read the table.</summary>
    public static object Read(string schema, TomlTable table, SettingsErrors errors)
    {
        using MemoryStream image = new();
        Microsoft.CodeAnalysis.Emit.EmitResult emitted = Generate(schema).Output.Emit(image);
        if (!emitted.Success)
            throw new InvalidOperationException(string.Join("\n", emitted.Diagnostics));
        image.Position = 0;
        Type sample = new AssemblyLoadContext("schema").LoadFromStream(image).GetType("Trial.Sample")!;
        MethodInfo readFrom = sample.GetMethod("ReadFrom", BindingFlags.Static | BindingFlags.NonPublic)!;
        return readFrom.Invoke(null, [SettingsTableReader.Root(table, errors)])!;
    }
}
