using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Metrics;

/// <summary>The table is positional: it must name each id once, in order, in the shape that Prometheus demands.</summary>
public sealed class CounterTableTests
{
    [Fact]
    public void EveryCounter_HasItsRowAtItsOwnIndex()
    {
        for (int i = 0; i < CounterTable.Count; i++)
            Assert.Equal(i, (int)CounterTable.Rows[i].Id);
        Assert.Equal(CounterTable.Count - 1, (int)Enum.GetValues<CounterId>().Max());
    }

    [Fact]
    public void RowsOfOneFamily_StandTogetherAndAgreeOnKindAndHelp()
    {
        Dictionary<string, CounterInfo> families = [];
        string? previous = null;
        foreach (CounterInfo info in CounterTable.Rows)
        {
            if (families.TryGetValue(info.Name, out CounterInfo first))
            {
                Assert.Equal(previous, info.Name);
                Assert.Equal((first.Kind, first.Help), (info.Kind, info.Help));
                Assert.NotNull(info.Label);
            }

            families[info.Name] = info;
            previous = info.Name;
        }
    }

    /// <summary>What the naming rules of Prometheus ask for and its own checker does not see: base units, as the last word before "_total".</summary>
    [Fact]
    public void UnitsAreBaseUnits_AndStandAtTheEndOfTheName()
    {
        foreach (CounterInfo info in CounterTable.Rows)
        {
            string[] words = info.Name.Replace("_total", "", StringComparison.Ordinal).Split('_');
            Assert.DoesNotContain(words,
                static word => word is "ms" or "us" or "ns" or "s" or "sec" or "milliseconds" or "minutes" or "kb" or "mb" or "kib" or "mib");
            Assert.Equal(info.Unit == CounterUnit.Milliseconds, words[^1] == "seconds");
            Assert.DoesNotContain(words[..^1], static word => word is "bytes" or "seconds");
        }
    }

    [Fact]
    public void NamesAndLabels_AreUniqueAndWellFormed()
    {
        HashSet<string> series = [];
        foreach (CounterInfo info in CounterTable.Rows)
        {
            Assert.Matches("^nativeproxy_[a-z0-9_]+$", info.Name);
            Assert.Equal(info.Kind == CounterKind.Counter, info.Name.EndsWith("_total", StringComparison.Ordinal));
            Assert.EndsWith(".", info.Help);
            Assert.True(info.Label is null || Regex.IsMatch(info.Label, "^[a-z]+=\"[a-z0-9_]+\"(,[a-z]+=\"[a-z0-9_]+\")*$"), info.Label);
            Assert.True(series.Add(info.Name + info.Label));
        }
    }
}
