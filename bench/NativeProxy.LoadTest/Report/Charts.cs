using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.LoadTest.Compare;

namespace NativeProxy.LoadTest.Report;

/// <summary>Chooses what is drawn: file names and images of a report. Pure.</summary>
internal static class Charts
{
    /// <summary>File name and SVG text of each chart that the report has figures for.</summary>
    public static IEnumerable<(string Name, string Svg)> Of(ComparisonReport report)
    {
        ScenarioResult[] loads = Kind(report, ScenarioKind.Cost), latencies = Kind(report, ScenarioKind.Latency), herds = Kind(report, ScenarioKind.Herd);
        if (loads.Length > 0)
        {
            yield return ("cpu-per-request.svg", Draw("Proxy CPU per request, us (lower is better)", loads, measurement => measurement.CpuUs, "F1"));
            yield return ("requests-per-second.svg", Draw("Requests per second (load and origin may be the limit)", loads, measurement => measurement.RequestsPerSecond, "F0"));
        }
        if (latencies.Length > 0)
            yield return ("p99.svg", Draw("p99 at a constant rate, us (lower is better)", latencies, measurement => measurement.P99Us, "F0"));
        if (herds.Length > 0)
            yield return ("idle-memory.svg", Draw("Resident bytes per idle connection (lower is better)", herds, measurement => measurement.ResidentBytesPerConnection, "F0"));
    }

    private static ScenarioResult[] Kind(ComparisonReport report, ScenarioKind kind) =>
        [.. report.Scenarios.Where(scenario => scenario.Kind == kind.ToString() && scenario.Results.Any(result => result.Rounds.Count > 0))];

    private static string Draw(string title, ScenarioResult[] scenarios, Func<Measurement, double> figure, string format) =>
        SvgBars.Render(title, [.. scenarios.Select(scenario => new BarPanel(scenario.Title, Bars(scenario, figure)))], format);

    private static Bar[] Bars(ScenarioResult scenario, Func<Measurement, double> figure) =>
        [.. scenario.Results.Where(result => result.Rounds.Count > 0).Select(result => new Bar(result.Contender, Figures.Median(result, figure)))];
}
