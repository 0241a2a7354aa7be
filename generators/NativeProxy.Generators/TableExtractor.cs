using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Generators;

/// <summary>What was read from one attributed type. The table is null when the type cannot be completed at all.</summary>
internal sealed record TableExtraction(TableModel? Table, EquatableArray<DiagnosticModel> Diagnostics);

/// <summary>Reads one attributed struct into a <see cref="TableModel"/>. The last place that sees symbols; keeps none. Pure.</summary>
internal static class TableExtractor
{
    private const string SettingAttribute = "NativeProxy.Config.SettingAttribute";

    public static TableExtraction Extract(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        List<DiagnosticModel> diagnostics = [];
        INamedTypeSymbol type = (INamedTypeSymbol)context.TargetSymbol;
        AttributeArguments arguments = new(context.Attributes[0]);
        Location? place = type.Locations.FirstOrDefault();
        if (!HasTableShape(type, (TypeDeclarationSyntax)context.TargetNode))
        {
            diagnostics.Add(DiagnosticModel.At(place, SchemaDiagnostics.TableShape, type.Name));
            return new TableExtraction(null, new EquatableArray<DiagnosticModel>(diagnostics));
        }

        if (arguments.Text("Doc").Length == 0)
            diagnostics.Add(DiagnosticModel.At(place, SchemaDiagnostics.MissingDoc, type.Name));
        List<SettingModel> settings = ExtractSettings(type, diagnostics, cancellation);
        string space = type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString();
        TableModel table = new(space, type.Name, arguments.Text("Doc"), arguments.Flag("IsRoot"), new EquatableArray<SettingModel>(settings));
        return new TableExtraction(table, new EquatableArray<DiagnosticModel>(diagnostics));
    }

    private static bool HasTableShape(INamedTypeSymbol type, TypeDeclarationSyntax declaration) =>
        declaration is StructDeclarationSyntax
        && declaration.Modifiers.Any(SyntaxKind.PartialKeyword)
        && type is { IsReadOnly: true, IsRefLikeType: false, ContainingType: null, Arity: 0 };

    private static List<SettingModel> ExtractSettings(INamedTypeSymbol type, List<DiagnosticModel> diagnostics, CancellationToken cancellation)
    {
        List<SettingModel> settings = [];
        foreach (IPropertySymbol property in type.GetMembers().OfType<IPropertySymbol>())
        {
            cancellation.ThrowIfCancellationRequested();
            AttributeData? attribute = property.GetAttributes().FirstOrDefault(static a => a.AttributeClass?.ToDisplayString() == SettingAttribute);
            if (attribute is null || property.PartialDefinitionPart is not null)
                continue;
            SettingModel? setting = new SettingExtractor(property, attribute, settings, diagnostics).Extract();
            if (setting is not null)
                settings.Add(setting);
        }

        return settings;
    }
}
