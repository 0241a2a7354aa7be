using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>
/// What nobody in the product names is not kept: types and their members, but for those that somebody else's contract asks for (overrides,
/// interfaces, the entry point, the system's structures, a schema that the generator reads) and those that tests look through.
/// </summary>
internal static class UnusedRule
{
    /// <summary>Windows for tests: each shows a state that nothing outside does, sets what the system would, or is for a layer to use.</summary>
    private static readonly HashSet<string> Windows = new(StringComparer.Ordinal)
    {
        "AccessRecordCodec.RecordBytesMax", "DnsQuery.BytesMax", "EventLoop.IsLoopThread", "LayerOutput.Advance",
        "LayerOutput.Reserve", "LogRing.IsEmpty", "LogWriter.HasEnded", "OriginTable.Count", "OwnAddresses.Set", "ResponseCache.Count",
        "ResponseCache.HeldBytes", "ServerBoard.ChangeCount", "TomlNode.DateOrTime", "TomlNode.Float",
    };

    public static IEnumerable<string> Violations(ProductCode code)
    {
        var used = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (SyntaxTree tree in code.Compilation.SyntaxTrees)
        {
            SemanticModel model = code.Compilation.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                if (node is SimpleNameSyntax && model.GetSymbolInfo(node) is var info)
                {
                    foreach (ISymbol symbol in info.CandidateSymbols.Append(info.Symbol).OfType<ISymbol>())
                        Note(used, symbol);
                }
            }
        }
        foreach (SyntaxTree tree in code.Trees)
        {
            SemanticModel model = code.Compilation.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                if (DeclaredBy(node, model) is { } symbol && !used.Contains(symbol) && !IsAskedFor(symbol))
                    yield return $"{ProductCode.PlaceOf(node)}: {symbol.ContainingType?.Name}.{symbol.Name} is used by nobody";
            }
        }
    }

    private static void Note(HashSet<ISymbol> used, ISymbol symbol)
    {
        used.Add(symbol.OriginalDefinition);
        if (symbol.ContainingType is { } type)
            used.Add(type.OriginalDefinition);
        if (symbol is IMethodSymbol { ReducedFrom: { } extension })
            used.Add(extension.OriginalDefinition);
    }

    private static ISymbol? DeclaredBy(SyntaxNode node, SemanticModel model) => node switch
    {
        MethodDeclarationSyntax or PropertyDeclarationSyntax or EnumMemberDeclarationSyntax or BaseTypeDeclarationSyntax =>
        model.GetDeclaredSymbol(node),
        VariableDeclaratorSyntax { Parent.Parent: FieldDeclarationSyntax } => model.GetDeclaredSymbol(node),
        _ => null,
    };

    private static bool IsAskedFor(ISymbol symbol) =>
        symbol.IsOverride
        || symbol.Name is "Main" or "Program"
        || symbol is IMethodSymbol { ExplicitInterfaceImplementations.Length: > 0 } or IFieldSymbol { IsConst: true, ConstantValue: 0 or (byte)0 }
        || symbol.GetAttributes().Length > 0
        || symbol.DeclaringSyntaxReferences.Any(static place => place.GetSyntax() is EnumMemberDeclarationSyntax { EqualsValue: not null })
        || Windows.Contains($"{symbol.ContainingType?.Name}.{symbol.Name}")
        || (symbol.ContainingType is { } type && (IsOfTheSystem(type) || ImplementsInterface(type, symbol)));

    /// <summary>A structure that the system or the runtime reads, or an attribute, which the generator does.</summary>
    private static bool IsOfTheSystem(INamedTypeSymbol type) => type.GetAttributes().Length > 0 || type.BaseType?.Name == nameof(Attribute);

    private static bool ImplementsInterface(INamedTypeSymbol type, ISymbol symbol) => type.AllInterfaces
        .SelectMany(static one => one.GetMembers())
        .Any(member => SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(member), symbol));
}
