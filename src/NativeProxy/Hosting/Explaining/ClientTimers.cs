using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Explaining;

/// <summary>The times of a client's connection, in the order in which they act. Stateless.</summary>
internal static class ClientTimers
{
    /// <param name="chart">Where they are drawn.</param>
    /// <param name="listener">Whose clients.</param>
    public static void Draw(TimerChart chart, in ListenerSettings listener)
    {
        if (listener.Tls.Enabled)
            chart.Add("TLS handshake", listener.Timeouts.HandshakeMs, "close", "timeouts.handshake");
        if (listener.Mode == ListenerMode.Tcp)
            DrawTcp(chart, listener.Tcp);
        else
            DrawHttp(chart, listener);
        DrawProbes(chart, listener.TcpKeepalive);
    }

    /// <summary>Probes of the kernel: when the first one goes out, and when a peer that answers none is given up.</summary>
    /// <param name="chart">Where they are drawn.</param>
    /// <param name="probes">What is set.</param>
    public static void DrawProbes(TimerChart chart, in TcpKeepaliveSettings probes)
    {
        if (!probes.Enabled)
        {
            chart.AddFact("TCP probes", "none are sent", "tcp_keepalive.enabled");
            return;
        }
        chart.Add("first TCP probe after silence of", ProbeTimes.IdleMs(probes), "probe", "tcp_keepalive.idle");
        chart.Add("peer that answers no probe", ProbeTimes.GivenUpMs(probes), "close", "tcp_keepalive.count");
    }

    private static void DrawTcp(TimerChart chart, in ListenerTcpSettings tcp)
    {
        chart.Add("ClientHello, if a route wants it", tcp.InspectTimeoutMs, "close", "tcp.inspect_timeout");
        chart.Add("silence of both sides", tcp.IdleTimeoutMs, "close both", "tcp.idle_timeout");
        chart.Add("the same behind the end of one", tcp.HalfCloseTimeoutMs, "close both", "tcp.half_close_timeout");
    }

    private static void DrawHttp(TimerChart chart, in ListenerSettings listener)
    {
        ListenerTimeoutSettings timeouts = listener.Timeouts;
        chart.Add("whole request head", timeouts.RequestHeaderMs, Answered(ProxyError.RequestHeaderTimeout), "timeouts.request_header");
        chart.Add("silence inside a request body", timeouts.RequestBodyMs, Answered(ProxyError.RequestBodyTimeout), "timeouts.request_body");
        chart.Add("client takes none of a response", timeouts.SendMs, "close", "timeouts.send");
        if (listener.Keepalive.KeepsConnections)
        {
            chart.Add("idle between two requests", listener.Keepalive.TimeoutMs, "close", "keepalive.timeout");
            chart.Add("age of the connection", listener.Keepalive.MaxAgeMs, "close after the response", "keepalive.max_age");
        }
        else
        {
            string key = listener.Keepalive.Enabled ? "keepalive.timeout" : "keepalive.enabled";
            chart.AddFact("idle between two requests", "every response closes", key);
        }
        if (!listener.Upgrade.IsEmpty || listener.Mode == ListenerMode.Forward)
            chart.Add("silence of a tunnel", timeouts.TunnelMs, "close both", "timeouts.tunnel");
        chart.Add("reading on behind the last byte", timeouts.LingerMs, "close", "timeouts.linger");
    }

    private static string Answered(ProxyError error) => $"answer {ProxyErrors.Of(error).Status}, close";
}
