using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace NativeProxy.Tests.House;

/// <summary>
/// The floors of the house: a folder uses types of strictly lower floors and its own; folders on one floor do not know each other.
/// </summary>
internal static class FloorRule
{
    private static readonly Dictionary<string, int> Floors = new(StringComparer.Ordinal)
    {
        ["Foundation"] = 0,
        ["Http1"] = 1,
        ["ProxyProtocol"] = 1,
        ["Buffers"] = 1,
        ["Timers"] = 1,
        ["Config"] = 1,
        ["Metrics"] = 1,
        ["Logging"] = 1,
        ["Ledger"] = 2,
        ["Transport"] = 2,
        ["Pipes"] = 2,
        ["Persistence"] = 2,
        ["Caching"] = 2,
        ["Upstreams"] = 3,
        ["Sessions"] = 4,
        ["Admin"] = 4,
        ["Hosting"] = 5,
    };

    /// <summary>Libraries that one folder hides from the others, so that it could be replaced there alone.</summary>
    private static readonly Dictionary<string, string> HiddenLibraries = new(StringComparer.Ordinal)
    {
        ["Tomlyn"] = "Config",
    };

    /// <summary>One line per use of a type that stands too high, and per file in a folder without a floor.</summary>
    public static IEnumerable<string> Violations(ProductCode code)
    {
        foreach (SyntaxTree tree in code.Trees)
        {
            string from = ProductCode.FolderOf(tree);
            if (from.Length == 0)
                continue;
            if (!Floors.ContainsKey(from))
            {
                yield return $"{tree.FilePath}: the folder {from} has no floor";
                continue;
            }
            foreach (string violation in code.Names(tree).Select(use => Judge(from, use.Name, use.Symbol)).OfType<string>().Distinct())
                yield return violation;
        }
    }

    private static string? Judge(string from, SyntaxNode name, ISymbol symbol)
    {
        if (symbol.ContainingAssembly?.Name is { } library && HiddenLibraries.TryGetValue(library, out string? owner) && owner != from)
            return $"{ProductCode.PlaceOf(name)}: {from} uses {library}, which only {owner} knows";
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        if (type is null || FolderOf(type) is not { } to || to == from)
            return null;
        return Floors.TryGetValue(to, out int floor) && floor < Floors[from]
            ? null
            : $"{ProductCode.PlaceOf(name)}: {from} uses {to}.{type.Name}";
    }

    /// <summary>The folder of one of the product's own types; null for other libraries' types.</summary>
    private static string? FolderOf(INamedTypeSymbol type)
    {
        string[] parts = type.ContainingNamespace.ToDisplayString().Split('.');
        bool isOurs = type.Locations.Any(static location => location.IsInSource);
        return isOurs && parts.Length > 1 ? parts[1] : null;
    }
}
