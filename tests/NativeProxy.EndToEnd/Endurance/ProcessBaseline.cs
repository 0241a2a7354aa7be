using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// What a proxy without traffic holds: descriptors by kind, connections, requests, queue places, lent buffers and linked timers. Taken
/// before a load; after it the proxy must come back to exactly that. Memory is not given back to the system and has a bound instead.
/// The servers' idle connections must end by themselves (<see cref="Load.Config"/>).
/// </summary>
internal sealed class ProcessBaseline
{
    private const long GrowthBytesMax = 64L * 1024 * 1024;

    private static readonly string[] Gauges =
    [
        "nativeproxy_client_connections_open", "nativeproxy_clients_half_closed", "nativeproxy_tunnels_open", "nativeproxy_requests_in_flight",
        "nativeproxy_server_connections_open", "nativeproxy_server_connections_idle", "nativeproxy_queue_waiting",
        "nativeproxy_buffer_blocks_lent", "nativeproxy_timers_linked",
    ];

    private readonly ProxyUnderTest _proxy;
    private readonly string _figures;
    private readonly long _residentBytes;

    private ProcessBaseline(ProxyUnderTest proxy, string figures)
    {
        _proxy = proxy;
        _figures = figures;
        _residentBytes = ProcessView.ResidentBytes(proxy.Id);
    }

    /// <summary>Takes the baseline of a proxy of one worker: all gauges are zero; only the descriptors are its own.</summary>
    public static async Task<ProcessBaseline> Of(ProxyUnderTest proxy)
    {
        string figures = "";
        string nothing = string.Concat(Gauges.Select(name => name + "=0 "));
        await Deadline.Until(async () => (figures = await Look(proxy)).StartsWith(nothing, StringComparison.Ordinal),
            () => "a proxy at rest; there is\n" + figures);
        return new ProcessBaseline(proxy, figures);
    }

    /// <summary>
    /// Waits until everything is as it was, and checks the account: each connection has closed for one reason, none for "internal error".
    /// </summary>
    public async Task ExpectReturn()
    {
        string now = "";
        await Deadline.Until(async () => (now = await Look(_proxy)) == _figures, () => $"\n{_figures}\nbut there is\n{now}");
        ExpectBoundedMemory();
        IReadOnlyDictionary<string, long> metrics = await _proxy.AllMetrics();
        Assert.Equal(metrics["nativeproxy_client_connections_accepted_total"], SumOf(metrics, "nativeproxy_client_closes_total{"));
        Assert.Equal(metrics["nativeproxy_server_connects_total"], SumOf(metrics, "nativeproxy_server_closes_total{"));
        Assert.Equal(0, metrics["nativeproxy_client_closes_total{reason=\"internal_error\"}"]);
        Assert.Equal(0, metrics["nativeproxy_buffer_refusals_total"]);
        Assert.DoesNotContain(_proxy.Errors.Lines, line => line.Contains(" error ", StringComparison.Ordinal));
    }

    /// <summary>May be asked at any time during the load.</summary>
    public void ExpectBoundedMemory() =>
        Assert.InRange(ProcessView.ResidentBytes(_proxy.Id) - _residentBytes, long.MinValue, GrowthBytesMax);

    /// <summary>The figures of now, in one line.</summary>
    public static async Task<string> Look(ProxyUnderTest proxy)
    {
        IReadOnlyDictionary<string, long> metrics = await Refreshed(proxy);

        // The look itself is a connection too.
        await Deadline.Until(() => !SocketTable.Rows().Any(row => row.LocalPort == proxy.AdminPort && row.State is not ("LISTEN" or "TIME-WAIT")),
            () => "the end of the look");
        return string.Join(' ',
            Gauges.Select(name => $"{name}={metrics[name]}")
            .Concat(ProcessView.DescriptorKinds(proxy.Id).Select(kind => $"{kind.Key}={kind.Value}")));
    }

    /// <summary>
    /// Metrics whose buffers and timers were counted after this was asked. They are counted once a second; asking in between would only put
    /// the connection that asks among what is counted.
    /// </summary>
    private static async Task<IReadOnlyDictionary<string, long>> Refreshed(ProxyUnderTest proxy)
    {
        const string refreshes = "nativeproxy_figure_refreshes_total";
        long seen = await proxy.Metric(refreshes);
        while (true)
        {
            await PassingTime.Of(1050);
            IReadOnlyDictionary<string, long> metrics = await proxy.AllMetrics();
            if (metrics[refreshes] > seen)
                return metrics;
        }
    }

    private static long SumOf(IReadOnlyDictionary<string, long> metrics, string start) =>
        metrics.Where(metric => metric.Key.StartsWith(start, StringComparison.Ordinal)).Sum(metric => metric.Value);
}
