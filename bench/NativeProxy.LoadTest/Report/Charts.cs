using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>Chooses what is drawn: file names and images of a report. Pure.</summary>
internal static class Charts
{
    /// <summary>Around HAProxy it is of interest how far a bar reaches, far beyond it only the figure is.</summary>
    private const double RatioScaleMax = 2;

    private const string OtherColour = "#b0b0b5";

    /// <summary>Ours stand out, the baseline is a paler one of ours; each contender has the same colour in every chart.</summary>
    private static readonly Dictionary<string, string> Colours = new()
    {
        [Haproxy.BaselineName] = "#8fa8c8",
        ["nginx"] = "#a3c9a8",
        ["squid"] = "#c9b8a3",
        [Yarp.YarpName] = "#c3a9cf",
        [NativeProxyContender.NameOf("saea")] = "#f2a03d",
        [NativeProxyContender.NameOf("epoll")] = "#d9472b",
        [NativeProxyContender.BaselineNameOf("saea")] = "#f7d3a4",
        [NativeProxyContender.BaselineNameOf("epoll")] = "#eaa79b",
        [Limit.LimitName] = OtherColour,
    };

    /// <summary>File name and SVG text of each chart that the report has figures for.</summary>
    public static IEnumerable<(string Name, string Svg)> Of(ComparisonReport report)
    {
        ScenarioResult[] costs = Kind(report, ScenarioKind.Cost);
        BarPanel[] ratios = [.. costs.Select(RatioPanel).Where(panel => panel.Bars.Count > 0)];
        if (ratios.Length > 0)
        {
            yield return ("cpu-ratio.svg",
                SvgBars.Render("Proxy CPU per request against HAProxy in the same round (lower is better)", ratios, "F2", "",
                    new BarMark(1, "HAProxy = 1.00"), RatioScaleMax));
        }

        if (costs.Length > 0)
        {
            yield return ("cpu-per-request.svg",
                Draw("Proxy CPU per request in microseconds (lower is better)", costs, measurement => measurement.CpuUs, "F1", " us"));
            yield return ("requests-per-second.svg",
                Draw("Requests per second (higher is better; load and origin may be the limit)", costs, measurement => measurement.RequestsPerSecond,
                    "N0", "/s"));
        }
        (ScenarioKind Kind, string Name, string Title, Func<Measurement, double> Figure, string Format, string Unit)[] others =
        [
            (ScenarioKind.Latency, "p99.svg", "p99 latency at a constant rate in microseconds (lower is better)", measurement => measurement.P99Us,
                "F0", " us"),
            (ScenarioKind.Herd, "idle-memory.svg", "Resident memory per idle client connection in bytes (lower is better)",
                measurement => measurement.ResidentBytesPerConnection, "N0", " B"),
            (ScenarioKind.Start, "start.svg", "From start to listening in milliseconds (lower is better)", measurement => measurement.ListeningMs,
                "F1", " ms"),
        ];
        foreach (var one in others)
        {
            if (Kind(report, one.Kind) is { Length: > 0 } scenarios)
                yield return (one.Name, Draw(one.Title, scenarios, one.Figure, one.Format, one.Unit));
        }
    }

    private static ScenarioResult[] Kind(ComparisonReport report, ScenarioKind kind) =>
        [.. report.Scenarios.Where(scenario => scenario.Kind == kind.ToString() && scenario.Results.Any(result => result.Rounds.Count > 0))];

    private static string Draw(string title, ScenarioResult[] scenarios, Func<Measurement, double> figure, string format, string unit) =>
        SvgBars.Render(title, [.. scenarios.Select(scenario => new BarPanel(scenario.Title, Bars(scenario, figure)))], format, unit);

    private static Bar[] Bars(ScenarioResult scenario, Func<Measurement, double> figure) =>
        [.. scenario.Results.Where(result => result.Rounds.Count > 0).Select(result => BarOf(result, Figures.Median(result, figure)))];

    /// <summary>HAProxy itself is the mark.</summary>
    private static BarPanel RatioPanel(ScenarioResult scenario) => new(scenario.Title,
        [
            .. scenario.Results.Where(result => result.Contender != Haproxy.BaselineName)
                .Select(result => (Result: result, Ratio: Figures.RatioToBaseline(scenario, result)))
                .Where(pair => pair.Ratio is not null).Select(pair => BarOf(pair.Result, pair.Ratio!.Value)),
        ]);

    private static Bar BarOf(ContenderResult result, Spread value) =>
        new(result.Contender, value, Colours.GetValueOrDefault(result.Contender, OtherColour));
}
