using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>
/// The figures of a report as tables: what matters on one page (ratios, targets), then one table per scenario. Pure.
/// </summary>
internal static class ReportTable
{
    private const int RoundsMin = 5;

    public static string Render(ComparisonReport report)
    {
        var text = new StringBuilder();
        if (report.Run.Rounds < RoundsMin)
            text.Append(CultureInfo.InvariantCulture, $"\nOnly {report.Run.Rounds} rounds: a trial that shows that it runs, not a result.\n");
        AppendRatios(text, report);
        text.Append(BeforeAndAfter.Render(report));
        text.Append(Targets.Render(report));
        foreach (ScenarioResult scenario in report.Scenarios)
            AppendScenario(text, report, scenario);
        foreach (string refusal in report.Refusals)
            text.Append(CultureInfo.InvariantCulture, $"\nNot run: {refusal}\n");
        return text.ToString();
    }

    /// <summary>Scenarios down, contenders across.</summary>
    private static void AppendRatios(StringBuilder text, ComparisonReport report)
    {
        string[] contenders = [.. report.Contenders.Select(contender => contender.Name)];
        var rows = new List<string[]> { (string[])["scenario", "ratio of", .. contenders] };
        foreach (ScenarioResult scenario in report.Scenarios)
        {
            string[] cells = [.. contenders.Select(contender => Median(scenario, contender))];
            if (cells.Any(cell => cell != "-"))
                rows.Add([scenario.Title, Figures.UnitOf(scenario), .. cells]);
        }
        if (rows.Count == 1)
            return;
        text.Append("\n### Ratios against HAProxy in the same round (median; lower is better)\n\n");
        MarkdownTable.Append(text, rows);
    }

    private static string Median(ScenarioResult scenario, string contender) =>
        scenario.Results.FirstOrDefault(one => one.Contender == contender) is { } result && Figures.RatioToBaseline(scenario, result) is { } ratio
            ? ratio.Median.ToString("F2", CultureInfo.InvariantCulture)
            : "-";

    private static void AppendScenario(StringBuilder text, ComparisonReport report, ScenarioResult scenario)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n### {scenario.Title}\n\n");
        if (scenario.RatePerSecond > 0)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"Constant rate of {scenario.RatePerSecond} requests/s, half of the maximum of {scenario.RateOf ?? Haproxy.BaselineName}; the "
                + $"ratio is that of p99.\n\n");
        }

        if (scenario.Kind == nameof(ScenarioKind.Persistence))
            text.Append("Ratios are against the same engine with keep-alive on both sides, in the same round.\n\n");
        if (scenario.Kind == nameof(ScenarioKind.Feature))
            text.Append("Ratios are against the same engine without it, in the same round.\n\n");
        if (scenario.Kind == nameof(ScenarioKind.Slots))
            text.Append("The ideal: no slot is ever idle. Ratios are against the contender's own first way, in the same round.\n\n");
        Column[] columns = Column.Of(scenario);
        ContenderResult[] results = [.. scenario.Results.Where(result => result.Rounds.Count > 0)];
        if (results.Length > 0)
        {
            MarkdownTable.Append(text,
                [[.. columns.Select(column => column.Title)],
                    .. results.Select(result => columns.Select(column => column.Cell(scenario, result)).ToArray())]);
        }

        foreach (ContenderResult result in results.Where(one => !Figures.KeepsUp(scenario, one)))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"\n{result.Contender} did not keep up with this rate: its latencies are those of a queue that grows as long as the run lasts.\n");
        }

        foreach (string failure in scenario.Failures)
            text.Append(CultureInfo.InvariantCulture, $"\nFAILED: {failure}\n");
        foreach (string refusal in scenario.Refusals)
            text.Append(CultureInfo.InvariantCulture, $"\nNot run: {refusal}\n");
        if (scenario.Name == "get4096")
            AppendGrowth(text, report, results);
    }

    private static void AppendGrowth(StringBuilder text, ComparisonReport report, ContenderResult[] results)
    {
        string[] growths = [.. results
            .Select(result => (result.Contender, Growth: Figures.Growth(report, result.Contender)))
            .Where(pair => pair.Growth is not null)
            .Select(pair => $"{pair.Contender} {Column.Text(pair.Growth, "F2")}")];
        if (growths.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"\nCost per request at 4096 connections against 64 (own growth): {string.Join(", ", growths)}\n");
        }
    }
}
