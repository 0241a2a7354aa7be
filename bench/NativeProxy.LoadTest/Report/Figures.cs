using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>What is computed from a report: which figure a scenario is about, medians, and ratios against HAProxy. Pure.</summary>
internal static class Figures
{
    private const double KeptShareOfRate = 0.9;

    /// <summary>The figure that a scenario compares, lower is better; <see cref="UnitOf"/> names it.</summary>
    public static double Of(ScenarioResult scenario, Measurement measurement) => scenario.Kind switch
    {
        nameof(ScenarioKind.Latency) => measurement.P99Us,
        nameof(ScenarioKind.Herd) => measurement.ResidentBytesPerConnection,
        nameof(ScenarioKind.Start) => measurement.ListeningMs,
        nameof(ScenarioKind.Allocation) => measurement.AllocatedBytesPerRequest,
        nameof(ScenarioKind.Slots) => measurement.TookMs,
        _ => measurement.CpuUs,
    };

    public static string UnitOf(ScenarioResult scenario) => scenario.Kind switch
    {
        nameof(ScenarioKind.Latency) => "p99",
        nameof(ScenarioKind.Herd) => "bytes per connection",
        nameof(ScenarioKind.Start) => "time to listening",
        nameof(ScenarioKind.Allocation) => "bytes per request",
        nameof(ScenarioKind.Slots) => "time until all are served",
        _ => "CPU per request",
    };

    public static Spread Median(ContenderResult result, Func<Measurement, double> figure) => Spread.Of(result.Rounds.Select(figure));

    public static Spread? RatioToBaseline(ScenarioResult scenario, ContenderResult result) =>
        RatioToBaseline(scenario, result, measurement => Of(scenario, measurement));

    /// <summary>Of any figure, against HAProxy or what stands in its place.</summary>
    public static Spread? RatioToBaseline(ScenarioResult scenario, ContenderResult result, Func<Measurement, double> figure) =>
        Ratio(scenario, result, result.Baseline ?? Haproxy.BaselineName, figure);

    /// <summary>Whether a contender answers at the rate that was asked for; true where there was none.</summary>
    public static bool KeepsUp(ScenarioResult scenario, ContenderResult result) =>
        Median(result, measurement => measurement.RequestsPerSecond).Median >= scenario.RatePerSecond * KeptShareOfRate;

    /// <summary>How far a contender is from what a forwarder costs that understands nothing.</summary>
    public static Spread? RatioToLimit(ScenarioResult scenario, ContenderResult result) =>
        Ratio(scenario, result, Limit.LimitName, measurement => Of(scenario, measurement));

    /// <summary>
    /// A contender's own growth of processor time per request from 64 to 4096 connections, over the rounds that both have; null without such a
    /// pair.
    /// </summary>
    public static Spread? Growth(ComparisonReport report, string contender) =>
        Find(report, "get64", contender) is { } few && Find(report, "get4096", contender) is { } many
            ? Ratio(many.Result, few.Result, measurement => measurement.CpuUs)
            : null;

    /// <summary>What a contender has in a scenario; null when it has no figures there.</summary>
    public static (ScenarioResult Scenario, ContenderResult Result)? Find(ComparisonReport report, string scenarioName, string contender)
    {
        ScenarioResult? scenario = report.Scenarios.FirstOrDefault(one => one.Name == scenarioName);
        ContenderResult? result = scenario?.Results.FirstOrDefault(one => one.Contender == contender && one.Rounds.Count > 0);
        return result is null ? null : (scenario!, result);
    }

    private static Spread? Ratio(ScenarioResult scenario, ContenderResult result, string to, Func<Measurement, double> figure) =>
        scenario.Results.FirstOrDefault(one => one.Contender == to) is { } baseline ? Ratio(result, baseline, figure) : null;

    /// <summary>
    /// Ratio of a figure to that of another result in the same round, over the rounds that both have finished; null without such a pair.
    /// </summary>
    public static Spread? Ratio(ContenderResult result, ContenderResult baseline, Func<Measurement, double> figure)
    {
        var ratios = new List<double>();
        foreach (Measurement own in result.Rounds)
        {
            Measurement? other = baseline.Rounds.FirstOrDefault(measurement => measurement.Round == own.Round);
            if (other is not null && figure(other) > 0)
                ratios.Add(figure(own) / figure(other));
        }
        return ratios.Count > 0 ? Spread.Of(ratios) : null;
    }
}
