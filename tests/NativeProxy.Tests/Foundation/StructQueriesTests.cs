using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Xunit;

namespace NativeProxy.Tests.Foundation;

/// <summary>Queries over structs: what those of .NET give, and when.</summary>
public sealed class StructQueriesTests
{
    public static TheoryData<int[]> Sequences => [[], [1], [2], [3, 1, 2, 4, 4], [5, 7, 9]];

    [Theory]
    [MemberData(nameof(Sequences))]
    public void Results_AreThoseOfLinq(int[] items)
    {
        Func<int, bool> isEven = static item => item % 2 == 0;
        Func<int, string> text = static item => $"<{item}>";
        Func<int, IEnumerable<int>> twice = static item => [item, -item];
        ImmutableArray<int> array = [.. items];
        Assert.Equal(Enumerable.Select(items, text), StructQueries.Select(array, text));
        Assert.Equal(Enumerable.Where(items, isEven), StructQueries.Where(array, isEven));
        Assert.Equal(Enumerable.SelectMany(items, twice), StructQueries.SelectMany(array, twice));
        Assert.Equal(Enumerable.Any(items, isEven), StructQueries.Any(array, isEven));
        Assert.Equal(Enumerable.All(items, isEven), StructQueries.All(array, isEven));
    }

    [Fact]
    public void NothingIsAsked_BeforeItIsNeeded_NorBehindTheAnswer()
    {
        var asked = new List<int>();
        IEnumerable<int> items = ((int[])[1, 2, 3, 4]).Where(item =>
        {
            asked.Add(item);
            return item > 1;
        });
        Assert.Empty(asked);
        Assert.True(items.Any(static item => item == 2));
        Assert.Equal([1, 2], asked);
        Assert.Equal(2, items.First());
        Assert.Equal([1, 2, 1, 2], asked);
    }

    /// <summary>They are found before those of .NET, without being named; for objects those of .NET are.</summary>
    [Fact]
    public void QueriesOfTheProgram_AreFoundByThemselves()
    {
        Assert.Equal(typeof(StructQueries), ((int[])[1]).Select(static item => item).GetType().DeclaringType);
        Assert.Equal(typeof(Enumerable), ((string[])["a"]).Select(static item => item).GetType().DeclaringType);
    }
}
