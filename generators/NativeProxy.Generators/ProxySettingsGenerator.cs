using System.Collections.Immutable;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace NativeProxy.Generators;

/// <summary>
/// Emits the settings structs, binder, reference document and JSON Schema from the attributed schema types.
/// Three steps: <see cref="TableExtractor"/> reads symbols into an equatable <see cref="TableModel"/>; each model becomes one struct file;
/// all models together become the reference file of each root table. Nothing behind the first step sees a symbol.
/// </summary>
[Generator]
public sealed class ProxySettingsGenerator : IIncrementalGenerator
{
    /// <summary>Name of the step that yields the models, for the caching test.</summary>
    internal const string TablesStep = "SettingsTables";

    /// <summary>Name of the step that gathers all models, for the caching test.</summary>
    internal const string SchemaStep = "SettingsSchema";

    private const string TableAttribute = "NativeProxy.Config.SettingsTableAttribute";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<TableExtraction> tables = context.SyntaxProvider
            .ForAttributeWithMetadataName(TableAttribute, static (node, _) => node is TypeDeclarationSyntax, TableExtractor.Extract)
            .WithTrackingName(TablesStep);
        IncrementalValueProvider<EquatableArray<TableModel>> schema = tables
            .Collect()
            .Select(static (all, _) => new EquatableArray<TableModel>(all.Select(static one => one.Table).OfType<TableModel>()))
            .WithTrackingName(SchemaStep);

        context.RegisterSourceOutput(tables, EmitTable);
        context.RegisterSourceOutput(schema, EmitReference);
    }

    private static void EmitTable(SourceProductionContext context, TableExtraction extraction)
    {
        foreach (DiagnosticModel diagnostic in extraction.Diagnostics)
            context.ReportDiagnostic(diagnostic.ToDiagnostic());
        if (extraction.Table is TableModel table)
            context.AddSource($"{FileName(table)}.g.cs", SourceText.From(TableEmitter.Emit(table), Encoding.UTF8));
    }

    private static void EmitReference(SourceProductionContext context, EquatableArray<TableModel> schema)
    {
        ImmutableDictionary<string, TableModel> tables = schema.ToImmutableDictionary(static table => table.FullName);
        if (schema.FirstOrDefault(static table => table.IsRoot) is TableModel root)
            context.AddSource("SettingsReference.g.cs", SourceText.From(ReferenceFileEmitter.Emit(root, tables), Encoding.UTF8));
    }

    private static string FileName(TableModel table) => table.FullName.Substring("global::".Length);
}
