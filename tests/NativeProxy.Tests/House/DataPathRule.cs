using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>The data path runs on one thread that never waits: no async, no tasks, no locks, no LINQ.</summary>
internal static class DataPathRule
{
    private static readonly HashSet<string> Folders = new(StringComparer.Ordinal) { "Buffers", "Timers", "Http1", "ProxyProtocol", "Ledger", "Transport", "Caching", "Upstreams", "Sessions" };

    /// <summary>Files of these folders that run on a thread of their own, by their purpose.</summary>
    private static readonly HashSet<string> OtherThreads = new(StringComparer.Ordinal) { "Transport/Saea/LoopTicker.cs" };

    public static IEnumerable<string> Violations(ProductCode code)
    {
        foreach (SyntaxTree tree in code.Trees.Where(static tree => Folders.Contains(ProductCode.FolderOf(tree)) && !OtherThreads.Contains(tree.FilePath) && !tree.FilePath.StartsWith("Upstreams/Naming/", StringComparison.Ordinal)))
        {
            foreach (SyntaxToken token in tree.GetRoot().DescendantTokens().Where(static token => WordOf(token) is not null))
                yield return $"{ProductCode.PlaceOf(token.GetLocation())}: {WordOf(token)}";
            foreach ((SimpleNameSyntax name, ISymbol symbol) in code.Names(tree))
            {
                if (ForbiddenNamespaceOf(symbol) is { } forbidden)
                    yield return $"{ProductCode.PlaceOf(name)}: {forbidden} ({symbol.Name})";
            }
        }
    }

    private static string? WordOf(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.AsyncKeyword => "async",
        SyntaxKind.AwaitKeyword => "await",
        SyntaxKind.LockKeyword => "lock",
        SyntaxKind.FromKeyword => "a query",
        _ => null,
    };

    private static string? ForbiddenNamespaceOf(ISymbol symbol)
    {
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        return type?.ContainingNamespace.ToDisplayString() switch
        {
            "System.Threading.Tasks" => "a task",
            "System.Linq" => "LINQ",
            "System.Threading" when type.Name is "Monitor" or "Lock" or "SemaphoreSlim" or "Mutex" => "a lock",
            _ => null,
        };
    }
}
