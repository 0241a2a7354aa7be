using System.Net;
using System.Runtime.CompilerServices;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// One server of a group on one loop: lends connections to it and takes them back. Thread: the loop. Never chooses between servers (the balancer
/// does) and never reads HTTP.
/// </summary>
internal sealed class UpstreamServer
{
    private readonly EventLoop _loop;

    /// <summary>Opens connections ahead of requests; null where none is to idle before one comes.</summary>
    private WarmPool? _warm;

    public UpstreamServer(EventLoop loop, LoopCounters counters, string name, params EndPoint[] endPoints)
    {
        _loop = loop;
        Counters = counters;
        Name = name;
        Standing = new ServerStanding(endPoints) { Loop = loop };
        Load = new ServerLoad(name);
        Limit = new ServerLimit(loop, Standing, Load, Connections.Idle);
    }

    public string Name { get; }

    /// <summary>As the settings know it; nothing for a server that does not come from them.</summary>
    public ServerWords Words { get; init; } = new("", []);

    /// <summary>Id under which the access log knows the server.</summary>
    public int LogId { get; init; }

    /// <summary>Where its closed connections are entered; null when nobody keeps a ledger.</summary>
    public LedgerPage? Page { get; init; }

    /// <summary>As whom connections to it are opened where nothing else is asked for.</summary>
    public ConnectionIdentity Identity { get; init; } = ConnectionIdentity.Plain;

    public LoopCounters Counters { get; }

    /// <summary>What the stickiness cookie says for this server; null when its group has none.</summary>
    public ServerCookie? Cookie { get; private set; }

    /// <summary>Whether it gets requests at all.</summary>
    public ServerStanding Standing { get; }

    /// <summary>What balancers weigh.</summary>
    public ServerLoad Load { get; }

    /// <summary>How many connections it may have, and who gets the next one.</summary>
    public ServerLimit Limit { get; }

    /// <summary>How connections to it are opened and kept.</summary>
    public ConnectionTerms Terms { get; } = new();

    /// <summary>Its connections that nobody uses.</summary>
    public ServerConnections Connections { get; } = new();

    public IdlePool Idle => Connections.Idle;

    /// <summary>False while the server fails its health checks, or its name stands for no address.</summary>
    public bool IsUp => Standing.IsUp;

    /// <summary>True when an exchange can be lent a connection.</summary>
    public bool HasRoom => Limit.HasRoom;

    /// <summary>True when the server may be chosen now: it gets requests, and its limit lets one in.</summary>
    public bool CanTakeNow => Standing.TakesRequests && Limit.LetsIn;

    /// <summary>Connections lent to users, connecting ones included.</summary>
    public int LentCount => Load.LentCount;

    /// <summary>A response of this server said how long it keeps idle connections.</summary>
    public void IdleTimeoutAnnounced(int seconds) => Terms.IdleTimeoutAnnounced(seconds, _loop.Clock.NowMs);

    /// <summary>Takes over settings, at start and at reload; connections that are there stay.</summary>
    /// <param name="group">Settings of the group.</param>
    /// <param name="server">Settings of this server.</param>
    /// <param name="connectionsMax">Connections of all workers at most; 0 = no limit.</param>
    /// <param name="slot">What all workers know about the server; null when nobody shares anything.</param>
    public void Apply(in UpstreamSettings group, in UpstreamServerSettings server, int connectionsMax, ServerSlot? slot = null)
    {
        (SourceAddress? source, ProxyHeaderVersion header) = (Terms.Source, Terms.ProxyHeader);
        Terms.Apply(group, server);

        // Idle ones that come from elsewhere, or have begun in another way, would be used on.
        if (source != Terms.Source || header != Terms.ProxyHeader)
            Connections.Purge(ServerCloseReason.Purged);
        Standing.Apply(server.Weight, slot, server.Priority, server.IsBackup);
        Cookie = ServerCookie.Of(group.Cookie, server);
        Load.Apply(slot);
        Limit.Apply(connectionsMax, slot, server.MinConnections, server.MaxQueue > 0 ? server.MaxQueue : group.MaxQueue);
        FollowHealth();
        Warm(Terms.IdleMin);
    }

    /// <summary>
    /// The server may have gone up or down: connections to one that is down close as <c>health.on_down</c> says, and who waits for it goes on.
    /// </summary>
    public void FollowHealth()
    {
        if (Standing.HasGoneDown() && (Terms.OnDown != DownAction.Keep || Standing.Addresses.Count == 0))
            Connections.Purge(ServerCloseReason.ServerDown);
        if (!Standing.IsUp && Terms.OnDown == DownAction.CloseAll)
            Connections.BreakOff(ServerCloseReason.ServerDown);
        Limit.Queue.ServeSoon();
    }

    /// <summary>
    /// The server's name stands for these addresses now: new connections use them, those to addresses that it has left close when they are idle.
    /// Limits count all addresses together.
    /// </summary>
    public void ChangeAddresses(EndPoint[] endPoints)
    {
        if (!Standing.ChangeAddresses(endPoints))
            return;
        Connections.PurgeLeft();
        FollowHealth();
        Limit.RoomAgain?.Invoke();
    }

    /// <summary>
    /// The server or its group is no longer in the configuration, so nothing is pooled any more: idle connections close now, busy ones after their
    /// exchange.
    /// </summary>
    /// <param name="leavesGroup">The group goes on without it: it gets no requests any more, and who waits for it asks the group again.</param>
    public void Retire(bool leavesGroup = false)
    {
        Standing.Retire(leavesGroup);
        Warm(idleMin: 0);
        Connections.Purge(ServerCloseReason.Purged);

        // The slot may soon be another server's.
        Load.LeaveBoard();
        Limit.LeaveBoard();
        Standing.LeaveBoard();
        Limit.Queue.ServeSoon();
    }

    /// <summary>Lends the most recently used idle connection, or null when there is none that may be used.</summary>
    /// <param name="user">Who uses it.</param>
    /// <param name="identity">As whom; null = the server's own <see cref="Identity"/>.</param>
    public UpstreamConnection? TakeIdle(IServerConnectionUser user, ConnectionIdentity? identity = null)
    {
        identity ??= Identity;
        while (Idle.Pop(identity) is { } connection)
        {
            if (TryLend(connection, Idle, user, identity))
            {
                Limit.ShowIdle();
                _warm?.CountRequest();
                return connection;
            }
        }
        return null;
    }

    /// <summary>
    /// Lends a pinned connection to its client's next exchange. False when it may not be used any more, or not under this identity: it is closed
    /// then.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="user">Who uses it.</param>
    /// <param name="identity">As whom; null = the server's own <see cref="Identity"/>.</param>
    public bool TakePinned(UpstreamConnection connection, IServerConnectionUser user, ConnectionIdentity? identity = null)
    {
        Connections.Pinned.Remove(connection);
        return TryLend(connection, Connections.Pinned, user, identity ?? Identity);
    }

    /// <summary>
    /// Begins a fresh connection although the pool may have idle ones. At the limit an idle one of this loop is closed for it; null when there is
    /// none.
    /// </summary>
    /// <param name="user">Who uses it.</param>
    /// <param name="identity">As whom; null = the server's own <see cref="Identity"/>.</param>
    /// <param name="isAhead">No request has asked for it: it is nobody's load, and nothing is closed for it.</param>
    public UpstreamConnection? TryConnect(IServerConnectionUser user, ConnectionIdentity? identity = null, bool isAhead = false)
    {
        if (!(isAhead ? Limit.TryTakePlaceAhead() : Limit.TryTakePlace()))
            return null;
        _loop.Sockets.BeforeConnect?.Invoke();
        UpstreamConnection connection = Connections.Take(this, _loop);
        Counters.Add(CounterId.ServerConnects);
        if (isAhead)
            Counters.Add(CounterId.ServerConnectsAhead);
        else
            Load.Begin();
        connection.Open(user, identity ?? Identity, isAhead);
        if (!isAhead)
            _warm?.CountRequest();
        return connection;
    }

    /// <summary>Lends a connection to a further user, whose request goes out behind those in flight.</summary>
    public void Follow(UpstreamConnection connection, IServerConnectionUser user)
    {
        Load.Begin();
        Counters.Add(CounterId.ServerReuses);
        Counters.Add(CounterId.ServerRequestsPipelined);
        connection.Follow(user);
    }

    /// <summary>A user gives up before its turn on the connection has come.</summary>
    public void Unfollow(UpstreamConnection connection, IServerConnectionUser user)
    {
        Load.End();
        connection.Unfollow(user);
    }

    /// <summary>
    /// The user of a connection is done with it: None hands it on to who follows, or gives it back to the pool; any other reason closes it.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it must be closed, or None.</param>
    /// <param name="reset">Close it with RST.</param>
    /// <param name="restBytes">How many of the bytes delivered last belong to who follows.</param>
    public void Release(UpstreamConnection connection, ServerCloseReason reason, bool reset = false, int restBytes = 0)
    {
        if (connection.UseCount > 0)
            Load.End();
        if (reason == ServerCloseReason.None && connection.TryHandOn(restBytes))
            return;
        if (reason == ServerCloseReason.None)
            connection.GiveBack();
        else
            connection.Discard(reason, reset);
        Limit.RoomAgain?.Invoke();
    }

    /// <summary>Why no connection of this server outlives its exchange, whoever keeps it, or None.</summary>
    public ServerCloseReason JudgeKeeping(UpstreamConnection connection) => connection.Identity.Client is { HasLeft: true }
        ? ServerCloseReason.AnnouncedClientLeft
        : PoolRule.JudgeKeeping(Standing, connection.Address, Terms.Keepalive, keepsWhenDown: Terms.OnDown == DownAction.Keep);

    private void Warm(int idleMin)
    {
        if (idleMin > 0)
            (_warm ??= new WarmPool(this, _loop)).Apply(idleMin);
        else
            _warm?.Stop();
        if (idleMin == 0)
            _warm = null;
    }

    /// <summary>Lends a connection that was just taken out of its pool, or closes it from there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryLend(UpstreamConnection connection, IdlePool pool, IServerConnectionUser user, ConnectionIdentity identity)
    {
        // The pool gives only what fits; a pinned connection may be asked for as somebody else, whom its server would not answer.
        ServerCloseReason reason = connection.Identity == identity ? connection.TryReuse(user) : ServerCloseReason.PinnedClientLeft;
        if (reason == ServerCloseReason.None)
        {
            Load.Begin();
            Counters.Add(connection.UseCount > 1 ? CounterId.ServerReuses : CounterId.ServerConnectsAheadUsed);
            return true;
        }
        pool.Push(connection);
        connection.Discard(reason, reset: reason == ServerCloseReason.SurplusBytes);
        return false;
    }
}

/// <summary>What the settings say of a server's place.</summary>
/// <param name="Address">Its address as it stands there.</param>
/// <param name="HostName">What Host says where that is the server's own name.</param>
internal readonly record struct ServerWords(string Address, byte[] HostName);
