using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Histograms of times: over all workers, of what the settings choose.</summary>
public sealed class LatencyMetricsTests
{
    private const string OfUpstream = "nativeproxy_upstream_response_seconds_count{upstream=\"app\"}";
    private const string OfRoute = "nativeproxy_route_request_seconds_count{route=\"api\"}";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Histogram_HasEveryExchange_OfUpstreamsOnlyThoseThatAServerAnswered(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Admin("histograms = [\"upstream\", \"route\"]")
            .Route("name = \"api\"", "path_prefix = [\"/api\"]")
            .Route("path_prefix = [\"/no\"]", "deny = 403"));
        for (int i = 0; i < 6; i++)
            Assert.Equal(200, (await proxy.AskOnce("/api")).Status);
        Assert.Equal(200, (await proxy.AskOnce("/")).Status);
        Assert.Equal(403, (await proxy.AskOnce("/no")).Status);
        await proxy.WaitForMetric("nativeproxy_requests_in_flight", 0);

        IReadOnlyDictionary<string, long> metrics = await proxy.AllMetrics();
        Assert.Equal((7, 6), (metrics[OfUpstream], metrics[OfRoute]));
        Assert.Equal(1, metrics["nativeproxy_route_request_seconds_count{route=\"route-2\"}"]);
        Assert.Equal(7, metrics["nativeproxy_upstream_response_seconds_bucket{upstream=\"app\",le=\"+Inf\"}"]);

        // A reload keeps what is counted, and shows what is chosen then.
        await proxy.Reload(ProxyConfig.For(origin).WithWorkers(workers).Admin("histograms = [\"route\"]")
            .Route("name = \"api\"", "path_prefix = [\"/api\"]"));
        Assert.Equal(200, (await proxy.AskOnce("/api")).Status);
        await proxy.WaitForMetric(OfRoute, 7);
        Assert.DoesNotContain("upstream_response", await proxy.MetricsText(), StringComparison.Ordinal);
    }
}
