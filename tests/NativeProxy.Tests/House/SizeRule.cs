using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>
/// Nothing grows until it is several things: a file has at most 350 lines, a type at most 30 members that others can name. Members are methods,
/// properties, events and constructors, inherited ones not included; whatever is not private counts, also an override and what implements an
/// interface under its own name. Not counted are fields and constants, the values of an enum, what a record declares in its head, what the generator
/// adds, what implements an interface explicitly (that is private, for nobody who holds the type can call it), and the keys of a settings table: how
/// many there are is for those who write the file, and each is one line of data.
/// </summary>
internal static class SizeRule
{
    public const int LinesMax = 350;
    public const int MembersMax = 30;

    /// <summary>Files that are longer yet. None is added; one that has become shorter is taken out.</summary>
    public static readonly string[] LongFilesYet = [];

    /// <summary>Types that are wider yet. None is added; one that has become narrower is taken out.</summary>
    public static readonly string[] WideTypesYet = [];

    /// <summary>How many lines each file has.</summary>
    public static IEnumerable<(string Name, int Size)> LinesOf(IEnumerable<(string Path, string Text)> files) =>
        files.Select(static file => (file.Path, file.Text.TrimEnd('\n').Split('\n').Length));

    /// <summary>How many members each type has, by its name behind that of the product.</summary>
    public static IEnumerable<(string Name, int Size)> MembersOf(ProductCode code)
    {
        var ownTrees = code.Trees.ToHashSet();
        var types = new HashSet<INamedTypeSymbol>(SymbolEqualityComparer.Default);
        foreach (SyntaxTree tree in code.Trees)
        {
            SemanticModel model = code.Compilation.GetSemanticModel(tree);
            foreach (TypeDeclarationSyntax declaration in tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>())
            {
                if (model.GetDeclaredSymbol(declaration) is INamedTypeSymbol type && types.Add(type))
                    yield return (NameOf(type), type.GetMembers().Count(member => Counts(member, ownTrees)));
            }
        }
    }

    /// <summary>What is too large and not an exception, and what is an exception without need.</summary>
    public static IEnumerable<string> Violations(
        IEnumerable<(string Name, int Size)> all, int max, string what, IReadOnlyCollection<string> exceptions)
    {
        Dictionary<string, int> tooLarge = all.Where(item => item.Size > max)
            .ToDictionary(static item => item.Name, static item => item.Size, StringComparer.Ordinal);
        return tooLarge.Where(item => !exceptions.Contains(item.Key))
            .Select(item => $"{item.Key} has {item.Value} {what}, more than {max}")
            .Concat(exceptions.Where(name => !tooLarge.ContainsKey(name)).Select(name => $"{name} needs no exception: at most {max} {what}"));
    }

    private static bool Counts(ISymbol member, HashSet<SyntaxTree> ownTrees)
    {
        if (member.IsImplicitlyDeclared || member.DeclaredAccessibility == Accessibility.Private)
            return false;
        if (member.GetAttributes().Any(static attribute => attribute.AttributeClass?.Name == "SettingAttribute"))
            return false;
        bool isOfAKind = member switch
        {
            IMethodSymbol method => method.AssociatedSymbol is null && method.MethodKind != MethodKind.StaticConstructor,
            IPropertySymbol or IEventSymbol => true,
            _ => false,
        };
        return isOfAKind && member.DeclaringSyntaxReferences
            .Any(place => ownTrees.Contains(place.SyntaxTree) && place.GetSyntax() is not (ParameterSyntax or RecordDeclarationSyntax));
    }

    private static string NameOf(INamedTypeSymbol type)
    {
        string name = type.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat.WithGenericsOptions(SymbolDisplayGenericsOptions.None));
        return name.StartsWith("NativeProxy.", StringComparison.Ordinal) ? name["NativeProxy.".Length..] : name;
    }
}
