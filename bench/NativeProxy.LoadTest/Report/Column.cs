using System;
using System.Globalization;
using NativeProxy.LoadTest.Compare;

namespace NativeProxy.LoadTest.Report;

/// <summary>One column of a scenario's table: its head, and the cell of a contender.</summary>
internal sealed record Column(string Title, Func<ScenarioResult, ContenderResult, string> Cell)
{
    private static readonly Column Name = new("contender", (_, result) => result.Contender);
    private static readonly Column RatioToHaproxy = new("ratio (min-max)",
        (scenario, result) => Text(Figures.RatioToBaseline(scenario, result), "F2"));
    private static readonly Column Resident = Median("RSS MiB", measurement => measurement.ResidentBytes / 1048576.0, "F1");

    private static readonly Column[] OfLoad =
    [
        Name,
        Median("req/s", measurement => measurement.RequestsPerSecond, "F0"),
        Median("p50 us", measurement => measurement.P50Us, "F0"),
        Range("p99 us (min-max)", measurement => measurement.P99Us, "F0"),
        Median("p99.9 us", measurement => measurement.P999Us, "F0"),
        Range("CPU us/req (min-max)", measurement => measurement.CpuUs, "F2"),
        Median("user", measurement => measurement.CpuUserUs, "F1"),
        Median("sys", measurement => measurement.CpuSystemUs, "F1"),
        RatioToHaproxy,
        new("to limit (min-max)", (scenario, result) => Text(Figures.RatioToLimit(scenario, result), "F2")),
        Median("busy %", measurement => measurement.Busy * 100, "F0"),
        Resident,
        new("syscalls/req", (_, result) => Syscalls(result)),
        Median("origin conns", measurement => measurement.OriginConnections, "F0"),
    ];

    private static readonly Column[] OfHerd =
        [Name, Range("bytes per connection (min-max)", measurement => measurement.ResidentBytesPerConnection, "F0"), RatioToHaproxy, Resident];

    private static readonly Column[] OfStart =
    [
        Name,
        Range("listening ms (min-max)", measurement => measurement.ListeningMs, "F1"),
        Median("slowest ms", measurement => measurement.ListeningMsMax, "F1"),
        RatioToHaproxy,
        Range("first answer ms (min-max)", measurement => measurement.AnsweredMs, "F1"),
    ];

    private static readonly Column[] OfAllocation =
        [Name, Range("managed bytes per request (min-max)", measurement => measurement.AllocatedBytesPerRequest, "F2")];

    private static readonly Column[] OfPersistence =
    [
        Name,
        Median("req/s", measurement => measurement.RequestsPerSecond, "F0"),
        new("req/s ratio (min-max)",
            (scenario, result) => Text(Figures.RatioToBaseline(scenario, result, measurement => measurement.RequestsPerSecond), "F2")),
        Range("CPU us/req (min-max)", measurement => measurement.CpuUs, "F2"),
        RatioToHaproxy with { Title = "CPU ratio (min-max)" },
        Median("busy %", measurement => measurement.Busy * 100, "F0"),
        new("syscalls/req", (_, result) => Syscalls(result)),
        Median("client set-ups per 1,000", measurement => PerThousand(measurement.ClientConnections, measurement), "F1"),
        Median("server set-ups per 1,000", measurement => PerThousand(measurement.OriginConnections, measurement), "F1"),
    ];

    private static readonly Column[] OfSlots =
    [
        Name,
        Range("served after ms (min-max)", measurement => measurement.TookMs, "F0"),
        Median("ideal ms", measurement => measurement.IdealMs, "F0"),
        Range("to ideal (min-max)", measurement => measurement.TookMs / measurement.IdealMs, "F3"),
        Median("most at a server", measurement => measurement.AtOnceMax, "F0"),
        Median("req/s", measurement => measurement.RequestsPerSecond, "F0"),
        new("req/s ratio (min-max)",
            (scenario, result) => Text(Figures.RatioToBaseline(scenario, result, measurement => measurement.RequestsPerSecond), "F2")),
        Median("p50 ms", measurement => measurement.P50Us / 1000, "F0"),
        Median("longest ms", measurement => measurement.MaxUs / 1000, "F0"),
        Median("CPU us/req", measurement => measurement.CpuUs, "F1"),
    ];

    /// <summary>The columns that say something about a scenario of this kind.</summary>
    public static Column[] Of(ScenarioResult scenario) => scenario.Kind switch
    {
        nameof(ScenarioKind.Herd) => OfHerd,
        nameof(ScenarioKind.Start) => OfStart,
        nameof(ScenarioKind.Allocation) => OfAllocation,
        nameof(ScenarioKind.Slots) => OfSlots,
        nameof(ScenarioKind.Persistence) or nameof(ScenarioKind.Feature) => OfPersistence,
        _ => OfLoad,
    };

    /// <summary>"1.00 (0.98-1.03)", "1.00" when all are equal, or "-".</summary>
    public static string Text(Spread? spread, string format) =>
        spread is not { } some ? "-"
        : some.Min == some.Max ? Text(some.Median, format)
        : $"{Text(some.Median, format)} ({Text(some.Min, format)}{(some.Min < 0 ? " to " : "-")}{Text(some.Max, format)})";

    /// <summary>A small negative figure does not become "-0".</summary>
    public static string Text(double value, string format)
    {
        string text = value.ToString(format, CultureInfo.InvariantCulture);
        return text.AsSpan().TrimStart("-0.").Length == 0 ? text.TrimStart('-') : text;
    }

    private static string Syscalls(ContenderResult result) =>
        result.Syscalls is { } syscalls ? syscalls.PerRequest.ToString("F2", CultureInfo.InvariantCulture) : "-";

    private static double PerThousand(long count, Measurement measurement) => measurement.Answered > 0 ? 1000.0 * count / measurement.Answered : 0;

    private static Column Median(string title, Func<Measurement, double> figure, string format) =>
        new(title, (_, result) => Text(Figures.Median(result, figure).Median, format));

    private static Column Range(string title, Func<Measurement, double> figure, string format) =>
        new(title, (_, result) => Text(Figures.Median(result, figure), format));
}
