using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.LoadTest.Compare;

namespace NativeProxy.LoadTest.Report;

/// <summary>
/// The figures of a report as tables, one per scenario, in Markdown that is aligned for reading as plain text too. Pure.
/// </summary>
internal static class ReportTable
{
    private static readonly string[] LoadColumns =
        ["contender", "req/s", "p50 us", "p99 us", "p99.9 us", "CPU us/req", "user", "sys", "ratio (min-max)", "to limit", "busy", "RSS MiB", "syscalls/req", "origin conns"];

    private static readonly string[] HerdColumns = ["contender", "bytes per connection", "(min-max)", "ratio (min-max)", "RSS MiB"];

    public static string Render(ComparisonReport report)
    {
        var text = new StringBuilder();
        foreach (ScenarioResult scenario in report.Scenarios)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {scenario.Title}\n\n");
            if (scenario.RatePerSecond > 0)
                text.Append(CultureInfo.InvariantCulture, $"Constant rate of {scenario.RatePerSecond} requests/s; the ratio is that of p99.\n\n");
            bool isHerd = scenario.Kind == nameof(ScenarioKind.Herd);
            var rows = new List<string[]> { isHerd ? HerdColumns : LoadColumns };
            rows.AddRange(scenario.Results.Where(result => result.Rounds.Count > 0).Select(result => isHerd ? HerdRow(scenario, result) : LoadRow(scenario, result)));
            if (rows.Count > 1)
                AppendAligned(text, rows);
            foreach (string failure in scenario.Failures)
                text.Append(CultureInfo.InvariantCulture, $"\nFAILED: {failure}\n");
            foreach (string refusal in scenario.Refusals)
                text.Append(CultureInfo.InvariantCulture, $"\nNot run: {refusal}\n");
            if (scenario.Name == "get4096")
                AppendGrowth(text, report, scenario);
        }
        foreach (string refusal in report.Refusals)
            text.Append(CultureInfo.InvariantCulture, $"\nNot run: {refusal}\n");
        return text.ToString();
    }

    private static string[] LoadRow(ScenarioResult scenario, ContenderResult result) =>
    [
        result.Contender,
        Text(result, measurement => measurement.RequestsPerSecond, "F0"),
        Text(result, measurement => measurement.P50Us, "F0"),
        Text(result, measurement => measurement.P99Us, "F0"),
        Text(result, measurement => measurement.P999Us, "F0"),
        Text(result, measurement => measurement.CpuUs, "F2"),
        Text(result, measurement => measurement.CpuUserUs, "F1"),
        Text(result, measurement => measurement.CpuSystemUs, "F1"),
        Ratio(scenario, result),
        Figures.RatioToLimit(scenario, result) is { } toLimit ? toLimit.Median.ToString("F2", CultureInfo.InvariantCulture) : "-",
        Text(result, measurement => measurement.Busy * 100, "F0") + "%",
        Text(result, measurement => measurement.ResidentBytes / 1048576.0, "F1"),
        result.Syscalls is { } syscalls ? syscalls.PerRequest.ToString("F2", CultureInfo.InvariantCulture) : "-",
        Text(result, measurement => measurement.OriginConnections, "F0"),
    ];

    private static string[] HerdRow(ScenarioResult scenario, ContenderResult result)
    {
        Spread bytes = Figures.Median(result, measurement => measurement.ResidentBytesPerConnection);
        return
        [
            result.Contender,
            bytes.Median.ToString("F0", CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"({bytes.Min:F0}-{bytes.Max:F0})"),
            Ratio(scenario, result),
            Text(result, measurement => measurement.ResidentBytes / 1048576.0, "F1"),
        ];
    }

    private static void AppendGrowth(StringBuilder text, ComparisonReport report, ScenarioResult scenario)
    {
        IEnumerable<string> growths = scenario.Results
            .Select(result => (result.Contender, Growth: Figures.Growth(report, result.Contender)))
            .Where(pair => pair.Growth is not null)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Contender} {pair.Growth:F2}"));
        string list = string.Join(", ", growths);
        if (list.Length > 0)
            text.Append(CultureInfo.InvariantCulture, $"\nCost per request at 4096 connections against 64 (own growth): {list}\n");
    }

    private static string Ratio(ScenarioResult scenario, ContenderResult result) =>
        Figures.RatioToBaseline(scenario, result) is { } ratio
            ? string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:F2} ({ratio.Min:F2}-{ratio.Max:F2})")
            : "-";

    private static string Text(ContenderResult result, Func<Measurement, double> figure, string format) =>
        Figures.Median(result, figure).Median.ToString(format, CultureInfo.InvariantCulture);

    private static void AppendAligned(StringBuilder text, List<string[]> rows)
    {
        int[] widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        AppendRow(text, rows[0], widths);
        // Names stand left, figures right.
        AppendRow(text, [.. widths.Select((width, column) => column == 0 ? new string('-', width) : new string('-', width - 1) + ":")], widths);
        foreach (string[] row in rows.Skip(1))
            AppendRow(text, row, widths);
    }

    private static void AppendRow(StringBuilder text, string[] cells, int[] widths) =>
        text.Append("| ")
            .AppendJoin(" | ", cells.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))
            .Append(" |\n");
}
