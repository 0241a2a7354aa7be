using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NativeProxy.Generators;

namespace NativeProxy.Tests.House;

/// <summary>
/// The product's sources, parsed and bound, so that rules are judged by what a name means and not by how it is spelled. A test can
/// also make one from a few lines of its own, to see that a rule is able to fail.
/// </summary>
internal sealed class ProductCode
{
    private static readonly Lazy<ProductCode> Whole = new(static () => new ProductCode(
        Repository.Sources("src/NativeProxy").Select(static path => (path["src/NativeProxy/".Length..], Repository.Read(path))),
        withGenerator: true));

    /// <summary>
    /// The libraries that the product uses, by the beginnings of their files; other ones of the test process would bring namespaces that it does not
    /// see.
    /// </summary>
    private static readonly string[] Libraries = ["System.", "Microsoft.Win32.", "Tomlyn.", "BCrypt-Net-Next.", "Pipelines.Sockets.Unofficial."];

    private static readonly Lazy<ImmutableArray<MetadataReference>> References = new(static () =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => Libraries.Any(library => Path.GetFileName(path).StartsWith(library, StringComparison.Ordinal)))
            .Select(static path => MetadataReference.CreateFromFile(path))]);

    private ProductCode(IEnumerable<(string Path, string Text)> sources, bool withGenerator)
    {
        var parseOptions = new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.Parse);
        Trees = [.. sources.Select(source => CSharpSyntaxTree.ParseText(source.Text, parseOptions, source.Path))];
        Compilation compilation = CSharpCompilation.Create(
            "product", Trees, References.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
        if (withGenerator)
        {
            CSharpGeneratorDriver.Create([new ProxySettingsGenerator().AsSourceGenerator()], parseOptions: parseOptions)
                .RunGeneratorsAndUpdateCompilation(compilation, out compilation, out _);
        }
        Compilation = compilation;
    }

    /// <summary>All of src/NativeProxy; paths are relative to it.</summary>
    public static ProductCode Current => Whole.Value;

    /// <summary>The files, without what the generator adds.</summary>
    public IReadOnlyList<SyntaxTree> Trees { get; }

    public Compilation Compilation { get; }

    public static ProductCode Of(params (string Path, string Text)[] sources) => new(sources, withGenerator: false);

    /// <summary>The folder of a file, sub-folders included ("Upstreams/Health"); empty for a file beside Program.cs.</summary>
    public static string FolderOf(SyntaxTree tree)
    {
        int slash = tree.FilePath.LastIndexOf('/');
        return slash < 0 ? "" : tree.FilePath[..slash];
    }

    /// <summary>The top folder of a file; empty for a file beside Program.cs.</summary>
    public static string RoomOf(SyntaxTree tree) => FolderOf(tree).Split('/')[0];

    /// <summary>The folder of one of the product's own types: its namespace, which is held to be the same. Null for one beside Program.cs.</summary>
    public static string? FolderOf(INamedTypeSymbol type) => FolderOf(type.ContainingNamespace);

    /// <summary>The folder of one of the product's namespaces; null for another one.</summary>
    public static string? FolderOf(INamespaceSymbol space)
    {
        string[] parts = space.ToDisplayString().Split('.');
        return parts.Length > 1 && parts[0] == "NativeProxy" ? string.Join('/', parts[1..]) : null;
    }

    /// <summary>The product's own type that a symbol is or belongs to; null when it is of a library.</summary>
    public static INamedTypeSymbol? OwnTypeOf(ISymbol symbol) =>
        (symbol as INamedTypeSymbol ?? symbol.ContainingType) is { } type && type.Locations.Any(static location => location.IsInSource) ? type : null;

    /// <summary>"Folder/File.cs:12".</summary>
    public static string PlaceOf(SyntaxNode node) => PlaceOf(node.GetLocation());

    public static string PlaceOf(Location location)
    {
        FileLinePositionSpan span = location.GetLineSpan();
        return $"{span.Path}:{span.StartLinePosition.Line + 1}";
    }

    /// <summary>Each name in a file with what it means.</summary>
    public IEnumerable<(SimpleNameSyntax Name, ISymbol Symbol)> Names(SyntaxTree tree)
    {
        SemanticModel model = Compilation.GetSemanticModel(tree);
        foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes(descendIntoTrivia: true).OfType<SimpleNameSyntax>())
        {
            SymbolInfo info = model.GetSymbolInfo(name);
            if (info.Symbol is { } symbol)
                yield return (name, symbol);
            foreach (ISymbol candidate in info.CandidateSymbols)
                yield return (name, candidate);
        }
    }
}
