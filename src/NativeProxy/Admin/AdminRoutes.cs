using System;
using System.Buffers;
using NativeProxy.Http;

namespace NativeProxy.Admin;

/// <summary>
/// The operator's endpoint: which path shows what. Reads the boards and the <see cref="ServiceState"/> only; never touches a client. What changes
/// something is a matter of <see cref="ApiRoutes"/>. Any thread.
/// </summary>
internal sealed class AdminRoutes(AdminBoards boards, ServiceState state, AdminPowers powers, TimeProvider time) : IResponder
{
    /// <summary>
    /// What /health answers while something is missing. A balancer must not take this process out for it, since it serves with what it has, and
    /// the others may lack the same: so it is a success. It is none that HTTP has a name for, so that whoever wants to can tell it from 200; RFC
    /// 9110 section 15 has everybody else read it as 200.
    /// </summary>
    public const int DegradedStatus = 299;

    private readonly AdminGuard _guard = new(state);
    private readonly ApiRoutes _api = new(boards, state, powers, time);

    public int BodyBytesMax => ApiRoutes.BodyBytesMax;

    public bool IsProbe(ReadOnlySpan<byte> target) => new SmallRequest(HttpMethod.Get, target).Path.SequenceEqual("/health"u8);

    public SmallResponse? RefusalOf(in SmallRequest request) => ApiRoutes.Owns(request.Path) ? _api.RefusalOf(request) : null;

    public SmallResponse Respond(in SmallRequest request)
    {
        ReadOnlySpan<byte> path = request.Path;
        if (ApiRoutes.Owns(path))
            return _api.Respond(request);
        if (request.Method is not (HttpMethod.Get or HttpMethod.Head))
            return SmallHttpText.Plain(405, "only GET and HEAD are served here\n", "Allow: GET, HEAD\r\n");
        if (path.SequenceEqual("/health"u8))
            return Health();
        if (path.SequenceEqual("/"u8) && StatsPage.IsWanted(request))
            return StatsPage.Answer;
        if (_guard.RefusalToRead(request) is { } refusal)
            return refusal;
        if (path.SequenceEqual("/metrics"u8))
            return Metrics();
        if (path.SequenceEqual("/closes"u8))
            return new SmallResponse(200, "application/json", CloseReportText.Write(boards.Counters, boards.Closes));
        return path.SequenceEqual("/"u8)
            ? SmallHttpText.Plain(200,
                "/health   200 ok, 299 degraded: it serves, but something is missing, 503 draining: it is about to stop\n/metrics  counters in "
                + "Prometheus text format\n/closes   why connections were closed: counts and the latest ones, as JSON\n"
                + "/api      the service and its servers as JSON, and changes to them\n/         in a browser: all of it as a page\n")
            : SmallHttpText.Plain(404, "unknown path; / lists what there is\n");
    }

    private SmallResponse Health() => state switch
    {
        { IsDraining: true } => SmallHttpText.Plain(503, "draining\n"),
        { Shortage: { } shortage } => SmallHttpText.Plain(DegradedStatus, $"degraded: {shortage}\n"),
        _ => SmallHttpText.Plain(200, "ok\n"),
    };

    private SmallResponse Metrics()
    {
        var text = new ArrayBufferWriter<byte>(16 * 1024);
        PrometheusText.Write(boards.Counters, text);
        WorkerMetricsText.Write(boards.Counters, text);
        ServerMetricsText.Write(boards.Servers, text);
        TallyMetricsText.Write(boards, state.Running.Settings, text);
        LatencyMetricsText.Write(boards.Latencies, text);
        ProcessMetricsText.Write(boards.Counters, text);
        CertificateMetricsText.Write(state.Certificates, text);
        return new SmallResponse(200, PrometheusText.ContentType, text.WrittenMemory);
    }
}
