using System.Buffers;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Admin;

public sealed class LatencyMetricsTextTests
{
    [Fact]
    public void Histogram_IsSummedOverTheWorkers_EachBucketWithThoseBelow()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(2);
        board.Publish(["upstream=\"app\"", "route=\"api\""]);
        board.Find("upstream=\"app\"", 0)!.Add(5);
        board.Find("upstream=\"app\"", 1)!.Add(260);
        board.Find("upstream=\"app\"", 1)!.Add(20_000);
        Assert.StartsWith(
            """
            # HELP nativeproxy_upstream_response_seconds Time from the head of a request to that of a server's response, waits and retries included.
            # TYPE nativeproxy_upstream_response_seconds histogram
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.005"} 1
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.01"} 1
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.025"} 1
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.05"} 1
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.1"} 1
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.25"} 1
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="0.5"} 2
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="1"} 2
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="2.5"} 2
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="5"} 2
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="10"} 2
            nativeproxy_upstream_response_seconds_bucket{upstream="app",le="+Inf"} 3
            nativeproxy_upstream_response_seconds_sum{upstream="app"} 20.265
            nativeproxy_upstream_response_seconds_count{upstream="app"} 3
            # HELP nativeproxy_route_request_seconds 
            """, TextOf(board), System.StringComparison.Ordinal);
    }

    [Fact]
    public void NothingPublished_IsNoFamily()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        Assert.Equal("", TextOf(board));
    }

    private static string TextOf(LatencyBoard board)
    {
        var output = new ArrayBufferWriter<byte>();
        LatencyMetricsText.Write(board, output);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
