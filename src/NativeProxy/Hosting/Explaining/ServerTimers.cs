using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Hosting.Explaining;

/// <summary>The times of the connections to servers, in the order in which they act. Stateless.</summary>
internal static class ServerTimers
{
    /// <param name="chart">Where they are drawn.</param>
    /// <param name="upstream">Whose servers.</param>
    /// <param name="hasRequests">Requests go to them; else only bytes of listeners in mode "tcp".</param>
    public static void Draw(TimerChart chart, in UpstreamSettings upstream, bool hasRequests)
    {
        if (IsLimited(upstream))
            chart.Add("waiting for a place", upstream.Timeouts.QueueMs, hasRequests ? Answered(ProxyError.QueueTimeout) : "close", "timeouts.queue");
        if (hasRequests)
        {
            DrawRequests(chart, upstream);
        }
        else
        {
            chart.Add("connect, with TLS", upstream.Timeouts.ConnectMs, "next try, at last close", "timeouts.connect");
            if (upstream.Timeouts.IdleMs > 0)
                chart.Add("silence of both sides", upstream.Timeouts.IdleMs, "close both", "timeouts.idle");
        }
        ClientTimers.DrawProbes(chart, upstream.TcpKeepalive);
    }

    private static void DrawRequests(TimerChart chart, in UpstreamSettings upstream)
    {
        UpstreamKeepaliveSettings keepalive = upstream.Keepalive;
        chart.Add("connect, with TLS", upstream.Timeouts.ConnectMs,
            upstream.Retry.Attempts > 1 && upstream.Retry.IsOn(RetryCondition.ConnectFailure)
                ? $"next try, at last {Answered(ProxyError.ServerConnectTimeout)}"
                : Answered(ProxyError.ServerConnectTimeout),
            "timeouts.connect");
        if (upstream.Retry.PerTryTimeoutMs > 0 && upstream.Retry.IsOn(RetryCondition.ResponseTimeout))
            chart.Add("silence of one of several tries", upstream.Retry.PerTryTimeoutMs, "ask another server", "retry.per_try_timeout");
        chart.Add("silence instead of an answer", upstream.Timeouts.ResponseMs, Answered(ProxyError.ServerResponseTimeout), "timeouts.response");
        if (!KeepsIdle(upstream))
        {
            chart.AddFact("idle in the pool", "every request has a connection of its own",
                !keepalive.Enabled ? "keepalive.enabled" : keepalive.MaxIdle == 0 ? "keepalive.max_idle" : "keepalive.reuse");
        }
        else
        {
            chart.Add("idle in the pool", keepalive.IdleTimeoutMs, "close", "keepalive.idle_timeout");
            chart.Add("age of the connection", keepalive.MaxAgeMs, "not pooled again", "keepalive.max_age");
        }
    }

    /// <summary>There is a pool.</summary>
    public static bool KeepsIdle(in UpstreamSettings upstream) =>
        new GroupRules(upstream).Reuse != ReusePolicy.Never && upstream.Keepalive.MaxIdle > 0;

    /// <summary>Some limit makes requests wait.</summary>
    public static bool IsLimited(in UpstreamSettings upstream)
    {
        bool isLimited = upstream.MaxRequests > 0;
        foreach (UpstreamServerSettings server in upstream.Servers)
            isLimited |= server.MaxConnections > 0;
        return isLimited;
    }

    private static string Answered(ProxyError error) => $"answer {ProxyErrors.Of(error).Status}";
}
