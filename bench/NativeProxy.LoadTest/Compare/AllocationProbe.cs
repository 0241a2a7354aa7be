using System;
using System.Globalization;
using System.Net;
using System.Threading;
using NativeProxy.LoadTest.Generator;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// Managed memory that a running NativeProxy allocates per request: its counter at the admin endpoint over a short and over a long run of
/// the same plan. What the connections and the reading of the counter cost is in both, so only their difference counts. Stateless.
/// </summary>
internal static class AllocationProbe
{
    private const string CounterName = "nativeproxy_heap_allocated_bytes_total ";
    private const long FewRequests = 20_000;
    private const long ManyRequests = 220_000;

    /// <summary>The proxy copies the figure to its counters once a second.</summary>
    private const int RefreshMs = 1200;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Throws <see cref="CannotRunException"/> when a run fails or the counter cannot be read.</summary>
    public static double BytesPerRequest(LoadPlan plan, IPEndPoint admin)
    {
        // Once for what a process allocates in its first run only: pools, code that is set up late.
        Run(plan, FewRequests);
        Read(admin);
        long before = Read(admin);
        Run(plan, FewRequests);
        long between = Read(admin);
        Run(plan, ManyRequests);
        long after = Read(admin);
        return (double)(after - between - (between - before)) / (ManyRequests - FewRequests);
    }

    /// <summary>Value of the counter in the text of /metrics, or null.</summary>
    internal static long? AllocatedBytes(string metrics)
    {
        foreach (string line in metrics.Split('\n'))
        {
            if (line.StartsWith(CounterName, StringComparison.Ordinal))
                return long.Parse(line.AsSpan(CounterName.Length).Trim(), CultureInfo.InvariantCulture);
        }
        return null;
    }

    private static void Run(LoadPlan plan, long requestCount)
    {
        LoadResult result = LoadRun.Whole(plan with { RequestsMax = requestCount }, TimeSpan.Zero, Longest, out _, out _);
        if (result.Failures.Count > 0)
            throw new CannotRunException(result.Failures[0]);
    }

    private static long Read(IPEndPoint admin)
    {
        Thread.Sleep(RefreshMs);
        return RunningServer.Ask(admin, "/metrics", "200", out string metrics) && AllocatedBytes(metrics) is { } bytes ? bytes
            : throw new CannotRunException($"the admin endpoint does not tell {CounterName.Trim()}");
    }
}
