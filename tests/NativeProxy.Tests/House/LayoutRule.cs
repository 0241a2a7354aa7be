using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace NativeProxy.Tests.House;

/// <summary>
/// How code stands on the page, where the compiler's own style rules say nothing: lines end at 150 columns, and one statement on one line has no
/// braces. That what takes several lines has them is a rule of the compiler (see .editorconfig).
/// </summary>
internal static class LayoutRule
{
    private const int ColumnsMax = 150;

    public static IEnumerable<string> Violations(string path, string text)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview), path);
        foreach (TextLine line in tree.GetText().Lines.Where(static line => line.Span.Length > ColumnsMax))
            yield return $"{path}:{line.LineNumber + 1}: {line.Span.Length} columns";
        foreach (BlockSyntax block in tree.GetRoot().DescendantNodes().OfType<BlockSyntax>().Where(IsNeedless))
            yield return $"{ProductCode.PlaceOf(block)}: braces around one statement on one line";
    }

    /// <summary>
    /// A block of an if, an else or a loop, whose head and statement are one line each; of an if with an else, only when all its blocks are.
    /// </summary>
    private static bool IsNeedless(BlockSyntax block) => IsShort(block) && block.Parent switch
    {
        IfStatementSyntax or ElseClauseSyntax => ChainOf(block).All(IsShort),
        ForStatementSyntax or ForEachStatementSyntax or ForEachVariableStatementSyntax or WhileStatementSyntax => true,
        _ => false,
    };

    /// <summary>The statements of all branches.</summary>
    private static IEnumerable<StatementSyntax> ChainOf(SyntaxNode block)
    {
        IfStatementSyntax first = block.AncestorsAndSelf().OfType<IfStatementSyntax>().First();
        while (first.Parent is ElseClauseSyntax { Parent: IfStatementSyntax before })
            first = before;
        for (IfStatementSyntax? next = first; next is not null; next = next.Else?.Statement as IfStatementSyntax)
        {
            yield return next.Statement;
            if (next.Else is { Statement: not IfStatementSyntax } last)
                yield return last.Statement;
        }
    }

    /// <summary>A statement on one line, that no brace tells from what follows, under a head of one line; in a block or not.</summary>
    private static bool IsShort(StatementSyntax statement)
    {
        StatementSyntax only = statement is BlockSyntax { Statements.Count: 1 } block ? block.Statements[0] : statement;
        bool mayStandAlone = only is not (BlockSyntax or LocalDeclarationStatementSyntax or LocalFunctionStatementSyntax or IfStatementSyntax
            or ForStatementSyntax or CommonForEachStatementSyntax or WhileStatementSyntax or UsingStatementSyntax or FixedStatementSyntax
            or TryStatementSyntax or SwitchStatementSyntax or DoStatementSyntax or LabeledStatementSyntax);
        return mayStandAlone && LinesOf(only.Span, only) == 1 && !HasComment(statement) && LinesOf(HeadOf(statement), only) == 1;
    }

    /// <summary>From where the statement's owner begins to where the statement does.</summary>
    private static TextSpan HeadOf(StatementSyntax statement)
    {
        int end = statement.GetFirstToken().GetPreviousToken().Span.End;
        return TextSpan.FromBounds(statement.Parent!.SpanStart, end);
    }

    private static int LinesOf(TextSpan span, SyntaxNode node)
    {
        LinePositionSpan lines = node.SyntaxTree.GetText().Lines.GetLinePositionSpan(span);
        return lines.End.Line - lines.Start.Line + 1;
    }

    private static bool HasComment(StatementSyntax statement) => statement is BlockSyntax block
        && block.DescendantTrivia().Any(static trivia => trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsDirective);
}
