using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using NativeProxy.Buffers;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.House;

/// <summary>A number that nobody writes is always zero, and says so to every operator who believes it.</summary>
public sealed class CounterUseTests
{
    /// <summary>Counters that are reached by adding to the first of their row: status classes, and who ended a connection.</summary>
    private static readonly CounterId[] Reckoned =
    [
        CounterId.Responses3xx, CounterId.Responses4xx, CounterId.Responses5xx,
        CounterId.ClientClosedByProxyReset, CounterId.ClientClosedByPeer, CounterId.ClientClosedByPeerReset,
        CounterId.ServerClosedByProxyReset, CounterId.ServerClosedByPeer, CounterId.ServerClosedByPeerReset,
    ];

    [Fact]
    public void EveryCounter_IsWrittenSomewhere()
    {
        HashSet<string> used = NamesOf(nameof(CounterId),
            static path => path is not ("Metrics/CounterTable.cs" or "Metrics/CounterId.cs" or "Admin/WorkerMetricsText.cs"));
        string[] endsOfBlocks = [nameof(CounterId.ClientClosesLast), nameof(CounterId.ServerClosesLast)];
        Assert.Empty(Enum.GetNames<CounterId>().Except(used).Except(endsOfBlocks).Except(Reckoned.Select(static id => id.ToString())));
    }

    [Fact]
    public void EveryBorrowerOfBuffers_BorrowsSome()
    {
        HashSet<string> used = NamesOf(nameof(Borrower), static path => path is not ("Buffers/Borrower.cs" or "Hosting/WorkerGauges.cs"));
        Assert.Empty(Enum.GetNames<Borrower>().Except(used));
    }

    /// <summary>The values of an enum that are named in these files.</summary>
    private static HashSet<string> NamesOf(string type, Func<string, bool> isIn) =>
    [
        .. from tree in ProductCode.Current.Trees
           where isIn(tree.FilePath)
           from use in ProductCode.Current.Names(tree)
           where use.Symbol is IFieldSymbol { IsConst: true } && use.Symbol.ContainingType.Name == type
           select use.Symbol.Name,
    ];
}
