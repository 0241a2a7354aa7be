using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace NativeProxy.LoadTest.Report;

/// <summary>A median and where it lies with 95 % certainty, by the ranks of the figures: nothing is assumed of how they are spread.</summary>
internal readonly record struct Interval(double Median, double Low, double High)
{
    /// <summary>Half of the normal distribution's 95 % in ranks: 1.96 times half the root of the count.</summary>
    private const double RanksPerRoot = 0.98;

    /// <summary>All 0 when there are no figures.</summary>
    public static Interval OfMedian(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        if (sorted.Length == 0)
            return default;
        double reach = RanksPerRoot * Math.Sqrt(sorted.Length), middle = (sorted.Length - 1) / 2.0;
        int low = Math.Max(0, (int)Math.Floor(middle - reach)), high = Math.Min(sorted.Length - 1, (int)Math.Ceiling(middle + reach));
        return new Interval(Spread.Of(sorted).Median, sorted[low], sorted[high]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Median:F3} ({Low:F3}-{High:F3})");
}
