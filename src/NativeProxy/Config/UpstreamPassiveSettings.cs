using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>
/// `[upstream.passive]`: servers that fail requests are left out for a time (nginx's max_fails, Envoy's outlier detection). An answer of the
/// application is no failure unless its status is listed.
/// </summary>
[SettingsTable(Doc = "Servers that fail requests are left out for a time, in all workers; never the last usable one. A failure is a connection that "
    + "does not come about, ends without an answer, or has no valid one in time; an answer is one only where failure_statuses has its status.")]
internal readonly partial struct UpstreamPassiveSettings
{
    [Setting("enabled", Default = true, Doc = "Whether servers are left out for failed requests. An upstream with one server never leaves it out.")]
    public partial bool Enabled { get; init; }

    [Setting("consecutive_failures", Default = 5, Max = 1_000_000,
        Doc = "Failures in a row, over all workers, for which a server is left out. 0 = never.")]
    public partial int ConsecutiveFailures { get; init; }

    [Setting("failure_statuses", Default = new string[0], Pattern = StatusText.Pattern,
        Doc = "Statuses of answers that count as failures too, such as [\"502-504\"].")]
    public partial ImmutableArray<string> FailureStatuses { get; init; }

    [Setting("error_rate", Default = 0, Max = 100,
        Doc = "Percent of failures among the requests of a window for which a server is left out. 0 = off.")]
    public partial int ErrorRate { get; init; }

    [Setting("window", Default = "10s", Min = "100ms", Max = "1h", Doc = "Length of the window of error_rate.")]
    public partial long WindowMs { get; init; }

    [Setting("min_requests", Default = 20, Min = 1, Max = 1_000_000, Doc = "Requests in the window below which error_rate is not looked at.")]
    public partial int MinRequests { get; init; }

    [Setting("ejection_time", Default = "10s", Min = "10ms", Max = "24h",
        Doc = "How long a server is left out the first time; the second time twice as long, and so on. Afterwards one failure is enough to leave it "
        + "out again, until it has served a request.")]
    public partial long EjectionMs { get; init; }

    [Setting("max_ejection_time", Default = "5m", Min = "10ms", Max = "24h",
        Doc = "Longest time for which a server is left out; one that has served for as long begins with ejection_time again.")]
    public partial long LongestEjectionMs { get; init; }

    [Setting("max_ejected", Default = 50, Max = 100, Doc = "Percent of the servers that may be left out at once, but always one. 0 = none.")]
    public partial int EjectedPercentMax { get; init; }
}
