using NativeProxy.Pressure;
using Xunit;

namespace NativeProxy.Tests.Pressure;

[Trait("promise", "S1.9")]
public class PressureGaugeTests
{
    [Theory]
    [InlineData(50, 90, 45, 41)]
    [InlineData(20_000, 90, 18_000, 16_200)]
    [InlineData(3, 90, 3, 2)]
    [InlineData(1, 90, 1, 0)]
    [InlineData(10, 100, 10, 9)]
    [InlineData(1000, 1, 10, 9)]
    [InlineData(1, 1, 1, 0)]
    public void Marks_AreAPercentageAndATenthLess(long capacity, int percent, long high, long low)
    {
        PressureGauge gauge = default;
        gauge.SetMarks(capacity, percent);

        Assert.Equal((high, low), (gauge.HighMark, gauge.LowMark));
    }

    [Fact]
    public void Shortness_BeginsAtTheHighMarkAndEndsAtTheLowOne()
    {
        PressureGauge gauge = default;
        gauge.SetMarks(50, 90);
        Assert.False(IsShortAt(ref gauge, 44));
        Assert.True(IsShortAt(ref gauge, 45));
        Assert.True(IsShortAt(ref gauge, 44));
        Assert.True(IsShortAt(ref gauge, 42));
        Assert.False(IsShortAt(ref gauge, 41));
        Assert.False(IsShortAt(ref gauge, 44));
    }

    [Fact]
    public void Excess_ReachesDownToTheLowMark_AndIsNothingBetweenTheMarksOnTheWayUp()
    {
        PressureGauge gauge = default;
        gauge.SetMarks(50, 90);
        gauge.Judge(44);
        Assert.Equal(0, gauge.Excess(44));

        gauge.Judge(47);

        Assert.Equal(6, gauge.Excess(47));
        Assert.Equal(0, gauge.Excess(40));
    }

    [Theory]
    [InlineData(50, 0)]
    [InlineData(0, 90)]
    public void WithoutMarks_NothingIsEverShort(long capacity, int percent)
    {
        PressureGauge gauge = default;
        Assert.False(IsShortAt(ref gauge, long.MaxValue));

        gauge.SetMarks(capacity, percent);

        Assert.False(IsShortAt(ref gauge, 1_000_000));
    }

    [Fact]
    public void MarksThatAreTakenAway_EndTheShortness()
    {
        PressureGauge gauge = default;
        gauge.SetMarks(50, 90);
        Assert.True(IsShortAt(ref gauge, 50));

        gauge.SetMarks(50, 0);

        Assert.False(IsShortAt(ref gauge, 50));
    }

    private static bool IsShortAt(ref PressureGauge gauge, long used)
    {
        gauge.Judge(used);
        return gauge.IsShort;
    }
}
