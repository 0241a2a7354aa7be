using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>Small rules about code, each from sources to a list of violations.</summary>
internal static class CodeRules
{
    // Put together, so that this file does not break its own rule.
    private static readonly Regex Leftover = new(@"\b(?:TO" + "DO|FIX" + "ME|HA" + "CK|NotImplemented" + @"Exception)\b",
        RegexOptions.CultureInvariant);

    /// <summary>Throw statements and expressions, and guards that throw anywhere but in a constructor.</summary>
    public static IEnumerable<string> Throws(ProductCode code, string folder)
    {
        foreach (SyntaxTree tree in code.Trees.Where(tree => ProductCode.RoomOf(tree) == folder))
        {
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                bool isThrow = node is ThrowStatementSyntax or ThrowExpressionSyntax;
                bool isGuard = node is IdentifierNameSyntax { Identifier.Text: var text } && text.StartsWith("ThrowIf", StringComparison.Ordinal)
                    && !node.Ancestors().OfType<ConstructorDeclarationSyntax>().Any();
                if (isThrow || isGuard)
                    yield return $"{ProductCode.PlaceOf(node)}: {node}";
            }
        }
    }

    /// <summary>Types, nested ones included, whose documentation comment has no summary.</summary>
    public static IEnumerable<string> TypesWithoutSummary(ProductCode code) =>
        from tree in code.Trees
        from type in tree.GetRoot().DescendantNodes().OfType<MemberDeclarationSyntax>()
        where type is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax
        where !HasSummary(type)
        select $"{ProductCode.PlaceOf(type)}: {NameOf(type)}";

    /// <summary>References of documentation comments that lead to nothing: the compiler looks at them only where it writes documentation.</summary>
    public static IEnumerable<string> BrokenReferences(ProductCode code) =>
        from tree in code.Trees
        let model = code.Compilation.GetSemanticModel(tree)
        from reference in tree.GetRoot().DescendantNodes(descendIntoTrivia: true).OfType<CrefSyntax>()
        where reference.Parent is not CrefSyntax
        let found = model.GetSymbolInfo(reference)
        where found.Symbol is null && found.CandidateSymbols.IsEmpty
        select $"{ProductCode.PlaceOf(reference)}: {reference} does not exist";

    public static IEnumerable<string> Leftovers(string path, string text) =>
        text.Split('\n').Select((line, index) => (line, index)).Where(static item => Leftover.IsMatch(item.line))
            .Select(item => $"{path}:{item.index + 1}: {item.line.Trim()}");

    /// <summary>"Folder/File.cs:12 Name" and the lines from the signature to the closing brace.</summary>
    public static (string Name, int Lines) LengthOf(BaseMethodDeclarationSyntax method)
    {
        FileLinePositionSpan span = method.SyntaxTree.GetLineSpan(method.Span);
        string name = method is MethodDeclarationSyntax named ? named.Identifier.Text : "constructor";
        return ($"{ProductCode.PlaceOf(method)} {name}", span.EndLinePosition.Line - span.StartLinePosition.Line + 1);
    }

    private static bool HasSummary(SyntaxNode type) => type.GetLeadingTrivia()
        .Select(static trivia => trivia.GetStructure()).OfType<DocumentationCommentTriviaSyntax>()
        .SelectMany(static comment => comment.Content).OfType<XmlElementSyntax>()
        .Any(static element => element.StartTag.Name.ToString() == "summary" && element.Content.ToString().Trim(' ', '/', '\r', '\n').Length > 0);

    private static string NameOf(MemberDeclarationSyntax type) =>
        type is BaseTypeDeclarationSyntax named ? named.Identifier.Text : ((DelegateDeclarationSyntax)type).Identifier.Text;
}
