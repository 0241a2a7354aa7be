using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>One reason, one code, one counter, and the code is the counter's label: what is seen in one place is found in the others.</summary>
[Trait("promise", "B3")]
public class CloseCountersTests
{
    public static TheoryData<string, string, CounterInfoText> Reasons()
    {
        var data = new TheoryData<string, string, CounterInfoText>();
        foreach (CloseReason reason in Enum.GetValues<CloseReason>().Where(static reason => reason != CloseReason.None))
            data.Add("client", CloseReasons.CodeOf(reason), CounterInfoText.Of(CloseCounters.Of(reason)));
        foreach (ServerCloseReason reason in Enum.GetValues<ServerCloseReason>().Where(static reason => reason != ServerCloseReason.None))
            data.Add("server", ServerCloseReasons.CodeOf(reason), CounterInfoText.Of(ServerCloseCounters.Of(reason)));
        return data;
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public void CounterOfAReason_IsLabelledWithItsCode(string side, string code, CounterInfoText counter) =>
        Assert.Equal(new CounterInfoText($"nativeproxy_{side}_closes_total", $"reason=\"{code}\""), counter);

    [Fact]
    public void EveryCounterOfTheFamilies_BelongsToOneReason()
    {
        List<CounterId> used = [.. Enum.GetValues<CloseReason>().Skip(1).Select(CloseCounters.Of),
            .. Enum.GetValues<ServerCloseReason>().Skip(1).Select(ServerCloseCounters.Of)];
        var rows = new List<CounterId>();
        foreach (CounterInfo info in CounterTable.Rows)
        {
            if (info.Name.EndsWith("_closes_total", StringComparison.Ordinal) && info.Id != CounterId.ClientClosesInternalError)
                rows.Add(info.Id);
        }
        Assert.Equal(rows.Order(), used.Order());
    }

    [Fact]
    public void Counts_AreThoseOfTheEnums()
    {
        Assert.Equal(CloseReasons.Count, Enum.GetValues<CloseReason>().Length);
        Assert.Equal(ServerCloseReasons.Count, Enum.GetValues<ServerCloseReason>().Length);
    }

    /// <summary>What of a row a test shows.</summary>
    public sealed record CounterInfoText(string Name, string? Label)
    {
        internal static CounterInfoText Of(CounterId id) => new(CounterTable.Rows[(int)id].Name, CounterTable.Rows[(int)id].Label);
    }
}
