using System;
using System.Linq;
using NativeProxy.LoadTest;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>Percentiles of the histogram agree with those of the sorted values, to within the width of a bucket.</summary>
public sealed class HistogramTests
{
    private static readonly double[] Percents = [0, 1, 10, 50, 90, 99, 99.9, 99.99, 100];

    public static TheoryData<string, int> Distributions => new() { { "uniform", 1 }, { "exponential", 2 }, { "two humps", 3 }, { "wide", 4 } };

    [Theory]
    [MemberData(nameof(Distributions))]
    public void PercentilesOfRandomValues_AreExactToOnePartIn128(string shape, int seed)
    {
        var random = new Random(seed);
        long[] values = Enumerable.Range(0, 20_000).Select(_ => Draw(shape, random)).ToArray();
        var histogram = new Histogram();
        foreach (long value in values)
            histogram.Record(value);
        Array.Sort(values);
        foreach (double percent in Percents)
        {
            long exact = values[Math.Clamp((int)Math.Ceiling(percent / 100 * values.Length), 1, values.Length) - 1];
            long found = histogram.Percentile(percent);
            Assert.InRange(found, exact, exact + (exact / 128));
        }
    }

    [Fact]
    public void ValuesBelow256_AreExact()
    {
        var histogram = new Histogram();
        for (int value = 0; value < 256; value++)
            histogram.Record(value);
        for (int value = 0; value < 256; value++)
            Assert.Equal(value, histogram.Percentile((value + 1) / 256.0 * 100));
    }

    [Fact]
    public void EachBucket_BeginsBehindTheHighestValueOfTheOneBefore()
    {
        for (int bucket = 0; bucket < 56 * 128; bucket++)
        {
            long highest = Histogram.HighestOf(bucket);
            Assert.Equal(bucket, Histogram.BucketOf(highest));
            Assert.Equal(bucket + 1, Histogram.BucketOf(highest + 1));
        }
        Assert.Equal(long.MaxValue, Histogram.HighestOf(Histogram.BucketOf(long.MaxValue)));
    }

    [Fact]
    public void LargestValueAndNegativeOne_AreCounted()
    {
        var histogram = new Histogram();
        histogram.Record(long.MaxValue);
        histogram.Record(-5);
        Assert.Equal(2, histogram.Count);
        Assert.Equal(0, histogram.Percentile(50));
        Assert.Equal(long.MaxValue, histogram.Percentile(100));
    }

    [Fact]
    public void AddedHistogram_CountsAsIfRecordedHere()
    {
        Histogram all = new(), first = new(), second = new();
        for (int value = 0; value < 5000; value++)
        {
            all.Record(value * 37);
            (value % 3 == 0 ? first : second).Record(value * 37);
        }
        first.Add(second);
        Assert.Equal(all.Count, first.Count);
        Assert.Equal(all.Max, first.Max);
        Assert.Equal(Percents.Select(all.Percentile), Percents.Select(first.Percentile));
    }

    [Fact]
    public void ClearedHistogram_IsEmpty()
    {
        var histogram = new Histogram();
        histogram.Record(7);
        histogram.Clear();
        Assert.Equal((0, 0, 0), (histogram.Count, histogram.Max, histogram.Percentile(99)));
    }

    private static long Draw(string shape, Random random) => shape switch
    {
        "uniform" => random.NextInt64(0, 1_000_000),
        "exponential" => (long)(-Math.Log(1 - random.NextDouble()) * 50_000),
        "two humps" => random.Next(100) < 98 ? random.NextInt64(20_000, 30_000) : random.NextInt64(40_000_000, 50_000_000),
        _ => 1L << random.Next(62),
    };
}
