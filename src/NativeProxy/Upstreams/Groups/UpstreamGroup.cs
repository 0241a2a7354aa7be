using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// The servers of one <c>[[upstream]]</c> on one loop: chooses a server and says what the group allows. Thread: the loop.
/// Never sends and never retries by itself.
/// </summary>
internal sealed class UpstreamGroup : IQueueOwner
{
    private readonly byte[] _nameBytes;
    private readonly TurnCounter _ownTurns = new();
    private RoundRobinBalancer _roundRobin;
    private RandomTwoBalancer? _randomTwo;
    private UpstreamSettings _settings;
    private UpstreamServer[] _servers = [];

    public UpstreamGroup(EventLoop loop, string name, int logId)
    {
        Name = name;
        _nameBytes = Encoding.ASCII.GetBytes(name);
        LogId = logId;
        Queue = new WaitQueue(loop, this);
        _roundRobin = new RoundRobinBalancer(_ownTurns, []);
    }

    public string Name { get; }

    /// <summary>True when the connections to some server are limited.</summary>
    public bool HasLimits { get; private set; }

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
    /// <param name="settings">Settings of the group.</param>
    /// <param name="servers">Its servers.</param>
    /// <param name="noServerError">What an exchange is told when no server takes requests.</param>
    /// <param name="slot">What all workers know about the group; null when nobody shares anything.</param>
    public void Apply(
        in UpstreamSettings settings, UpstreamServer[] servers, ProxyError noServerError = ProxyError.NoServerAvailable, GroupSlot? slot = null)
    {
        IsPending = false;
        NoServerError = noServerError;
        foreach (UpstreamServer server in _servers)
        {
            if (Array.IndexOf(servers, server) < 0)
                server.Leave();
        }
        _settings = settings;
        _servers = servers;
        Cookie = StickyCookie.Of(settings.Cookie);
        HasLimits = Array.Exists(servers, static server => server.ConnectionsMax > 0);
        _roundRobin = new RoundRobinBalancer(slot?.Turns ?? _ownTurns, TurnTable.Of(Array.ConvertAll(servers, static server => server.Weight)));
        Queue.Join(HasLimits ? slot?.Line : null);
        foreach (UpstreamServer server in servers)
        {
            server.RoomAgain = () => ServeQueues(server);
            server.GroupQueue = Queue;
            server.Queue.ServeSoon();
        }
        Queue.ServeSoon();
    }

    /// <summary>Another worker has called: what it asks for is done, and who waits may go on.</summary>
    public void FollowBoard()
    {
        if (!HasLimits)
            return;
        foreach (UpstreamServer server in _servers)
            server.FollowBoard();
        Queue.Serve();
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

    /// <summary>Exchanges that wait for a server, for a certain one or for any.</summary>
    public int WaitingCount
    {
        get
        {
            int count = Queue.Count;
            foreach (UpstreamServer server in _servers)
                count += server.Queue.Count;
            return count;
        }
    }

    /// <summary>Connections that wait for the clients that authenticated on them, over all servers.</summary>
    public int PinnedCount
    {
        get
        {
            int count = 0;
            foreach (UpstreamServer server in _servers)
                count += server.Pinned.Count;
            return count;
        }
    }

    public ReusePolicy Reuse => _settings.Keepalive.Enabled ? _settings.Keepalive.Reuse : ReusePolicy.Never;

    /// <summary>
    /// Requests of one client that may be under way on one server connection; 1 where none may be sent again, since a server may close behind
    /// any answer.
    /// </summary>
    public int Pipelining => _settings.Retry is { Attempts: > 1 } retry && retry.IsOn(RetryCondition.Stale) && Reuse != ReusePolicy.Never
        ? _settings.Keepalive.Pipelining
        : 1;

    /// <summary>When exchanges are tried again.</summary>
    public UpstreamRetrySettings Retry => _settings.Retry;

    /// <summary>Longest request body that is kept so that it can be sent again; 0 when nothing is ever sent again.</summary>
    public int ReplayBytesMax => _settings.Retry.Attempts > 1 ? _settings.Retry.BodyBytes : 0;

    /// <summary>Whether a request that demonstrably never reached its server is replayed whatever its method.</summary>
    public bool RetriesUnacknowledged => _settings.Retry.Unacknowledged;

    /// <summary>Bounds the second tries of what a server may have begun to serve.</summary>
    public RetryBudget RetryBudget { get; } = new();

    /// <summary>True when a server other than this one takes requests.</summary>
    public bool HasOtherThan(UpstreamServer failed)
    {
        foreach (UpstreamServer server in _servers)
        {
            if (server != failed && server.TakesRequests)
                return true;
        }
        return false;
    }

    /// <summary>How long an exchange waits in line: for room, or for the servers to become known, which is part of connecting.</summary>
    public long QueueTimeoutMs => IsPending ? _settings.Timeouts.ConnectMs : _settings.Timeouts.QueueMs;

    /// <summary>Exchanges that wait because all servers are at their limit, whichever has room first, or not known yet.</summary>
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

    /// <summary>Responses that its servers let this worker keep; null when it has no cache.</summary>
    public ResponseCache? Cache { get; set; }

    /// <summary>The cookie that names a server, or null.</summary>
    public StickyCookie? Cookie { get; private set; }

    /// <summary>The first usable server with this value in the stickiness cookie, or null.</summary>
    /// <param name="value">What the cookie says of its server.</param>
    /// <param name="isDown">There is none because the server of this value is down.</param>
    public UpstreamServer? FindByCookie(ReadOnlySpan<byte> value, out bool isDown)
    {
        isDown = false;
        foreach (UpstreamServer server in _servers)
        {
            if (server is not { IsRetired: false, Cookie: { } cookie } || !cookie.Value.SequenceEqual(value))
                continue;
            isDown = !server.IsUsable;
            if (!isDown)
                return server;
        }
        return null;
    }

    /// <summary>
    /// Of <c>prefer_last_server</c>: the server of the client connection's previous request if it may take the next one, else null.
    /// </summary>
    public UpstreamServer? Preferred(UpstreamServer? last) =>
        _settings.PreferLastServer && last is { CanTakeNow: true, HasRoom: true } && !(HasLimits && Queue.HasWaiters)
            && Array.IndexOf(_servers, last) >= 0
            ? last : null;

    /// <summary>The wanted server if it is usable, else one by balance; null when there is no room.</summary>
    /// <param name="wanted">The server that the client's cookie names, or its last one where that is preferred, or null.</param>
    /// <param name="clientKey">As for <see cref="Choose"/>.</param>
    /// <param name="queue">As for <see cref="Choose"/>.</param>
    /// <param name="isItsTurn">As for <see cref="Choose"/>.</param>
    public UpstreamServer? ChooseWanted(UpstreamServer? wanted, ulong clientKey, out WaitQueue queue, bool isItsTurn = false)
    {
        if (wanted is not { IsUsable: true })
            return Choose(except: null, clientKey, out queue, isItsTurn);
        queue = wanted.Queue;
        return MayGoTo(wanted, isItsTurn) ? wanted : null;
    }

    /// <summary>
    /// The server for the next try, not the one that has just failed unless it is the only one; null when none has room.
    /// </summary>
    /// <param name="except">The one that has just failed.</param>
    /// <param name="clientKey">Hash of the client's address where <see cref="NeedsClientKey"/> says so.</param>
    /// <param name="queue">Where to wait when none has room: in the line of one server, or in that of the group.</param>
    /// <param name="isItsTurn">The exchange has waited and was first in line; else it may not overtake those who wait.</param>
    public UpstreamServer? Choose(UpstreamServer? except, ulong clientKey, out WaitQueue queue, bool isItsTurn = false)
    {
        queue = Queue;
        if (IsPending || (HasLimits && !isItsTurn && Queue.HasWaiters))
            return null;
        if (KeepsOrder)
            return FirstBalancer.Pick(_servers, except);
        switch (_settings.Balance)
        {
            case BalanceKind.LeastConnections:
                return LeastConnectionsBalancer.Pick(_servers, except, _roundRobin);
            case BalanceKind.RandomTwo:
                _randomTwo ??= new RandomTwoBalancer((ulong)Random.Shared.NextInt64());
                return _randomTwo.Pick(_servers, except);
            case BalanceKind.First:
                return FirstBalancer.Pick(_servers, except);
            case BalanceKind.SourceHash:
                UpstreamServer? own = SourceHashBalancer.Pick(_servers, except, clientKey);

                // In a retired group nobody waits for one server: whoever has room ends what is still there.
                if (own is not { IsUsable: true })
                    return _roundRobin.Pick(_servers, except);
                queue = own.Queue;
                return MayGoTo(own, isItsTurn) ? own : null;
            default:
                return _roundRobin.Pick(_servers, except);
        }
    }

    /// <summary>Servers may have gone up or down.</summary>
    public void FollowHealth()
    {
        foreach (UpstreamServer server in _servers)
            server.FollowHealth();
        Queue.ServeSoon();
    }

    /// <summary>A connect to the server failed.</summary>
    public void ConnectFailed(UpstreamServer server)
    {
        int index = Array.IndexOf(_servers, server);
        if (!KeepsOrder || index < 0)
            return;
        Array.Copy(_servers, index + 1, _servers, index, _servers.Length - index - 1);
        _servers[^1] = server;
    }

    /// <inheritdoc/>
    public QueueOutlook Outlook()
    {
        if (IsPending)
            return QueueOutlook.Full;
        QueueOutlook outlook = QueueOutlook.Useless;
        foreach (UpstreamServer server in _servers)
        {
            if (!server.TakesRequests)
                continue;
            if (server.CanTakeNow && server.HasRoom)
                return QueueOutlook.Room;
            outlook = server.CanTakeNow ? QueueOutlook.IdleElsewhere : outlook == QueueOutlook.Useless ? QueueOutlook.Full : outlook;
        }
        return outlook;
    }

    /// <inheritdoc/>
    public void AskForIdle()
    {
        foreach (UpstreamServer server in _servers)
        {
            if (!server.CanTakeNow)
                continue;
            server.AskForIdle();
            return;
        }
    }

    /// <inheritdoc/>
    public void MendPlaces(long nowMs)
    {
        foreach (UpstreamServer server in _servers)
            server.MendPlaces(nowMs);
    }

    /// <summary>Whether an exchange that goes to this server and no other may go now.</summary>
    private static bool MayGoTo(UpstreamServer server, bool isItsTurn) =>
        server.ConnectionsMax == 0 || ((isItsTurn || !server.Queue.HasWaiters) && server.HasRoom);

    /// <summary>The group is no longer in the configuration, or the process ends: its idle connections close, its cache is emptied.</summary>
    public void Retire()
    {
        Cache?.Close();
        Cache = null;
        Queue.Join(null);
        foreach (UpstreamServer server in _servers)
            server.Retire();
    }
}
