using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>
/// The servers of one <c>[[upstream]]</c> on one loop: chooses a server and says what the group allows. Thread: the loop.
/// Never sends and never retries by itself.
/// </summary>
internal sealed class UpstreamGroup
{
    private readonly byte[] _nameBytes;
    private readonly RandomTwoBalancer _randomTwo;
    private UpstreamSettings _settings;
    private UpstreamServer[] _servers = [];

    public UpstreamGroup(EventLoop loop, string name, int logId)
    {
        Name = name;
        _nameBytes = Encoding.ASCII.GetBytes(name);
        LogId = logId;
        Queue = new WaitQueue(loop, MayLeaveQueue);
        _randomTwo = new RandomTwoBalancer((ulong)Random.Shared.NextInt64());
    }

    public string Name { get; }

    /// <summary>Takes over settings and servers, at start and at reload. Servers that are no longer there are retired.</summary>
    public void Apply(in UpstreamSettings settings, UpstreamServer[] servers)
    {
        foreach (UpstreamServer server in _servers)
        {
            if (Array.IndexOf(servers, server) < 0)
                server.Leave();
        }
        _settings = settings;
        _servers = servers;
        foreach (UpstreamServer server in servers)
            server.RoomAgain = Queue.ServeSoon;
        Queue.ServeSoon();
    }

    public ReadOnlySpan<byte> NameBytes => _nameBytes;

    /// <summary>Id under which the access log knows the group.</summary>
    public int LogId { get; }

    public IReadOnlyList<UpstreamServer> Servers => _servers;

    /// <summary>Connections lent to exchanges, over all servers.</summary>
    public int LentCount
    {
        get
        {
            int count = 0;
            foreach (UpstreamServer server in _servers)
                count += server.LentCount;
            return count;
        }
    }

    public ReusePolicy Reuse => _settings.Keepalive.Enabled ? _settings.Keepalive.Reuse : ReusePolicy.Never;

    /// <summary>Tries of one exchange in all.</summary>
    public int AttemptsMax => _settings.Retry.Attempts;

    /// <summary>Whether an exchange on a reused connection that turned out to be closed is replayed on a fresh one.</summary>
    public bool RetriesStale => _settings.Retry.Stale;

    public long QueueTimeoutMs => _settings.Timeouts.QueueMs;

    /// <summary>Exchanges that wait because all servers are at their limit, whichever has room first.</summary>
    public WaitQueue Queue { get; }

    public long ResponseTimeoutMs => _settings.Timeouts.ResponseMs;

    /// <summary>True when some server takes requests at all; false means that waiting is of no use.</summary>
    public bool HasServer
    {
        get
        {
            foreach (UpstreamServer server in _servers)
            {
                if (server.TakesRequests)
                    return true;
            }
            return false;
        }
    }

    /// <summary>True when a choice depends on the client's address.</summary>
    public bool NeedsClientKey => _settings.Balance == BalanceKind.SourceHash;

    /// <summary>
    /// The server for the next try, not the one that has just failed unless it is the only one; null when none has room.
    /// </summary>
    /// <param name="except">The one that has just failed.</param>
    /// <param name="clientKey">Hash of the client's address where <see cref="NeedsClientKey"/> says so.</param>
    /// <param name="queue">Where to wait when none has room.</param>
    public UpstreamServer? Choose(UpstreamServer? except, ulong clientKey, out WaitQueue queue)
    {
        queue = Queue;
        switch (_settings.Balance)
        {
            case BalanceKind.LeastConnections:
                return LeastConnectionsBalancer.Pick(_servers, except);
            case BalanceKind.RandomTwo:
                return _randomTwo.Pick(_servers, except);
            case BalanceKind.First:
                return FirstBalancer.Pick(_servers, except);
            case BalanceKind.SourceHash:
                UpstreamServer? own = SourceHashBalancer.Pick(_servers, except, clientKey);
                queue = own?.Queue ?? Queue;
                return own is { HasRoom: true } ? own : null;
            default:
                return RoundRobinBalancer.Pick(_servers, except);
        }
    }

    /// <summary>Servers may have gone up or down.</summary>
    public void FollowHealth()
    {
        foreach (UpstreamServer server in _servers)
            server.FollowHealth();
        Queue.ServeSoon();
    }

    /// <summary>A request need not wait when some server has room, nor when none is left that could ever have.</summary>
    private bool MayLeaveQueue()
    {
        foreach (UpstreamServer server in _servers)
        {
            if (server.CanTakeNow)
                return true;
        }
        return !HasServer;
    }

    /// <summary>The group is no longer in the configuration, or the process ends: its idle connections close.</summary>
    public void Retire()
    {
        foreach (UpstreamServer server in _servers)
            server.Retire();
    }
}
