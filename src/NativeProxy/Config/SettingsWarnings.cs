using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Settings that work but probably not as meant. Appends warnings only; looks at values that the file sets, and at defaults never.
/// Lives for one load.
/// </summary>
internal sealed class SettingsWarnings(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    /// <summary>A longer client idle time mostly holds memory and descriptors for clients that are gone.</summary>
    internal const long ClientIdleUsualMs = 10 * 60 * 1000;

    /// <summary>Few clients wait longer for an answer.</summary>
    private const long ClientPatienceMs = 60 * 1000;

    public void CheckAll()
    {
        for (int i = 0; i < settings.Listeners.Length; i++)
            CheckListener(settings.Listeners[i], $"listener[{i}]");
        for (int i = 0; i < settings.Upstreams.Length; i++)
            CheckUpstream(settings.Upstreams[i], $"upstream[{i}]");
    }

    private void CheckListener(in ListenerSettings listener, string path)
    {
        if (listener.Keepalive.TimeoutMs > ClientIdleUsualMs)
        {
            Warn($"{path}.keepalive.timeout",
                $"idle clients are kept for {Units.FormatDuration(listener.Keepalive.TimeoutMs)}, which is unusually long",
                $"each costs memory and a descriptor; usual values are below {Units.FormatDuration(ClientIdleUsualMs)}");
        }

        if (listener.Keepalive.DrainWaitMs >= settings.Runtime.DrainTimeoutMs && listener.Keepalive.DrainWaitMs > 0)
        {
            Warn($"{path}.keepalive.drain_wait", "a stop cuts idle connections before this time is over",
                $"keep it below drain_timeout of [runtime], which is {Units.FormatDuration(settings.Runtime.DrainTimeoutMs)}");
        }

        if (listener.Tcp.Splice == SplicePolicy.On && settings.Runtime.Engine != EngineKind.Epoll)
        {
            Warn($"{path}.tcp.splice", "bytes are copied all the same: only engine \"epoll\" can pass them on without reading",
                "engine = \"epoll\" in [runtime], or splice = \"auto\"");
        }

        CheckProbes(listener.TcpKeepalive, $"{path}.tcp_keepalive.idle", listener.Keepalive.TimeoutMs, "keepalive.timeout");
        if (listener.Limits.MaxConnections > settings.Runtime.MaxConnections)
        {
            Warn($"{path}.limits.max_connections", "this limit is above max_connections of [runtime]",
                $"{settings.Runtime.MaxConnections} connections per worker are the limit of all listeners together");
        }
    }

    private void CheckUpstream(in UpstreamSettings upstream, string path)
    {
        string name = upstream.Name;
        if (upstream.Keepalive.IdleTimeoutMs == 0)
        {
            Warn($"{path}.keepalive.idle_timeout", "idle connections to servers are kept without a limit",
                "the server closes them first, perhaps at the moment a request is sent; set it below the server's own timeout");
        }

        if (upstream.Timeouts.QueueMs > ClientPatienceMs)
        {
            Warn($"{path}.timeouts.queue",
                $"requests wait {Units.FormatDuration(upstream.Timeouts.QueueMs)} for a server, which is longer than most clients do",
                $"servers then work for clients that have given up; usual values are at most {Units.FormatDuration(ClientPatienceMs)}");
        }

        new HealthWarnings(places, errors).Check(upstream, path);
        if (upstream.Retry.PerTryTimeoutMs > 0 && !upstream.Retry.IsOn(RetryCondition.ResponseTimeout))
            Warn($"{path}.retry.per_try_timeout", "no try has this time: \"on\" in [upstream.retry] has no \"response_timeout\"", "");
        CheckProbes(upstream.TcpKeepalive, $"{path}.tcp_keepalive.idle", upstream.Keepalive.IdleTimeoutMs, "keepalive.idle_timeout");
        if (name.Length > 0 && !IsUsed(name))
        {
            string users = settings.Routes.IsEmpty ? "listener" : "listener, route or split";
            Warn($"{path}.name", $"no {users} uses the upstream {ErrorExcerpt.Quoted(name)}", "");
        }
    }

    /// <summary>Probes that come after the close of an idle connection see busy connections only; which of the two acts is worth a word.</summary>
    private void CheckProbes(in TcpKeepaliveSettings probes, string path, long idleTimeoutMs, string idleKey)
    {
        if (!probes.Enabled && probes.IdleMs > 0)
        {
            Warn(path, "no probes are sent: tcp_keepalive.enabled is false", "");
        }
        else if (probes.Enabled && idleTimeoutMs > 0 && probes.IdleMs >= idleTimeoutMs)
        {
            Warn(path, $"no idle connection is ever probed: {idleKey} closes it after {Units.FormatDuration(idleTimeoutMs)}",
                "probes still find a peer that vanishes during a request");
        }
    }

    /// <summary>Whether somebody names it, or names one that there is not: that may mean any of them, and is an error anyway.</summary>
    private bool IsUsed(string name) => settings.Listeners.Where(static listener => listener.Mode != ListenerMode.Forward)
        .Select(static listener => listener.Upstream)
        .Concat(settings.Routes.SelectMany(static route => route.Split.Select(static share => share.Name)))
        .Concat(settings.Routes.SelectMany(static route => (string[])[route.Upstream, route.Mirror.Upstream]))
        .Where(static used => used.Length > 0)
        .Any(used => used == name || !settings.Upstreams.Any(upstream => upstream.Name == used));

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
