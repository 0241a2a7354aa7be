using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NativeProxy.Tests.House;

/// <summary>
/// Who waits and who does not. The data path runs on one thread that never waits: no async, no tasks, no locks, no LINQ, and no use of the
/// control plane's parts. Async code lives in the control plane only, and there nothing is of the loop: neither its types nor an await that goes
/// on on its thread, as those of a socket's own methods do in this process.
/// </summary>
internal static class DataPathRule
{
    private static readonly HashSet<string> DataPath = new(StringComparer.Ordinal) 
    {
        "Buffers", "Timers", "Http", "Http1", "ProxyProtocol", "Ledger", "Transport", "Caching", "Credentials", "Clients", "Upstreams", "Pressure",
        "Routing", "Claims", "Compression", "Tracing", "Rewriting", "Tunnels", "Exchanges", "Listeners",
    };

    /// <summary>Where async may live. The longest matching folder counts, so that a part of a data path folder can be here.</summary>
    private static readonly string[] ControlPlane = ["Pipes", "Admin", "Upstreams/Health", "Upstreams/Naming", "Upstreams/Discovery", "Hosting"];

    /// <summary>The part of the control plane that also starts and stops the loops.</summary>
    private const string Starter = "Hosting";

    /// <summary>What belongs to a loop thread.</summary>
    private static readonly string[] OfTheLoop =
    [
        "NativeProxy.Transport", "NativeProxy.Timers", "NativeProxy.Buffers", "NativeProxy.Clients", "NativeProxy.Exchanges", "NativeProxy.Listeners",
        "NativeProxy.Tunnels",
    ];

    /// <summary>Files of the data path's folders that run on a thread of their own, by their purpose.</summary>
    private static readonly HashSet<string> OtherThreads = new(StringComparer.Ordinal) 
    {
        "Transport/Saea/LoopTicker.cs", "Credentials/PasswordThreads.cs",
    };

    public static IEnumerable<string> Violations(ProductCode code) => code.Trees.SelectMany(tree =>
        IsControlPlane(tree.FilePath) ? OfControlPlane(code, tree)
        : DataPath.Contains(ProductCode.RoomOf(tree)) && !OtherThreads.Contains(tree.FilePath) ? OfDataPath(code, tree)
        : OfOthers(tree));

    private static bool IsControlPlane(string path) => ControlPlane.Any(folder => path.StartsWith(folder + "/", StringComparison.Ordinal));

    private static bool IsStarter(string path) => path.StartsWith(Starter + "/", StringComparison.Ordinal);

    private static IEnumerable<string> OfDataPath(ProductCode code, SyntaxTree tree)
    {
        foreach (SyntaxToken token in tree.GetRoot().DescendantTokens().Where(static token => WordOf(token) is not null))
            yield return $"{ProductCode.PlaceOf(token.GetLocation())}: {WordOf(token)}";
        foreach ((SimpleNameSyntax name, ISymbol symbol) in code.Names(tree))
        {
            if (ForbiddenOnDataPath(symbol) is { } forbidden)
                yield return $"{ProductCode.PlaceOf(name)}: {forbidden} ({symbol.Name})";
        }
    }

    private static IEnumerable<string> OfControlPlane(ProductCode code, SyntaxTree tree)
    {
        foreach ((SimpleNameSyntax name, ISymbol symbol) in code.Names(tree))
        {
            if (IsSocketAwaitable(symbol))
                yield return $"{ProductCode.PlaceOf(name)}: an await that goes on on the loop thread ({symbol.Name})";
            if (!IsStarter(tree.FilePath) && OfTheLoop.Any(space => IsWithin(NamespaceOf(symbol), space)))
                yield return $"{ProductCode.PlaceOf(name)}: a part of the loop ({symbol.Name})";
        }
    }

    /// <summary>Neither on the data path nor of the control plane: values, parsers of files, writers of logs.</summary>
    private static IEnumerable<string> OfOthers(SyntaxTree tree) => tree.GetRoot().DescendantTokens()
        .Where(static token => token.IsKind(SyntaxKind.AsyncKeyword) || token.IsKind(SyntaxKind.AwaitKeyword))
        .Select(static token => $"{ProductCode.PlaceOf(token.GetLocation())}: {token.ValueText} outside of the control plane");

    private static string? WordOf(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.AsyncKeyword => "async",
        SyntaxKind.AwaitKeyword => "await",
        SyntaxKind.LockKeyword => "lock",
        SyntaxKind.FromKeyword => "a query",
        _ => null,
    };

    private static string? ForbiddenOnDataPath(ISymbol symbol) => NamespaceOf(symbol) switch
    {
        "System.Threading.Tasks" => "a task",
        "System.Linq" => "LINQ",
        "System.Threading" when TypeOf(symbol)!.Name is "Monitor" or "Lock" or "SemaphoreSlim" or "Mutex" => "a lock",
        "System.IO.Pipelines" => "a pipe",
        { } space when ControlPlane.Any(folder => IsWithin(space, "NativeProxy." + folder.Replace('/', '.'))) => "a part of the control plane",
        _ => null,
    };

    /// <summary>A method of a socket, or of a stream over one, that gives a task.</summary>
    private static bool IsSocketAwaitable(ISymbol symbol) => symbol is IMethodSymbol { ReturnType: INamedTypeSymbol returned }
        && NamespaceOf(symbol) == "System.Net.Sockets" && returned.ContainingNamespace?.ToDisplayString() == "System.Threading.Tasks";

    private static INamedTypeSymbol? TypeOf(ISymbol symbol) => symbol as INamedTypeSymbol ?? symbol.ContainingType;

    private static string? NamespaceOf(ISymbol symbol) => TypeOf(symbol)?.ContainingNamespace?.ToDisplayString();

    private static bool IsWithin(string? space, string parent) =>
        space == parent || space?.StartsWith(parent + ".", StringComparison.Ordinal) == true;
}
