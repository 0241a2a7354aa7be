using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Exchanges.Sending;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// Times that stand in the wrong order, or of which only one can ever act; and what follows from several of them together. Unlike the warnings of
/// every check these look at defaults, too. Stateless.
/// </summary>
internal static class TimerFindings
{
    /// <summary>After what servers close idle connections by their own defaults, in ms (their manuals).</summary>
    private static readonly (string Name, long Ms)[] KnownServers =
    [
        ("gunicorn", 2_000), ("Apache httpd, Node.js, uvicorn", 5_000), ("Jetty", 30_000), ("nginx", 75_000), ("Kestrel", 130_000),
    ];

    /// <summary>Of the connections of clients.</summary>
    public static IEnumerable<string> OfListener(ListenerSettings listener)
    {
        ListenerKeepaliveSettings keepalive = listener.Keepalive;
        if (listener.Mode == ListenerMode.Tcp || !keepalive.KeepsConnections)
            yield break;
        if (keepalive.TimeoutMs > SettingsWarnings.ClientIdleUsualMs)
            yield return $"idle clients are kept for {Text(keepalive.TimeoutMs)}, unusually long: each costs memory and a descriptor";
        if (keepalive.MaxAgeMs > 0 && keepalive.MaxAgeMs <= keepalive.TimeoutMs)
            yield return $"keepalive.max_age ({Text(keepalive.MaxAgeMs)}) is over before an idle client is closed ({Text(keepalive.TimeoutMs)})";
        yield return Probes(listener.TcpKeepalive, keepalive.TimeoutMs, "a client", "keepalive.timeout");
    }

    /// <summary>Of the connections to servers.</summary>
    public static IEnumerable<string> OfUpstream(UpstreamSettings upstream)
    {
        UpstreamKeepaliveSettings keepalive = upstream.Keepalive;
        if (!ServerTimers.KeepsIdle(upstream))
            yield break;
        if (keepalive.IdleTimeoutMs == 0)
            yield return "the pool keeps idle connections without a limit, so that the server closes first, perhaps just as a request is sent";
        else if (keepalive.MaxAgeMs > 0 && keepalive.MaxAgeMs <= keepalive.IdleTimeoutMs)
            yield return $"keepalive.max_age ({Text(keepalive.MaxAgeMs)}) is over before keepalive.idle_timeout ({Text(keepalive.IdleTimeoutMs)})";
        List<string> earlier = [];
        foreach ((string name, long ms) in KnownServers)
        {
            if (keepalive.IdleTimeoutMs == 0 || ms <= keepalive.IdleTimeoutMs)
                earlier.Add($"{name} after {Text(ms)}");
        }
        if (earlier.Count > 0)
        {
            yield return $"servers that close an idle connection before the pool does, by their own defaults: {string.Join("; ", earlier)}. "
                + (keepalive.LearnIdleTimeout
                    ? "keepalive.learn_idle_timeout finds that out from their \"Keep-Alive: timeout=\" or their first closes"
                    : "keepalive.learn_idle_timeout is off: set keepalive.idle_timeout below your servers' own");
        }
        yield return Probes(upstream.TcpKeepalive, keepalive.IdleTimeoutMs, "a server", "keepalive.idle_timeout");
    }

    /// <summary>Of a request to an upstream, from its arrival to its answer.</summary>
    public static IEnumerable<string> OfRequest(ProxySettings settings, UpstreamSettings upstream)
    {
        UpstreamTimeoutSettings timeouts = upstream.Timeouts;
        UpstreamRetrySettings retry = upstream.Retry;
        int connects = retry.IsOn(RetryCondition.ConnectFailure) ? retry.Attempts : 1;
        bool isLimited = ServerTimers.IsLimited(upstream);
        if (timeouts.ResponseMs == 0 || (isLimited && timeouts.QueueMs == 0))
        {
            yield return "a client may wait for the first byte of an answer without a limit: "
                + $"{(timeouts.ResponseMs == 0 ? "timeouts.response" : "timeouts.queue")} is off";
        }
        else
        {
            int answers = AnswersMax(upstream);
            int tries = Math.Max(connects, answers);
            bool isCut = retry.PerTryTimeoutMs > 0 && retry.IsOn(RetryCondition.ResponseTimeout);
            long silentMs = ((answers - 1) * (isCut ? retry.PerTryTimeoutMs : timeouts.ResponseMs)) + timeouts.ResponseMs;
            long pausesMs = 0;
            for (int i = 0; retry.BackoffMs > 0 && i < tries - 1; i++)
                pausesMs += Math.Min(retry.BackoffMs << i, RetryPause.MsMax);
            long ms = (isLimited ? timeouts.QueueMs : 0) + (tries * timeouts.ConnectMs) + silentMs + pausesMs;
            yield return $"a client waits at most {Text(ms)} for the first byte of an answer: "
                + (isLimited ? $"{Text(timeouts.QueueMs)} for a place, " : "")
                + $"{tries} x {Text(timeouts.ConnectMs)} for a connect, {Text(silentMs)} for an answer"
                + (answers > 1 ? $" of {answers} tries" : "") + (pausesMs > 0 ? $", {Text(pausesMs)} between them" : "");
        }
        if (timeouts.ResponseMs > settings.Runtime.DrainTimeoutMs)
        {
            yield return "a stop or restart cuts requests that may still be answered: "
                + $"runtime.drain_timeout ({Text(settings.Runtime.DrainTimeoutMs)}) is below timeouts.response ({Text(timeouts.ResponseMs)})";
        }
    }

    /// <summary>
    /// Tries that may wait for an answer: a server may be silent for nearly all its time before it falls, so that the next one gets the request. A
    /// stale connection is replaced once by the same server.
    /// </summary>
    private static int AnswersMax(in UpstreamSettings upstream)
    {
        UpstreamRetrySettings retry = upstream.Retry;
        bool goesOn = retry.On.Any(static one => one is not (RetryCondition.ConnectFailure or RetryCondition.Stale));
        if (goesOn && (ServerTrouble.HasAnother(upstream) || !retry.Redispatch))
            return retry.Attempts;
        return retry.IsOn(RetryCondition.Stale) && ServerTimers.KeepsIdle(upstream) ? Math.Min(2, retry.Attempts) : 1;
    }

    private static string Probes(in TcpKeepaliveSettings probes, long idleMs, string peer, string key)
    {
        if (!probes.Enabled)
        {
            return idleMs == 0
                ? $"{peer} that vanished without a word is never found while it is idle: neither {key} nor tcp_keepalive ends that"
                : $"{peer} that vanished without a word is found by {key}, after {Text(idleMs)}; no TCP probes are sent";
        }
        long firstMs = ProbeTimes.IdleMs(probes);
        long lastMs = ProbeTimes.GivenUpMs(probes);
        if (idleMs > 0 && firstMs >= idleMs)
            return $"TCP probes never reach an idle connection: {key} ({Text(idleMs)}) acts before the first of them ({Text(firstMs)})";
        return idleMs > 0 && lastMs >= idleMs
            ? $"{peer} that vanished is found by {key} ({Text(idleMs)}), before the TCP probes give it up ({Text(lastMs)})"
            : $"{peer} that vanished is found by TCP probes, after {Text(lastMs)}";
    }

    private static string Text(long ms) => Units.FormatDuration(ms);
}
