using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>
/// What became of each figure between the baseline, an earlier build, and the present one with the same engine in the same round. Pure.
/// </summary>
internal static class BeforeAndAfter
{
    /// <summary>From here on a figure is shown without fractions.</summary>
    private const double WholeFrom = 100;

    private static readonly Metric Cpu = new("CPU us per request", measurement => measurement.CpuUs);
    private static readonly Metric Rate = new("requests per second", measurement => measurement.RequestsPerSecond);
    private static readonly Metric Resident = new("RSS MiB", measurement => measurement.ResidentBytes / 1048576.0);
    private static readonly Metric P50 = new("p50 us", measurement => measurement.P50Us);
    private static readonly Metric P99 = new("p99 us", measurement => measurement.P99Us);
    private static readonly Metric P999 = new("p99.9 us", measurement => measurement.P999Us);
    private static readonly Metric[] OfLoad = [Cpu, Rate, P50, P99, P999, Resident];

    /// <summary>The rate is given.</summary>
    private static readonly Metric[] OfLatency = [P50, P99, P999, Cpu, Resident];

    private static readonly Metric[] OfHerd = [new("bytes per connection", measurement => measurement.ResidentBytesPerConnection), Resident];

    private static readonly Metric[] OfStart =
    [
        new("listening ms", measurement => measurement.ListeningMs),
        new("slowest ms", measurement => measurement.ListeningMsMax),
        new("first answer ms", measurement => measurement.AnsweredMs),
    ];

    /// <summary>Whole bytes, as in the targets: a ratio of their fractions would be one of chance.</summary>
    private static readonly Metric[] OfAllocation = [new("managed bytes per request",
        measurement => Math.Round(measurement.AllocatedBytesPerRequest))];

    private static readonly Metric[] OfPersistence = [Cpu, Rate];

    /// <summary>Every figure that both builds have, in the order of the scenarios; nothing without a baseline.</summary>
    public static IEnumerable<Change> Of(ComparisonReport report)
    {
        foreach (ScenarioResult scenario in report.Scenarios)
        {
            foreach (ContenderResult after in scenario.Results)
            {
                ContenderResult? before = scenario.Results.FirstOrDefault(one => one.Contender == NativeProxyContender.BaselineOf(after.Contender));
                if (before is not { Rounds.Count: > 0 } || after.Rounds.Count == 0)
                    continue;
                foreach (Metric metric in MetricsOf(scenario))
                {
                    yield return new Change(scenario.Title, after.Contender, metric.Name, Median(before, metric), Median(after, metric),
                        Figures.Ratio(after, before, metric.Of));
                }

                if (Syscalls(scenario, before, after) is { } syscalls)
                    yield return syscalls;
            }
        }
    }

    /// <summary>A table under a heading; empty without a baseline.</summary>
    public static string Render(ComparisonReport report)
    {
        Change[] changes = [.. Of(report)];
        if (changes.Length == 0)
            return "";
        var text = new StringBuilder("\n### Before and after\n\n");
        text.Append("Before is the baseline, an earlier build; after is the present one. The ratio is taken in the same round; then the median of "
            + "these ratios.\n\n");
        MarkdownTable.Append(text, [["scenario", "contender", "figure", "before", "after", "ratio (min-max)"], .. changes.Select(Row)]);
        return text.ToString();
    }

    private static Metric[] MetricsOf(ScenarioResult scenario) => scenario.Kind switch
    {
        nameof(ScenarioKind.Latency) => OfLatency,
        nameof(ScenarioKind.Herd) => OfHerd,
        nameof(ScenarioKind.Start) => OfStart,
        nameof(ScenarioKind.Allocation) => OfAllocation,
        nameof(ScenarioKind.Persistence) or nameof(ScenarioKind.Feature) => OfPersistence,
        _ => OfLoad,
    };

    /// <summary>They are counted once, not in every round.</summary>
    private static Change? Syscalls(ScenarioResult scenario, ContenderResult before, ContenderResult after) =>
        before.Syscalls is { PerRequest: > 0 and var old } && after.Syscalls is { PerRequest: var now }
            ? new Change(scenario.Title, after.Contender, "system calls per request", old, now, Spread.Of([now / old]))
            : null;

    private static double Median(ContenderResult result, Metric metric) => Figures.Median(result, metric.Of).Median;

    private static string[] Row(Change change) =>
        [change.Scenario, change.Contender, change.Figure, Text(change.Before), Text(change.After), Column.Text(change.Ratio, "F2")];

    private static string Text(double value) => Column.Text(value, Math.Abs(value) >= WholeFrom ? "F0" : "F2");

    private sealed record Metric(string Name, Func<Measurement, double> Of);
}

/// <summary>One figure of one contender before and after.</summary>
/// <param name="Scenario">Its title.</param>
/// <param name="Contender">Of the present build.</param>
/// <param name="Figure">With its unit.</param>
/// <param name="Before">Median over the rounds of the baseline.</param>
/// <param name="After">Median over the rounds of the present build.</param>
/// <param name="Ratio">After to before over the rounds that both have finished; null where the figures before were 0.</param>
internal sealed record Change(string Scenario, string Contender, string Figure, double Before, double After, Spread? Ratio);
