using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>What is computed from a report: which figure a scenario is about, medians, and ratios against HAProxy. Pure.</summary>
internal static class Figures
{
    /// <summary>The figure that a scenario compares, lower is better: processor time per request, p99, or resident bytes per connection.</summary>
    public static double Of(ScenarioResult scenario, Measurement measurement) => scenario.Kind switch
    {
        nameof(ScenarioKind.Latency) => measurement.P99Us,
        nameof(ScenarioKind.Herd) => measurement.ResidentBytesPerConnection,
        _ => measurement.CpuUs,
    };

    public static string UnitOf(ScenarioResult scenario) => scenario.Kind switch
    {
        nameof(ScenarioKind.Latency) => "p99 us",
        nameof(ScenarioKind.Herd) => "bytes per idle connection",
        _ => "proxy CPU us per request",
    };

    public static Spread Median(ContenderResult result, Func<Measurement, double> figure) => Spread.Of(result.Rounds.Select(figure));

    public static Spread? RatioToBaseline(ScenarioResult scenario, ContenderResult result) => Ratio(scenario, result, Haproxy.BaselineName);

    /// <summary>How far a contender is from what a forwarder costs that understands nothing.</summary>
    public static Spread? RatioToLimit(ScenarioResult scenario, ContenderResult result) => Ratio(scenario, result, Limit.LimitName);

    /// <summary>A contender's own growth of processor time per request from 64 to 4096 connections; null when one of them is missing.</summary>
    public static double? Growth(ComparisonReport report, string contender)
    {
        double few = MedianCpuUs(report, "get64", contender), many = MedianCpuUs(report, "get4096", contender);
        return few > 0 && many > 0 ? many / few : null;
    }

    /// <summary>
    /// Ratio of the scenario's figure to that of another contender in the same round, over the rounds that both have finished; null without
    /// such a pair.
    /// </summary>
    private static Spread? Ratio(ScenarioResult scenario, ContenderResult result, string to)
    {
        ContenderResult? baseline = scenario.Results.FirstOrDefault(one => one.Contender == to);
        if (baseline is null)
            return null;
        var ratios = new List<double>();
        foreach (Measurement own in result.Rounds)
        {
            Measurement? other = baseline.Rounds.FirstOrDefault(measurement => measurement.Round == own.Round);
            if (other is not null && Of(scenario, other) > 0)
                ratios.Add(Of(scenario, own) / Of(scenario, other));
        }
        return ratios.Count > 0 ? Spread.Of(ratios) : null;
    }

    private static double MedianCpuUs(ComparisonReport report, string scenario, string contender) =>
        report.Scenarios.FirstOrDefault(one => one.Name == scenario)?.Results.FirstOrDefault(one => one.Contender == contender) is { } result
            ? Median(result, measurement => measurement.CpuUs).Median
            : 0;
}
