using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Report;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>What is made of pairs of bursts.</summary>
public class PairTests
{
    [Fact]
    public void IntervalOfAHundredFigures_IsTenRanksToEachSideOfTheMedian()
    {
        Interval interval = Interval.OfMedian(Enumerable.Range(1, 100).Select(static figure => (double)figure).Reverse());

        Assert.Equal((50.5, 40, 61), (interval.Median, interval.Low, interval.High));
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(3, 2, 1, 3)]
    public void IntervalOfFewFigures_IsAllOfThem(int count, double median, double low, double high)
    {
        Interval interval = Interval.OfMedian(Enumerable.Range(1, count).Select(static figure => (double)figure));

        Assert.Equal((median, low, high), (interval.Median, interval.Low, interval.High));
    }

    [Fact]
    public void Table_HasARowPerScenarioAndAColumnPerEngine() => Assert.Equal(
        "Processor time per request, after to before: median of pairs (95 % interval), us before -> after\n\n"
        + "| | nativeproxy-saea | nativeproxy-epoll |\n|---|---|---|\n"
        + "| small GET | 1.010 (0.990-1.020), 8.00 -> 8.08 | 0.990 (0.980-1.000), 7.00 -> 6.93 |\n"
        + "| large | 1.000 (1.000-1.000), 90.00 -> 90.00 | - |\n",
        PairTable.Render(
        [
            new PairResult("small GET", "nativeproxy-saea", new Interval(1.01, 0.99, 1.02), 8, 8.08, 20),
            new PairResult("small GET", "nativeproxy-epoll", new Interval(0.99, 0.98, 1), 7, 6.93, 20),
            new PairResult("large", "nativeproxy-saea", new Interval(1, 1, 1), 90, 90, 20),
        ]));
}
