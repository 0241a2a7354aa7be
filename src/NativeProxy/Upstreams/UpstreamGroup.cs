using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Upstreams;

/// <summary>
/// The servers of one <c>[[upstream]]</c> on one loop: chooses a server and says what the group allows. Thread: the loop.
/// Never sends and never retries by itself.
/// </summary>
internal sealed class UpstreamGroup(UpstreamSettings settings, UpstreamServer[] servers, int logId)
{
    private readonly byte[] _nameBytes = Encoding.ASCII.GetBytes(settings.Name);

    public string Name => settings.Name;

    public ReadOnlySpan<byte> NameBytes => _nameBytes;

    /// <summary>Id under which the access log knows the group.</summary>
    public int LogId => logId;

    public IReadOnlyList<UpstreamServer> Servers => servers;

    /// <summary>Connections lent to exchanges, over all servers.</summary>
    public int LentCount
    {
        get
        {
            int count = 0;
            foreach (UpstreamServer server in servers)
                count += server.LentCount;
            return count;
        }
    }

    public ReusePolicy Reuse => settings.Keepalive.Enabled ? settings.Keepalive.Reuse : ReusePolicy.Never;

    /// <summary>Tries of one exchange in all.</summary>
    public int AttemptsMax => settings.Retry.Attempts;

    /// <summary>Whether an exchange on a reused connection that turned out to be closed is replayed on a fresh one.</summary>
    public bool RetriesStale => settings.Retry.Stale;

    public long ResponseTimeoutMs => settings.Timeouts.ResponseMs;

    /// <summary>The server for the next try, not the one that has just failed unless it is the only one.</summary>
    public UpstreamServer? Choose(UpstreamServer? except) => RoundRobinBalancer.Pick(servers.AsSpan(), except);

    /// <summary>Closes the idle connections of all servers.</summary>
    public void PurgeIdle()
    {
        foreach (UpstreamServer server in servers)
            server.PurgeIdle();
    }
}
