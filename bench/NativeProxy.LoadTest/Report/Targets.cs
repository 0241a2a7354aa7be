using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>
/// What this project promises of its speed, in one place, and whether the figures of a report keep it: the median must not be above what is
/// wanted, unrounded. Pure.
/// </summary>
internal static class Targets
{
    /// <summary>A promise that this comparison does not measure.</summary>
    private const string Elsewhere =
        "The request-head parser (at least 1.5 times as fast as ASP.NET Core's on each input) is measured by `bench/NativeProxy.Benchmarks`.";

    /// <summary>Bytes are bytes of 8 bits, a MB is a million of them.</summary>
    private const double BinaryBytesMax = 15_000_000;

    public static readonly ImmutableArray<Target> All =
    [
        OfCost("small GET, 64 keep-alive connections", "get64", 1.00, 0.85),
        OfCost("small GET, 512 connections", "get512", 0.85, 0.65),
        OfCost("connection per request", "connect", 1.00, 0.90),
        OfCost("16 pipelined GETs", "pipeline", 0.60, 0.45),
        OfCost("1 MB response", "large", 1.10, 0.90),
        OfCost("64 KB POST", "post", 1.00, 0.85),
        OfCost("with access log on", "log", 1.00, 0.80),
        new("p99 at half of HAProxy's maximum rate", "p99, ratio to HAProxy", 1.0, 0.9, "F2", Ratio("p99", Figures.RatioToBaseline)),
        OfCost("small GET over TLS, 64 connections", "tls-get64", 0.95, 0.80),
        OfCost("small GET over TLS, 512 connections", "tls-get512", 0.95, 0.80),
        OfCost("full TLS handshake per request", "tls-connect", 0.95, 0.85),
        OfCost("resumed TLS handshake per request", "tls-resume", 0.95, 0.85),
        OfCost("1 MB response over TLS", "tls-large", 0.95, 0.85),
        new("idle TLS connection", "resident bytes", 13_500, 13_500, "F0", Figure("tls-idle", measurement => measurement.ResidentBytesPerConnection)),
        new("idle client connection", "resident bytes", 2048, 512, "F0", Figure("idle", measurement => measurement.ResidentBytesPerConnection)),
        new("4096 connections against 64", "own growth of CPU per request", 2.0, 1.6, "F2", Figures.Growth),
        new("against the dumb forwarder, 64 connections", "CPU, ratio to limit", null, 1.12, "F3", Ratio("get64", Figures.RatioToLimit)),
        new("against the dumb forwarder, 512 connections", "CPU, ratio to limit", null, 1.12, "F3", Ratio("get512", Figures.RatioToLimit)),
        new("3,000 clients at once on 3 servers of 4 slots", "time, ratio to ideal", 1.1, 1.1, "F2", OfFirstWay("slots")),
        // Whole bytes: the runtime counts what it hands out to threads in pieces of 8 KiB.
        new("allocated per request", "managed bytes", 0, 0, "F0", Figure("alloc", measurement => Math.Round(measurement.AllocatedBytesPerRequest))),
        new("listening after start", "ms", 50, 50, "F1", Figure("start", measurement => measurement.ListeningMs)),
        new("size of the binary", "bytes", BinaryBytesMax, BinaryBytesMax, "N0", BinaryBytes),
    ];

    /// <summary>Every target of every engine with the figure of the report.</summary>
    public static IEnumerable<TargetVerdict> Judge(ComparisonReport report)
    {
        foreach (Target target in All)
        {
            foreach ((string engine, double? wanted) in new[] { ("saea", target.Saea), ("epoll", target.Epoll) })
            {
                if (wanted is { } most)
                    yield return new TargetVerdict(target, engine, most, target.Figure(report, NativeProxyContender.NameOf(engine)));
            }
        }
    }

    public static string Render(ComparisonReport report)
    {
        TargetVerdict[] all = [.. Judge(report)];
        var text = new StringBuilder("\n### Targets\n\n");
        text.Append(CultureInfo.InvariantCulture,
            $"{all.Count(one => one.Kind == Verdict.Met)} met, {all.Count(one => one.Kind == Verdict.Missed)} missed, "
            + $"{all.Count(one => one.Kind == Verdict.NotMeasured)} not measured; judged by the median.\n\n");
        MarkdownTable.Append(text, [["target", "what", "engine", "at most", "figure (min-max)", "verdict"], .. all.Select(Row)]);
        return text.Append(CultureInfo.InvariantCulture, $"\n{Elsewhere}\n").ToString();
    }

    private static string[] Row(TargetVerdict one) =>
    [
        one.Target.Title,
        one.Target.Unit,
        one.Engine,
        one.Wanted.ToString(one.Target.Format, CultureInfo.InvariantCulture),
        Column.Text(one.Figure, one.Target.Format == "F2" ? "F3" : one.Target.Format),
        one.Kind switch { Verdict.Met => "met", Verdict.Missed => "**missed**", _ => "not measured" },
    ];

    private static Target OfCost(string title, string scenario, double saea, double epoll) =>
        new(title, "CPU per request, ratio to HAProxy", saea, epoll, "F2", Ratio(scenario, Figures.RatioToBaseline));

    private static Func<ComparisonReport, string, Spread?> Ratio(string scenario, Func<ScenarioResult, ContenderResult, Spread?> ratio) =>
        (report, contender) => Figures.Find(report, scenario, contender) is { } found ? ratio(found.Scenario, found.Result) : null;

    private static Func<ComparisonReport, string, Spread?> Figure(string scenario, Func<Measurement, double> figure) =>
        (report, contender) => Figures.Find(report, scenario, contender) is { } found ? Figures.Median(found.Result, figure) : null;

    private static Func<ComparisonReport, string, Spread?> OfFirstWay(string scenario) => (report, contender) =>
        report.Scenarios.FirstOrDefault(one => one.Name == scenario)?.Results
            .FirstOrDefault(one => one.Rounds.Count > 0 && $"{one.Contender} ".StartsWith(contender + " ", StringComparison.Ordinal)) is { } found
            ? Figures.Median(found, measurement => measurement.TookMs / measurement.IdealMs)
            : null;

    private static Spread? BinaryBytes(ComparisonReport report, string contender) =>
        report.Contenders.FirstOrDefault(one => one.Name == contender) is { ProgramBytes: > 0 } info ? Spread.Of([info.ProgramBytes]) : null;
}

/// <summary>One promise.</summary>
/// <param name="Unit">What the figure is.</param>
/// <param name="Saea">The most that the figure of this engine may be; null = nothing is promised.</param>
/// <param name="Epoll">That of the other engine.</param>
/// <param name="Format">Of the wanted figure.</param>
/// <param name="Figure">From a report and a contender's name; null = not measured.</param>
internal sealed record Target(string Title, string Unit, double? Saea, double? Epoll, string Format, Func<ComparisonReport, string, Spread?> Figure);

/// <summary>A promise beside its figure.</summary>
internal sealed record TargetVerdict(Target Target, string Engine, double Wanted, Spread? Figure)
{
    public Verdict Kind => Figure is not { } figure ? Verdict.NotMeasured : figure.Median <= Wanted ? Verdict.Met : Verdict.Missed;
}

/// <summary>Whether a promise is kept.</summary>
internal enum Verdict
{
    Met,
    Missed,
    NotMeasured,
}
