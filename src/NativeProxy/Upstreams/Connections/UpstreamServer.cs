using System;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// One server of a group on one loop: its address, its idle pool and its connection objects. Lends connections and decides which
/// may be pooled. Thread: the loop. Never chooses between servers (the balancer does) and never reads HTTP.
/// </summary>
internal sealed class UpstreamServer : IQueueOwner
{
    private readonly EventLoop _loop;
    private UpstreamConnection? _free;

    /// <summary>What the server's own idle timeout seems to be.</summary>
    private LearnedIdleTimeout _learned;
    private ServerSlot? _slot;

    /// <summary>The places that this server's connections take up, over all workers; null where nothing limits them or nobody else counts.</summary>
    private ServerPlaces? _places;
    private int _lentCount;
    private bool _wasUp = true;

    public UpstreamServer(EventLoop loop, LoopCounters counters, string name, params IPEndPoint[] endPoints)
    {
        _loop = loop;
        Counters = counters;
        Name = name;
        NameHash = StableHash.Of(Encoding.UTF8.GetBytes(name));
        Addresses = new ServerAddressRing(endPoints);
        Queue = new WaitQueue(loop, this);
    }

    public string Name { get; }

    /// <summary>Share of the traffic relative to the other servers; 0 = none.</summary>
    public int Weight { get; private set; }

    /// <summary>Connections of all workers to the server at most, idle ones included; 0 = no limit.</summary>
    public int ConnectionsMax { get; private set; }

    /// <summary>Connections of this loop that are open or opening, idle ones included.</summary>
    public int OpenCount { get; private set; }

    /// <summary>True when an exchange whose cookie names this server may go to it, or wait for it.</summary>
    public bool IsUsable => !IsRetired && IsUp;

    /// <summary>What the stickiness cookie says for this server; null when its group has none.</summary>
    public ServerCookie? Cookie { get; private set; }

    /// <summary>Exchanges that wait for this server and no other, because their cookie or address leads to it.</summary>
    public WaitQueue Queue { get; }

    /// <summary>True when an exchange can be lent a connection.</summary>
    public bool HasRoom => ConnectionsMax == 0 || Idle.Count > 0 || TakenCount < ConnectionsMax;

    /// <summary>True when idle connections of other workers stand in the way, which will be closed when they are asked for.</summary>
    public bool HasIdleElsewhere => _places is { } places && places.HasIdleElsewhere();

    /// <summary>False while the server fails its health checks, or its name stands for no address.</summary>
    public bool IsUp => _slot is not { IsUp: false } && Addresses.Count > 0;

    /// <summary>True when the server gets requests at all, now or once it has room.</summary>
    public bool TakesRequests => Weight > 0 && IsUp;

    /// <summary>
    /// True when the server may be chosen now: it has room, or would have were it not for idle connections of other workers, and nobody waits for
    /// this server and no other.
    /// </summary>
    public bool CanTakeNow => TakesRequests && (ConnectionsMax == 0 || (!Queue.HasWaiters && (HasRoom || HasIdleElsewhere)));

    /// <summary>Called when a connection became idle or ended, so that one who waits can go on.</summary>
    public Action? RoomAgain { get; set; }

    /// <summary>Where those wait who may go to this server as well as to others; null when it is in no group.</summary>
    public WaitQueue? GroupQueue { get; set; }

    /// <summary>Id under which the access log knows the server.</summary>
    public int LogId { get; init; }

    /// <summary>Where its closed connections are entered; null when nobody keeps a ledger.</summary>
    public LedgerPage? Page { get; init; }

    /// <summary>Where it is reached.</summary>
    public ServerAddressRing Addresses { get; }

    /// <summary>The address as it stands in the settings; empty for a server that does not come from them.</summary>
    public string ConfiguredAddress { get; init; } = "";

    public LoopCounters Counters { get; }

    public UpstreamKeepaliveSettings Keepalive { get; private set; }

    public long ConnectTimeoutMs { get; private set; }

    /// <summary>A response of this server said how long it keeps idle connections.</summary>
    public void IdleTimeoutAnnounced(int seconds) => _learned.Announced(seconds, _loop.Clock.NowMs);

    /// <summary>The server closed a connection that was idle this long.</summary>
    internal void ClosedIdle(long idleAgeMs) => _learned.ServerClosed(idleAgeMs, _loop.Clock.NowMs);

    /// <summary>How long a connection may idle from now on, and why it is then closed; 0 = without a limit.</summary>
    internal long IdleTimeoutMs(out ServerCloseReason reason)
    {
        long learnedMs = Keepalive.LearnIdleTimeout ? _learned.RetireAfterMs(_loop.Clock.NowMs) : 0;
        bool isLearned = learnedMs > 0 && (Keepalive.IdleTimeoutMs == 0 || learnedMs < Keepalive.IdleTimeoutMs);
        reason = isLearned ? ServerCloseReason.LearnedIdleTimeout : ServerCloseReason.IdleTimeout;
        return isLearned ? learnedMs : Keepalive.IdleTimeoutMs;
    }

    /// <summary>TCP options of new connections.</summary>
    public SocketTuning Tuning { get; private set; } = SocketTuning.Default;

    /// <summary>True once the server or its group is no longer in the configuration: nothing is pooled any more.</summary>
    public bool IsRetired { get; private set; }

    public IdlePool Idle { get; } = new();

    /// <summary>
    /// Connections that wait each for the one client that authenticated on it; they count as open, but are nobody else's and give no
    /// room. The limits of the pool do not hold for them.
    /// </summary>
    public IdlePool Pinned { get; } = new();

    /// <summary>Connections lent to users, connecting ones included.</summary>
    public int LentCount
    {
        get => _lentCount;
        private set
        {
            _lentCount = value;
            _slot?.SetRunning(value);
        }
    }

    /// <summary>Requests that run on the server, over all workers where they share a board.</summary>
    public int RunningCount => _slot?.Running() ?? _lentCount;

    /// <summary>Hash of the name, for balancing by the client's address.</summary>
    internal ulong NameHash { get; }

    /// <summary>Working value of balancing by load: the load during one choice.</summary>
    internal int LoadNow { get; set; }

    /// <summary>How often balancing by two random servers has picked it on this loop.</summary>
    internal long PickedCount { get; set; }

    /// <summary>Takes over settings, at start and at reload; connections that are there stay.</summary>
    /// <param name="group">Settings of the group.</param>
    /// <param name="server">Settings of this server.</param>
    /// <param name="connectionsMax">Connections of all workers at most; 0 = no limit.</param>
    /// <param name="slot">What all workers know about the server; null when nobody shares anything.</param>
    public void Apply(in UpstreamSettings group, in UpstreamServerSettings server, int connectionsMax, ServerSlot? slot = null)
    {
        Keepalive = group.Keepalive;
        ConnectTimeoutMs = group.Timeouts.ConnectMs;
        Tuning = SocketTuning.Default with { Keepalive = group.TcpKeepalive };
        Weight = server.Weight;
        ConnectionsMax = connectionsMax;
        Cookie = ServerCookie.Of(group.Cookie, server);
        _slot = slot;
        _slot?.SetRunning(_lentCount);
        Queue.Join(connectionsMax == 0 ? null : slot?.Line);
        CountPlacesOn(connectionsMax == 0 ? null : slot?.Places);

        // More than the limit now allows may be open: idle ones close, the others when their exchanges have ended.
        while (IsAboveLimit && Idle.Oldest is { } idle)
            idle.Discard(ServerCloseReason.PoolFull, reset: false);
        FollowHealth();
    }

    /// <inheritdoc/>
    public QueueOutlook Outlook() =>
        !IsUsable ? QueueOutlook.Useless : HasRoom ? QueueOutlook.Room : HasIdleElsewhere ? QueueOutlook.IdleElsewhere : QueueOutlook.Full;

    /// <inheritdoc/>
    public void AskForIdle() => _places?.AskForIdle();

    /// <inheritdoc/>
    public void MendPlaces(long nowMs) => _places?.Mend(nowMs);

    /// <summary>Another worker has called: an idle connection is given up if one was asked for, and who waits may go on.</summary>
    public void FollowBoard()
    {
        if (Idle.Oldest is { } idle && _places is { } places && places.TakeWish())
            idle.Discard(ServerCloseReason.PoolFull, reset: false);
        Queue.Serve();
    }

    /// <summary>The server may have gone up or down: idle connections to one that is down close, and who waits for it goes on.</summary>
    public void FollowHealth()
    {
        if (_wasUp && !IsUp)
            PurgeIdle(ServerCloseReason.ServerDown);
        _wasUp = IsUp;
        Queue.ServeSoon();
    }

    /// <summary>
    /// The server's name stands for these addresses now: new connections use them, those to addresses that it has left close when they are idle.
    /// Limits count all addresses together.
    /// </summary>
    public void ChangeAddresses(IPEndPoint[] endPoints)
    {
        if (!Addresses.Replace(endPoints))
            return;
        CloseLeft(Pinned);
        CloseLeft(Idle);
        FollowHealth();
        RoomAgain?.Invoke();
    }

    private static void CloseLeft(IdlePool pool)
    {
        UpstreamConnection? next = pool.Oldest;
        while (next is { } connection)
        {
            next = connection.Newer;
            if (connection.Address.HasLeft)
                connection.EndWaiting(ServerCloseReason.AddressLeft, reset: false);
        }
    }

    /// <summary>Nothing is pooled any more: idle connections close now, busy ones after their exchange.</summary>
    public void Retire()
    {
        IsRetired = true;
        PurgeIdle(ServerCloseReason.Purged);

        // The slot may soon be another server's. What still runs is limited by this loop alone.
        _slot?.SetRunning(0);
        CountPlacesOn(null);
        Queue.Join(null);
        _slot = null;
        Queue.ServeSoon();
    }

    /// <summary>The server has left its group: it retires, and who waits for it asks the group again.</summary>
    public void Leave()
    {
        Weight = 0;
        Retire();
    }

    /// <summary>Lends the most recently used idle connection, or null when there is none that may be used.</summary>
    public UpstreamConnection? TakeIdle(IServerConnectionUser user)
    {
        while (Idle.Pop() is { } connection)
        {
            if (TryLend(connection, Idle, user))
            {
                ShowIdle();
                return connection;
            }
        }
        return null;
    }

    /// <summary>Lends a pinned connection to its client's next exchange. False when it may not be used any more: it is closed then.</summary>
    public bool TakePinned(UpstreamConnection connection, IServerConnectionUser user)
    {
        Pinned.Remove(connection);
        return TryLend(connection, Pinned, user);
    }

    /// <summary>
    /// Begins a fresh connection although the pool may have idle ones. At the limit an idle one of this loop is closed for it; null when there is
    /// none.
    /// </summary>
    public UpstreamConnection? TryConnect(IServerConnectionUser user) =>
        TryTakePlace() || (Idle.Oldest is { } idle && TryReplace(idle)) ? Open(user) : null;

    private UpstreamConnection Open(IServerConnectionUser user)
    {
        _loop.BeforeConnect?.Invoke();
        UpstreamConnection connection = _free ?? new UpstreamConnection(this, _loop);
        _free = connection.NextFree;
        connection.NextFree = null;
        LentCount++;
        OpenCount++;
        Counters.Add(CounterId.ServerConnects);
        connection.Open(user);
        return connection;
    }

    /// <summary>Lends a connection to a further user, whose request goes out behind those in flight.</summary>
    public void Follow(UpstreamConnection connection, IServerConnectionUser user)
    {
        LentCount++;
        Counters.Add(CounterId.ServerReuses);
        Counters.Add(CounterId.ServerRequestsPipelined);
        connection.Follow(user);
    }

    /// <summary>A user gives up before its turn on the connection has come.</summary>
    public void Unfollow(UpstreamConnection connection, IServerConnectionUser user)
    {
        LentCount--;
        connection.Unfollow(user);
    }

    /// <summary>
    /// The user of a connection is done with it: None hands it on to who follows, or gives it back to the pool; any other reason closes it.
    /// </summary>
    /// <param name="restBytes">How many of the bytes delivered last belong to who follows.</param>
    public void Release(UpstreamConnection connection, ServerCloseReason reason, bool reset = false, int restBytes = 0)
    {
        LentCount--;
        if (reason == ServerCloseReason.None && connection.TryHandOn(restBytes))
            return;
        if (reason == ServerCloseReason.None)
            connection.GiveBack();
        else
            connection.Discard(reason, reset);
        RoomAgain?.Invoke();
    }

    /// <summary>The turn of a following user will not come.</summary>
    internal void FollowerEnded() => LentCount--;

    /// <summary>A connection was given up, its socket is closed.</summary>
    internal void ConnectionEnded()
    {
        OpenCount--;
        _places?.GiveBack(1);
        RoomAgain?.Invoke();
    }

    /// <summary>A connection came to the idle ones, or left them.</summary>
    internal void ShowIdle() => _places?.ShowIdle(Idle.Count);

    /// <summary>Closes all idle connections, pinned ones with those of their clients.</summary>
    public void PurgeIdle(ServerCloseReason reason)
    {
        while (Pinned.Oldest is { } pinned)
            pinned.EndPinned(reason, reset: false);
        while (Idle.Oldest is { } connection)
            connection.Discard(reason, reset: false);
    }

    /// <summary>Why no connection of this server outlives its exchange, whoever keeps it, or None.</summary>
    internal ServerCloseReason JudgeKeeping(UpstreamConnection connection) =>
        IsRetired ? ServerCloseReason.Purged
        : connection.Address.HasLeft ? ServerCloseReason.AddressLeft
        : !IsUp ? ServerCloseReason.ServerDown
        : Keepalive.Enabled && Keepalive.Reuse != ReusePolicy.Never ? ServerCloseReason.None : ServerCloseReason.ReuseOff;

    /// <summary>Why a connection that ended its exchange cleanly may not be pooled, or None; makes room by closing the oldest one.</summary>
    internal ServerCloseReason JudgeForPool(UpstreamConnection connection, long nowMs)
    {
        ServerCloseReason reason = Judge(connection, 0, nowMs);
        if (reason == ServerCloseReason.None && _places is not null && (IsAboveLimit || GoesToAnotherWorker()))
            return ServerCloseReason.PoolFull;
        if (reason == ServerCloseReason.None && Idle.Count >= Keepalive.MaxIdle)
            Idle.Oldest!.Discard(ServerCloseReason.PoolFull, reset: false);
        return reason;
    }

    /// <summary>Why a connection may not carry a further request, or None.</summary>
    internal ServerCloseReason Judge(UpstreamConnection connection, int waitingUses, long nowMs)
    {
        Check.That(!connection.IsPinned, "a connection with authentication is for one client");
        ServerCloseReason reason = JudgeKeeping(connection);
        if (reason != ServerCloseReason.None)
            return reason;
        if (Keepalive.MaxIdle == 0)
            return ServerCloseReason.ReuseOff;
        if (Keepalive.MaxRequests > 0 && connection.UseCount + waitingUses >= Keepalive.MaxRequests)
            return ServerCloseReason.MaxRequests;
        if (Keepalive.MaxAgeMs > 0 && nowMs - connection.OpenedAtMs >= Keepalive.MaxAgeMs)
            return ServerCloseReason.MaxAge;
        return ServerCloseReason.None;
    }

    private int TakenCount => _places?.OpenCount ?? OpenCount;

    private bool IsAboveLimit => ConnectionsMax > 0 && TakenCount > ConnectionsMax;

    /// <summary>
    /// True at the limit when another worker has the next in line: its place goes there. Those who can go to no other server come first. A connection
    /// cannot be handed over, so it is closed.
    /// </summary>
    private bool GoesToAnotherWorker()
    {
        if (TakenCount < ConnectionsMax)
            return false;
        return Queue.HasWaiters ? Queue.IsNextElsewhere : TakesRequests && GroupQueue is { IsNextElsewhere: true };
    }

    private bool TryTakePlace() => ConnectionsMax == 0 || (_places is { } places ? places.TryTake(ConnectionsMax) : OpenCount < ConnectionsMax);

    private bool TryReplace(UpstreamConnection idle)
    {
        idle.Discard(ServerCloseReason.PoolFull, reset: false);
        return TryTakePlace();
    }

    /// <summary>Counts the connections on other places from now on; null = by this loop alone.</summary>
    private void CountPlacesOn(ServerPlaces? places)
    {
        if (_places is null && places is null)
            return;
        _places?.GiveBack(OpenCount);
        _places?.ShowIdle(0);
        _places = places;
        _places?.TakeAnyway(OpenCount);
        ShowIdle();
    }

    /// <summary>Lends a connection that was just taken out of its pool, or closes it from there.</summary>
    private bool TryLend(UpstreamConnection connection, IdlePool pool, IServerConnectionUser user)
    {
        ServerCloseReason reason = connection.JudgeWaiting();
        if (reason == ServerCloseReason.None)
        {
            LentCount++;
            Counters.Add(CounterId.ServerReuses);
            connection.Reuse(user);
            return true;
        }
        pool.Push(connection);
        connection.Discard(reason, reset: reason == ServerCloseReason.SurplusBytes);
        return false;
    }

    internal void Recycle(UpstreamConnection connection)
    {
        connection.NextFree = _free;
        _free = connection;
    }
}
