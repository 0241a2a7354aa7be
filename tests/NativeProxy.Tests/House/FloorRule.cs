using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>
/// The floors of the house. A room (a top folder) uses rooms on strictly lower floors; rooms on one floor do not know each other. Inside a room
/// its folders stand on steps, and one uses those on lower steps. So no import circle can cross a folder's wall. Checked by path: each folder that
/// has a file in it is listed.
/// </summary>
internal static class FloorRule
{
    /// <summary>The folders from the lowest step of the lowest floor upwards.</summary>
    private static readonly Dictionary<string, (int Floor, int Step)> Floors = Listed(
        ["Foundation"],
        ["Http", "ProxyProtocol", "Tls", "Certificates", "Buffers", "Timers", "Metrics", "Logging", "Config/Toml < Config"],
        ["Transport/Sockets < Transport < Transport/Saea, Transport/Epoll, Transport/Tls", "Http1", "Claims", "Tracing", "Rewriting", "Ledger"],
        ["Caching", "Pipes", "Quotas", "Credentials", "Compression", "Recording"],
        [
            "Clients < Clients/Http1",
            "Upstreams/Board < Upstreams/Queueing < Upstreams/Connections < Upstreams/Balancing, Upstreams/Http1 < Upstreams/Groups < "
            + "Upstreams/Origins < Upstreams/Naming < Upstreams/Health, Upstreams/Discovery",
        ],
        ["Routing/Matching < Routing/Limiting < Routing", "Pressure", "Tunnels"],
        ["Exchanges/Sending < Exchanges/Cached, Exchanges/Logged, Exchanges/Mirrored < Exchanges", "Passthrough"],
        ["Admin", "Listeners"],
        [
            "Hosting/Processes < Hosting/Securing < Hosting/Channels < Hosting/Supervision, Hosting/Workers, Hosting/Explaining, Hosting/Probing, "
            + "Hosting/Operating < Hosting/Replaying < "
            + "Hosting",
        ]);

    /// <summary>Libraries that one room hides from the others, so that it could be replaced there alone.</summary>
    private static readonly Dictionary<string, string> HiddenLibraries = new(StringComparer.Ordinal)
    {
        ["Tomlyn"] = "Config",
        ["BCrypt-Net-Next"] = "Credentials",
    };

    /// <summary>One line per use of a type that stands too high, and per file in a folder that is not listed.</summary>
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

    /// <summary>True when a file of one folder may use a type of the other.</summary>
    private static bool MayUse(string from, string to)
    {
        if (from == to)
            return true;
        if (!Floors.TryGetValue(to, out (int Floor, int Step) target))
            return false;
        (int floor, int step) = Floors[from];
        return target.Floor < floor || (RoomOf(from) == RoomOf(to) && target.Step < step);
    }

    private static string? Judge(string from, SyntaxNode name, ISymbol symbol)
    {
        if (symbol is INamespaceSymbol space)
        {
            // The whole name of a using directive; its parts stand for rooms that it only leads through.
            bool isWhole = name.Ancestors().OfType<UsingDirectiveSyntax>().Any(directive => directive.Name?.ToString() == space.ToDisplayString());
            return isWhole && ProductCode.FolderOf(space) is { } named && !MayUse(from, named)
                ? $"{ProductCode.PlaceOf(name)}: {from} names {named}"
                : null;
        }
        if (symbol.ContainingAssembly?.Name is { } library && HiddenLibraries.TryGetValue(library, out string? owner) && owner != RoomOf(from))
            return $"{ProductCode.PlaceOf(name)}: {from} uses {library}, which only {owner} knows";
        return ProductCode.OwnTypeOf(symbol) is { } type && ProductCode.FolderOf(type) is { } to && !MayUse(from, to)
            ? $"{ProductCode.PlaceOf(name)}: {from} uses {to}.{type.Name}"
            : null;
    }

    private static string RoomOf(string folder) => folder.Split('/')[0];

    /// <summary>Each argument is a floor, each text a room: its folders by steps, the lowest first.</summary>
    private static Dictionary<string, (int Floor, int Step)> Listed(params string[][] floors)
    {
        var listed = new Dictionary<string, (int Floor, int Step)>(StringComparer.Ordinal);
        for (int floor = 0; floor < floors.Length; floor++)
        {
            foreach (string[] steps in floors[floor].Select(static room => room.Split('<', StringSplitOptions.TrimEntries)))
            {
                for (int step = 0; step < steps.Length; step++)
                {
                    foreach (string folder in steps[step].Split(',', StringSplitOptions.TrimEntries))
                        listed.Add(folder, (floor, step));
                }
            }
        }
        return listed;
    }
}
