using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>
/// The servers of one <c>[[upstream]]</c> on one loop: chooses a server and says what the group allows. Thread: the loop.
/// Never sends and never retries by itself.
/// </summary>
internal sealed class UpstreamGroup
{
    private readonly byte[] _nameBytes;
    private UpstreamSettings _settings;
    private UpstreamServer[] _servers = [];

    public UpstreamGroup(EventLoop loop, string name, int logId)
    {
        Name = name;
        _nameBytes = Encoding.ASCII.GetBytes(name);
        LogId = logId;
        Queue = new WaitQueue(loop, HasRoom);
    }

    public string Name { get; }

    /// <summary>True while the servers are not known, since a name is being looked up: exchanges wait in line for them.</summary>
    public bool IsPending { get; private set; }

    /// <summary>What an exchange is told when no server takes requests.</summary>
    public ProxyError NoServerError { get; private set; } = ProxyError.NoServerAvailable;

    /// <summary>The servers are tried in their order, the one that failed last at the end, instead of in turn.</summary>
    public bool KeepsOrder { get; init; }

    /// <summary>The servers are not known, or not any more, until they are applied.</summary>
    public void Suspend(in UpstreamSettings settings)
    {
        _settings = settings;
        IsPending = true;
    }

    /// <summary>Takes over settings and servers, at start and at reload. Servers that are no longer there are retired.</summary>
    public void Apply(in UpstreamSettings settings, UpstreamServer[] servers, ProxyError noServerError = ProxyError.NoServerAvailable)
    {
        IsPending = false;
        NoServerError = noServerError;
        foreach (UpstreamServer server in _servers)
        {
            if (Array.IndexOf(servers, server) < 0)
                server.Retire();
        }
        _settings = settings;
        _servers = servers;
        Cookie = StickyCookie.Of(settings.Cookie);
        foreach (UpstreamServer server in servers)
        {
            server.RoomAgain = () => ServeQueues(server);
            server.Queue.ServeSoon();
        }
        Queue.ServeSoon();
    }

    /// <summary>Those who can go to no other server come first.</summary>
    private void ServeQueues(UpstreamServer server)
    {
        server.Queue.ServeSoon();
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

    /// <summary>How long an exchange waits in line: for room, or for the servers to become known, which is part of connecting.</summary>
    public long QueueTimeoutMs => IsPending ? _settings.Timeouts.ConnectMs : _settings.Timeouts.QueueMs;

    /// <summary>Exchanges that wait because all servers are at their limit or not known yet.</summary>
    public WaitQueue Queue { get; }

    public long ResponseTimeoutMs => _settings.Timeouts.ResponseMs;

    /// <summary>True when some server takes requests at all; false means that waiting is of no use.</summary>
    public bool HasServer
    {
        get
        {
            foreach (UpstreamServer server in _servers)
            {
                if (server.Weight > 0)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The cookie that names a server, or null.</summary>
    public StickyCookie? Cookie { get; private set; }

    /// <summary>The first usable server with this value in the stickiness cookie, or null.</summary>
    public UpstreamServer? FindByCookie(ReadOnlySpan<byte> value)
    {
        foreach (UpstreamServer server in _servers)
        {
            if (server is { IsUsable: true, Cookie: { } cookie } && cookie.Value.SequenceEqual(value))
                return server;
        }
        return null;
    }

    /// <summary>Where to wait when there is no room: in the line of the wanted server, or in that of the group.</summary>
    public WaitQueue QueueFor(UpstreamServer? wanted) => wanted is { IsUsable: true } ? wanted.Queue : Queue;

    /// <summary>The wanted server if it is usable, else one by balance; null when there is no room.</summary>
    public UpstreamServer? ChooseWanted(UpstreamServer? wanted)
    {
        if (wanted is not { IsUsable: true })
            return Choose(except: null);
        return wanted.HasRoom ? wanted : null;
    }

    /// <summary>
    /// The server for the next try, not the one that has just failed unless it is the only one; null when none has room.
    /// </summary>
    public UpstreamServer? Choose(UpstreamServer? except) => IsPending ? null
        : KeepsOrder ? FirstBalancer.Pick(_servers.AsSpan(), except)
        : RoundRobinBalancer.Pick(_servers.AsSpan(), except);

    /// <summary>A connect to the server failed.</summary>
    public void ConnectFailed(UpstreamServer server)
    {
        int index = Array.IndexOf(_servers, server);
        if (!KeepsOrder || index < 0)
            return;
        Array.Copy(_servers, index + 1, _servers, index, _servers.Length - index - 1);
        _servers[^1] = server;
    }

    /// <summary>Whether those in line can go on, if only to be told that there is no server.</summary>
    private bool HasRoom()
    {
        if (IsPending || !HasServer)
            return !IsPending;
        foreach (UpstreamServer server in _servers)
        {
            if (server.Weight > 0 && server.HasRoom)
                return true;
        }
        return false;
    }

    /// <summary>The group is no longer in the configuration, or the process ends: its idle connections close.</summary>
    public void Retire()
    {
        foreach (UpstreamServer server in _servers)
            server.Retire();
    }
}
