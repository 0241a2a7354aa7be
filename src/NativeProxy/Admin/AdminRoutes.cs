using System;
using System.Buffers;
using System.Text;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Upstreams;

namespace NativeProxy.Admin;

/// <summary>The operator's endpoint: which path shows what. Reads the boards only; never touches a session.</summary>
internal sealed class AdminRoutes(CounterBoard board, ServerBoard servers, CloseBoard closes) : IResponder
{
    public SmallResponse Respond(HttpMethod method, ReadOnlySpan<byte> target)
    {
        if (method is not (HttpMethod.Get or HttpMethod.Head))
            return Text(405, "only GET and HEAD are served here\n");
        int query = target.IndexOf((byte)'?');
        ReadOnlySpan<byte> path = query < 0 ? target : target[..query];
        if (path.SequenceEqual("/health"u8))
            return Text(200, "ok\n");
        if (path.SequenceEqual("/metrics"u8))
            return Metrics();
        if (path.SequenceEqual("/closes"u8))
            return new SmallResponse(200, "application/json", CloseReportText.Write(board, closes));
        return path.SequenceEqual("/"u8)
            ? Text(200, "/health   200 while the process runs\n/metrics  counters in Prometheus text format\n/closes   why connections were closed: counts and the latest ones, as JSON\n")
            : Text(404, "unknown path; / lists what there is\n");
    }

    private static SmallResponse Text(int statusCode, string text) => new(statusCode, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    private SmallResponse Metrics()
    {
        var text = new ArrayBufferWriter<byte>(16 * 1024);
        PrometheusText.Write(board, text);
        WorkerMetricsText.Write(board, text);
        ServerMetricsText.Write(servers, text);
        ProcessMetricsText.Write(board, text);
        return new SmallResponse(200, PrometheusText.ContentType, text.WrittenMemory);
    }
}
