using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// The health checks of all servers, made once for all workers, in the supervisor or in the single process. Publishes what comes of them on
/// the <see cref="ServerBoard"/> and tells of every change. Any thread; the checks run on the thread pool, never on a loop. Never logs by
/// itself: that may block.
/// </summary>
internal sealed class HealthChecker
{
    /// <summary>Guards the probes and what they write on the board.</summary>
    private readonly Lock _gate = new();
    private readonly ServerBoard _board;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly Action<HealthNotice> _notify;
    private readonly Action _changed;
    private Dictionary<(string Upstream, string Server, string Address), HealthProbe> _probes = [];

    /// <summary>All servers of the settings in force, checked or not; null before the first ones.</summary>
    private HashSet<(string Upstream, string Server, string Address)>? _known;

    /// <param name="board">Where the servers have been published.</param>
    /// <param name="random">Spreads the first checks.</param>
    /// <param name="time">The clock of intervals and timeouts.</param>
    /// <param name="notify">Told of each server that went up or down, in order; must not block and take no lock.</param>
    /// <param name="changed">Called after that, on any thread: pools and queues should be put in order.</param>
    public HealthChecker(ServerBoard board, Random random, TimeProvider time, Action<HealthNotice> notify, Action changed)
    {
        _board = board;
        _random = random;
        _time = time;
        _notify = notify;
        _changed = changed;
    }

    /// <summary>
    /// Takes over settings, at start and at reload, and addresses that have changed: a server that is still there keeps its health and what was
    /// counted. What has not changed goes on undisturbed.
    /// </summary>
    /// <param name="settings">Settings whose servers have been published.</param>
    /// <param name="endPoints">The addresses of the servers; one that has none is not checked.</param>
    /// <param name="tlsOf">How their checks speak TLS.</param>
    public void Apply(in ProxySettings settings, ServerEndPoints endPoints, HealthTlsOf tlsOf)
    {
        lock (_gate)
        {
            Dictionary<(string, string, string), HealthProbe> old = _probes;
            _probes = [];
            var known = new HashSet<(string, string, string)>();
            int checkedCount = CheckedCount(settings);
            for (int i = 0; i < settings.Upstreams.Length; i++)
            {
                UpstreamSettings upstream = settings.Upstreams[i];
                for (int j = 0; j < upstream.Servers.Length; j++)
                {
                    (string, string, string) key = (upstream.Name, upstream.Servers[j].Name, upstream.Servers[j].Address);
                    known.Add(key);
                    HealthProbe? before = old.GetValueOrDefault(key);
                    if (Watch(upstream, upstream.Servers[j], key, before, endPoints.Of(i, j), tlsOf, checkedCount) is not { } probe)
                        continue;
                    old.Remove(key);
                    _probes.Add(key, probe);
                }
            }
            _known = known;
            foreach (HealthProbe gone in old.Values)
                gone.Stop();
            _board.CountChange();
        }
        _changed();
    }

    /// <summary>How the last check of a server went; null when there was none.</summary>
    public LastCheck? LastOf(ServerSlot slot)
    {
        lock (_gate)
            return _probes.GetValueOrDefault((slot.Upstream, slot.Server, slot.Address))?.Last;
    }

    /// <summary>Ends all checks; every server stays as it stands. When it returns, nothing is written on the board any more.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            foreach (HealthProbe probe in _probes.Values)
                probe.Stop();
            _probes.Clear();
        }
    }

    /// <summary>Has one server checked from now on, by the probe that it had before if there is one; null when it is not to be checked.</summary>
    private HealthProbe? Watch(in UpstreamSettings upstream, in UpstreamServerSettings server, (string, string, string) key, HealthProbe? before,
        EndPoint[] endPoints, HealthTlsOf tlsOf, int checkedCount)
    {
        if (_board.Find(upstream.Name, server.Name, server.Address) is not { } slot)
            return null;
        bool wasChecked = slot.IsChecked;
        slot.IsChecked = upstream.Health.Kind != HealthCheckKind.Off && server.Health;
        if (!slot.IsChecked)
        {
            slot.IsUp = true;
            slot.IsLeaving = false;
            slot.WeightPercent = 100;
            return null;
        }
        if (!wasChecked && BeginsAsDown(upstream, key))
            slot.IsUp = false;
        if (endPoints.Length == 0)
            return null;
        HealthProbe probe = before ?? new HealthProbe(slot, isNew: !wasChecked, _gate, _time, _random, OnChanging, _changed);
        long delayMs = wasChecked || slot.IsUp
            ? FirstDelayMs(upstream.Health.IntervalMs, _probes.Count, checkedCount, _random.NextDouble())
            : 0;
        HealthTls? tls = tlsOf(upstream, server);
        probe.Apply(upstream.Health, ServerChecks.Of(upstream.Health, server, endPoints, server.ProxyHeaderOf(upstream), tls), delayMs);
        return probe;
    }

    /// <summary>
    /// Whether a server that was not checked before gets nothing until it has passed a check: by the settings, or since it was discovered now.
    /// </summary>
    private bool BeginsAsDown(in UpstreamSettings upstream, (string, string, string) key) =>
        upstream.Health.Initial == InitialHealth.Down
            || (upstream.Discovery.Kind != DiscoveryKind.None && _known is { } known && !known.Contains(key));

    private static int CheckedCount(in ProxySettings settings)
    {
        int count = 0;
        foreach (UpstreamSettings upstream in settings.Upstreams)
            count += upstream.Health.Kind == HealthCheckKind.Off ? 0 : upstream.Servers.Length;
        return count;
    }

    /// <summary>
    /// The n-th of m checks begins somewhere in the n-th part of its interval, so that neither the checks of this proxy nor those of
    /// several proxies started together come at once.
    /// </summary>
    /// <param name="intervalMs">Interval of the check.</param>
    /// <param name="index">Which check, from 0.</param>
    /// <param name="count">Of how many.</param>
    /// <param name="chance">From 0 to below 1.</param>
    internal static long FirstDelayMs(long intervalMs, int index, int count, double chance) => (long)(intervalMs * ((index + chance) / count));

    /// <summary>A server went up or down, or wants new clients no more or again, or another weight; the lock is held.</summary>
    private void OnChanging(HealthProbe probe, CheckResult result)
    {
        _board.CountChange();
        (int up, int all) = Count(probe.Slot.Upstream);
        string server = $"server \"{probe.Slot.Server}\" of upstream \"{probe.Slot.Upstream}\"";
        string state = !probe.Slot.IsUp ? "down"
            : probe.Slot.IsLeaving ? "up and takes no new clients"
            : probe.Slot.WeightPercent < 100 ? "up with less weight"
            : "up again";
        string others = up == 0 ? "no server is left" : $"{up} of {all} servers are up";
        _notify(new HealthNotice(probe.Slot.IsUp, up, $"{server} is {state}: {result.Text}; {others}"));
    }

    private (int Up, int All) Count(string upstream)
    {
        (int up, int all) = (0, 0);
        foreach (HealthProbe probe in _probes.Values)
        {
            if (probe.Slot.Upstream != upstream)
                continue;
            all++;
            up += probe.Slot.IsUp ? 1 : 0;
        }
        return (up, all);
    }
}
