using System;
using System.Linq;
using NativeProxy.Upstreams.Balancing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public sealed class TurnTableTests
{
    [Theory]
    [InlineData("1 1 1", "0 1 2")]
    [InlineData("7 7 7", "0 1 2")]
    [InlineData("5 1 1", "0 0 1 0 2 0 0")]
    [InlineData("6 2", "0 0 1 0")]
    [InlineData("0 3 0", "1")]
    [InlineData("0 0", "")]
    [InlineData("", "")]
    public void Round_IsSmoothAndAsShortAsTheWeightsAllow(string weights, string expected) =>
        Assert.Equal(expected, string.Join(' ', TurnTable.Of(Numbers(weights))));

    [Fact]
    public void ManyServersWithUnlikeWeights_GetARoundOfBoundedLength_InWhichEachHasItsTurn()
    {
        int[] weights = [.. Enumerable.Range(0, 4096).Select(static i => 1 + (i % 256))];

        ushort[] turns = TurnTable.Of(weights);

        int[] shares = [.. Enumerable.Range(0, 4096).Select(_ => 0)];
        foreach (ushort turn in turns)
            shares[turn]++;
        Assert.InRange(turns.Length, 4096, 2 * 4096);
        Assert.All(shares, static share => Assert.True(share >= 1));
    }

    [Fact]
    public void WeightsThatDoNotFit_KeepTheirProportionsWithinOneTurn()
    {
        int[] weights = [.. Enumerable.Range(0, 300).Select(static i => i % 2 == 0 ? 256 : 255)];

        ushort[] turns = TurnTable.Of(weights);

        Assert.InRange(turns.Length, 300, TurnTable.TurnsMax);
        Assert.All(turns.GroupBy(static turn => turn), group => Assert.InRange(group.Count(), (turns.Length / 300) - 1, (turns.Length / 300) + 1));
    }

    private static int[] Numbers(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
}
