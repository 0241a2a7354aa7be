using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using NativeProxy.Admin;

namespace NativeProxy.Hosting.Operating;

/// <summary>By what the servers of `top` are sorted.</summary>
internal enum TopOrder
{
    Name,
    Requests,
    Latency,
    Queue,
    Errors,
}

/// <summary>The lines of `nativeproxy top`, from what two samples differ by. Pure; for people, so its words may change.</summary>
internal static class TopView
{
    private const string Row = "{0,-28} {1,-12} {2,9} {3,8} {4,8} {5,8} {6,7} {7,7} {8,7} {9,9} {10,9}";

    private static readonly CompositeFormat RowFormat = CompositeFormat.Parse(Row);

    /// <summary>All lines.</summary>
    /// <param name="before">The first sample.</param>
    /// <param name="now">The second one.</param>
    /// <param name="order">Of the servers.</param>
    public static List<string> Lines(TopSample before, TopSample now, TopOrder order)
    {
        double seconds = Math.Max(0.001, Stopwatch.GetElapsedTime(before.Ticks, now.Ticks).TotalSeconds);
        var lines = new List<string>(Head(before, now, seconds))
        {
            "",
            Format("UPSTREAM/SERVER", "STATE", "REQ/S", "5XX/S", "FAIL/S", "RETRY/S", "ACTIVE", "IDLE", "QUEUE", "P50 MS", "P99 MS"),
        };
        Dictionary<string, TopServer> known = [];
        foreach (TopServer server in before.Servers)
            known.TryAdd(server.Name, server);
        IEnumerable<TopLine> servers = now.Servers.Select(server => TopLine.Of(known.GetValueOrDefault(server.Name), server, seconds));
        foreach (TopLine line in Sorted(servers, order))
        {
            lines.Add(Format(line.Now.Name, line.Now.State, Number(line.Requests), Number(line.Errors), Number(line.Failed), Number(line.Retried),
                line.Now.Active, line.Now.Idle, line.Now.Queued, line.P50 is { } p50 ? Number(p50) : "-", line.P99 is { } p99 ? Number(p99) : "-"));
        }
        return lines;
    }

    private static IEnumerable<string> Head(TopSample before, TopSample now, double seconds)
    {
        JsonElement status = now.Status;
        string state = status.GetProperty("draining").GetBoolean() ? "draining" : status.GetProperty("shortage").GetString() ?? "ok";
        yield return $"nativeproxy {status.GetProperty("version").GetString()}, process {status.GetProperty("pid")}, "
            + $"{status.GetProperty("workers").GetArrayLength()} workers, since {status.GetProperty("started_at").GetString()}: {state}";
        // Another process that has taken over counts anew.
        double Rate(string name) => Math.Max(0, now.Counter(name) - before.Counter(name)) / seconds;
        yield return $"clients    {now.Counter("nativeproxy_client_connections_open")} open, "
            + $"{Number(Rate("nativeproxy_client_connections_accepted_total"))} new/s";
        yield return $"requests   {Number(Rate("nativeproxy_requests_total"))}/s, {now.Counter("nativeproxy_requests_in_flight")} in flight";
        double reuses = Rate("nativeproxy_server_connection_reuses_total");
        double connects = Rate("nativeproxy_server_connects_total");
        yield return $"servers    {now.Counter("nativeproxy_server_connections_open")} connections, {Number(connects)} new/s, "
            + (reuses + connects > 0 ? $"{100 * reuses / (reuses + connects):0.#} % reused" : "none used");
    }

    private static IEnumerable<TopLine> Sorted(IEnumerable<TopLine> lines, TopOrder order) => order switch
    {
        TopOrder.Requests => lines.OrderByDescending(static line => line.Requests),
        TopOrder.Latency => lines.OrderByDescending(static line => line.P99 ?? -1),
        TopOrder.Queue => lines.OrderByDescending(static line => line.Now.Queued),
        TopOrder.Errors => lines.OrderByDescending(static line => line.Errors + line.Failed),
        _ => lines.OrderBy(static line => line.Now.Name, StringComparer.Ordinal),
    };

    private static string Format(params object[] values) => string.Format(CultureInfo.InvariantCulture, RowFormat, values).TrimEnd();

    private static string Number(double value) =>
        value.ToString(value is > 0 and < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    /// <summary>One server with its rates.</summary>
    private sealed record TopLine(TopServer Now, double Requests, double Errors, double Failed, double Retried, double? P50, double? P99)
    {
        public static TopLine Of(TopServer? before, TopServer now, double seconds)
        {
            // A server that is new has begun with nothing; one whose counts were lost with it begins anew.
            double Rate(Func<TopServer, long> of) => Math.Max(0, of(now) - (before is null ? 0 : of(before))) / seconds;
            long[] buckets = new long[now.Buckets.Length];
            for (int i = 0; i < buckets.Length; i++)
                buckets[i] = Math.Max(0, now.Buckets[i] - (before is not null && i < before.Buckets.Length ? before.Buckets[i] : 0));
            return new TopLine(now, Rate(static one => one.Responses + one.Failed), Rate(static one => one.Errors), Rate(static one => one.Failed),
                Rate(static one => one.Retried), TallySum.PercentileMs(buckets, 0.5), TallySum.PercentileMs(buckets, 0.99));
        }
    }
}
