using System;
using System.Buffers;
using System.Globalization;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>
/// Writes the histograms of a <see cref="LatencyBoard"/> in the Prometheus text exposition format, summed over the workers. A name is what stands
/// between the braces, such as <c>upstream="app"</c>; its label decides on the family. Stateless; any thread. Allocates: it runs when an operator
/// asks.
/// </summary>
internal static class LatencyMetricsText
{
    /// <summary>How the name of an upstream begins.</summary>
    public const string UpstreamLabel = "upstream=";

    /// <summary>How the name of a route begins.</summary>
    public const string RouteLabel = "route=";

    public static void Write(LatencyBoard board, IBufferWriter<byte> output)
    {
        Family(board, output, UpstreamLabel, "nativeproxy_upstream_response_seconds",
            "Time from the head of a request to that of a server's response, waits and retries included.");
        Family(board, output, RouteLabel, "nativeproxy_route_request_seconds",
            "Time from the first byte of a request to the last one of its response; of a tunnel to its end.");
    }

    private static void Family(LatencyBoard board, IBufferWriter<byte> output, string label, string family, string help)
    {
        bool hasHead = false;
        foreach (string name in board.Names)
        {
            if (!name.StartsWith(label, StringComparison.Ordinal))
                continue;
            if (!hasHead)
                Exposition.HistogramHead(output, family, help);
            hasHead = true;
            Histogram(board, output, family, name);
        }
    }

    private static void Histogram(LatencyBoard board, IBufferWriter<byte> output, string family, string name)
    {
        long[] counts = new long[LatencyRow.BoundsMs.Length + 1];
        long sumMs = 0;
        foreach (LatencyRow row in board.RowsOf(name) ?? [])
        {
            sumMs += row.SumMs;
            for (int i = 0; i < counts.Length; i++)
                counts[i] += row.CountIn(i);
        }
        long sum = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            sum += counts[i];
            Exposition.Sample(output, family + "_bucket", $"{name},le=\"{BoundOf(i)}\"", sum);
        }
        Exposition.Seconds(output, family + "_sum", name, sumMs);
        Exposition.Sample(output, family + "_count", name, sum);
    }

    private static string BoundOf(int bucket) => bucket == LatencyRow.BoundsMs.Length
        ? "+Inf"
        : (LatencyRow.BoundsMs[bucket] / 1000m).ToString(CultureInfo.InvariantCulture);
}
