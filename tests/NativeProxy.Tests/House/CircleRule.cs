using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace NativeProxy.Tests.House;

/// <summary>
/// No two folders use each other, neither directly nor by way of others: judged by what the code does, whatever the list of floors says.
/// </summary>
internal static class CircleRule
{
    /// <summary>One line per group of folders that reach each other, with one use for each pair that stands in the way.</summary>
    public static IEnumerable<string> Violations(ProductCode code)
    {
        Dictionary<(string From, string To), string> uses = UsesOf(code);
        ILookup<string, string> direct = uses.Keys.ToLookup(static use => use.From, static use => use.To);
        Dictionary<string, HashSet<string>> reached = direct.ToDictionary(static folder => folder.Key, folder => ReachedFrom(folder.Key, direct));
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (string folder in reached.Keys.Order(StringComparer.Ordinal))
        {
            string[] circle = [.. reached[folder].Where(other => reached.TryGetValue(other, out HashSet<string>? back) && back.Contains(folder))
                .Append(folder).Distinct().Order(StringComparer.Ordinal)];
            if (circle.Length < 2 || !told.Add(string.Join(' ', circle)))
                continue;
            IEnumerable<string> places = uses.Where(use => circle.Contains(use.Key.From) && circle.Contains(use.Key.To))
                .Select(static use => use.Value);
            yield return $"{string.Join(", ", circle)} use each other: {string.Join("; ", places.Order(StringComparer.Ordinal))}";
        }
    }

    private static Dictionary<(string From, string To), string> UsesOf(ProductCode code)
    {
        var uses = new Dictionary<(string From, string To), string>();
        foreach (SyntaxTree tree in code.Trees)
        {
            string from = ProductCode.FolderOf(tree);
            if (from.Length == 0)
                continue;
            foreach ((SyntaxNode name, ISymbol symbol) in code.Names(tree))
            {
                if (ProductCode.OwnTypeOf(symbol) is { } type && ProductCode.FolderOf(type) is { } to && to != from)
                    uses.TryAdd((from, to), $"{ProductCode.PlaceOf(name)} uses {to}.{type.Name}");
            }
        }
        return uses;
    }

    private static HashSet<string> ReachedFrom(string folder, ILookup<string, string> direct)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(direct[folder]);
        while (open.TryDequeue(out string? next))
        {
            if (!reached.Add(next))
                continue;
            foreach (string further in direct[next])
                open.Enqueue(further);
        }
        return reached;
    }
}
