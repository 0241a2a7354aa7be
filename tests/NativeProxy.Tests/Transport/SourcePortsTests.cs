using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>Which ports connections come from, one after the other.</summary>
public sealed class SourcePortsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void AllPortsOfARange_HaveTheirTurn_BeforeOneComesAgain(int start)
    {
        var ports = new SourcePorts(new PortRange(100, 109), start);
        int[] taken = [.. Enumerable.Range(0, 20).Select(_ => ports.Next(tried: 0))];
        Assert.Equal(Enumerable.Range(100, 10), taken.Take(10).Order());
        Assert.Equal(taken.Take(10), taken.Skip(10));
    }

    [Fact]
    public void RangeThatIsNotTooLarge_IsTriedWhole_ForOneConnection()
    {
        var ports = new SourcePorts(new PortRange(1000, 1000 + SourcePorts.TriesMax - 1), 40);
        Assert.Equal(SourcePorts.TriesMax, ports.Tries);
        Assert.Equal(SourcePorts.TriesMax, Enumerable.Range(0, ports.Tries).Select(ports.Next).Distinct().Count());
        Assert.Equal(1, new SourcePorts(new PortRange(80, 80), 5).Tries);
    }

    /// <summary>A block that is taken, of connections that were closed a moment ago, is left behind.</summary>
    [Fact]
    public void LargeRange_IsTriedInPart_AndElsewhereAfterAWhile()
    {
        var range = new PortRange(1, 65535);
        var ports = new SourcePorts(range, 65530);
        var seen = new List<int>();
        for (int i = 0; i < ports.Tries; i++)
            seen.Add(ports.Next(i));
        Assert.Equal(SourcePorts.TriesMax, ports.Tries);
        Assert.All(seen, port => Assert.True(range.Contains(port)));
        Assert.Equal([65531, 65532, 65533, 65534, 65535, 1, 2], seen.Take(7));
        Assert.Contains(seen, static port => port is > 1000 and < 64000);
    }
}
