using System;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>
/// One server of a group on one loop: its address, its idle pool and its connection objects. Lends connections and decides which
/// may be pooled. Thread: the loop. Never chooses between servers (the balancer does) and never reads HTTP.
/// </summary>
internal sealed class UpstreamServer
{
    private readonly EventLoop _loop;
    private UpstreamConnection? _free;

    /// <summary>What the server's own idle timeout seems to be.</summary>
    private LearnedIdleTimeout _learned;
    private ServerSlot? _slot;
    private int _lentCount;
    private bool _wasUp = true;

    public UpstreamServer(EventLoop loop, LoopCounters counters, string name, IPEndPoint endPoint)
    {
        _loop = loop;
        Counters = counters;
        Name = name;
        NameHash = SourceHashBalancer.HashOf(Encoding.UTF8.GetBytes(name));
        EndPoint = endPoint;
        Peer = PeerAddress.Of(endPoint);
        Queue = new WaitQueue(loop, () => !IsUsable || HasRoom);
    }

    public string Name { get; }

    /// <summary>Share of the traffic relative to the other servers; 0 = none.</summary>
    public int Weight { get; private set; }

    /// <summary>Connections of this loop to the server at most, idle ones included; 0 = no limit.</summary>
    public int ConnectionsMax { get; private set; }

    /// <summary>Connections open or opening, idle ones included.</summary>
    public int OpenCount { get; private set; }

    /// <summary>True when an exchange whose cookie names this server may go to it, or wait for it.</summary>
    public bool IsUsable => !IsRetired && IsUp;

    /// <summary>What the stickiness cookie says for this server; null when its group has none.</summary>
    public ServerCookie? Cookie { get; private set; }

    /// <summary>Exchanges that wait for this server and no other, because their cookie or address leads to it.</summary>
    public WaitQueue Queue { get; }

    /// <summary>True when an exchange can be lent a connection.</summary>
    public bool HasRoom => ConnectionsMax == 0 || OpenCount < ConnectionsMax || Idle.Count > 0;

    /// <summary>False while the server fails its health checks.</summary>
    public bool IsUp => _slot is not { IsUp: false };

    /// <summary>True when the server gets requests at all, now or once it has room.</summary>
    public bool TakesRequests => Weight > 0 && IsUp;

    /// <summary>True when the server may be chosen now.</summary>
    public bool CanTakeNow => TakesRequests && HasRoom;

    /// <summary>Called when a connection became idle or ended, so that one who waits can go on.</summary>
    public Action? RoomAgain { get; set; }

    /// <summary>Id under which the access log knows the server.</summary>
    public int LogId { get; init; }

    /// <summary>Where its closed connections are entered; null when nobody keeps a ledger.</summary>
    public LedgerPage? Page { get; init; }

    public IPEndPoint EndPoint { get; }

    /// <summary>The address as the ledger shows it.</summary>
    internal PeerAddress Peer { get; }

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

    /// <summary>Hash of the name, for <see cref="SourceHashBalancer"/>.</summary>
    internal ulong NameHash { get; }

    /// <summary>Working value of the smooth weighted round robin.</summary>
    internal int CurrentWeight { get; set; }

    /// <summary>Working value of <see cref="LeastConnectionsBalancer"/>: the load during one choice.</summary>
    internal int LoadNow { get; set; }

    /// <summary>Takes over settings, at start and at reload; connections that are there stay.</summary>
    /// <param name="group">Settings of the group.</param>
    /// <param name="server">Settings of this server.</param>
    /// <param name="connectionsMax">This loop's share of the server's limit; 0 = no limit.</param>
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
        FollowHealth();
    }

    /// <summary>The server may have gone up or down: idle connections to one that is down close, and who waits for it goes on.</summary>
    public void FollowHealth()
    {
        if (_wasUp && !IsUp)
            PurgeIdle(ServerCloseReason.ServerDown);
        _wasUp = IsUp;
        Queue.ServeSoon();
    }

    /// <summary>Nothing is pooled any more: idle connections close now, busy ones after their exchange.</summary>
    public void Retire()
    {
        IsRetired = true;
        PurgeIdle(ServerCloseReason.Purged);
        Queue.ServeSoon();
    }

    /// <summary>The server has left its group: it retires, and who waits for it asks the group again.</summary>
    public void Leave()
    {
        Weight = 0;

        // The slot may soon be another server's.
        _slot?.SetRunning(0);
        _slot = null;
        Retire();
    }

    /// <summary>Lends the most recently used idle connection, or null when there is none that may be used.</summary>
    public UpstreamConnection? TakeIdle(IServerConnectionUser user)
    {
        while (Idle.Pop() is { } connection)
        {
            if (TryLend(connection, Idle, user))
                return connection;
        }
        return null;
    }

    /// <summary>Lends a pinned connection to its client's next exchange. False when it may not be used any more: it is closed then.</summary>
    public bool TakePinned(UpstreamConnection connection, IServerConnectionUser user)
    {
        Pinned.Remove(connection);
        return TryLend(connection, Pinned, user);
    }

    /// <summary>Begins a fresh connection.</summary>
    public UpstreamConnection Connect(IServerConnectionUser user)
    {
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

    /// <summary>A connection was given up.</summary>
    internal void ConnectionEnded()
    {
        OpenCount--;
        RoomAgain?.Invoke();
    }

    /// <summary>
    /// Begins a fresh connection although the pool may have idle ones. At the limit an idle one is closed for it; false when there is none.
    /// </summary>
    public bool TryMakeRoomForFresh()
    {
        if (ConnectionsMax > 0 && OpenCount >= ConnectionsMax)
            Idle.Oldest?.Discard(ServerCloseReason.PoolFull, reset: false);
        return ConnectionsMax == 0 || OpenCount < ConnectionsMax;
    }

    /// <summary>Closes all idle connections, pinned ones with those of their clients.</summary>
    public void PurgeIdle(ServerCloseReason reason)
    {
        while (Pinned.Oldest is { } pinned)
            pinned.EndPinned(reason, reset: false);
        while (Idle.Oldest is { } connection)
            connection.Discard(reason, reset: false);
    }

    /// <summary>Why no connection of this server outlives its exchange, whoever keeps it, or None.</summary>
    internal ServerCloseReason JudgeKeeping() =>
        IsRetired ? ServerCloseReason.Purged
        : !IsUp ? ServerCloseReason.ServerDown
        : Keepalive.Enabled && Keepalive.Reuse != ReusePolicy.Never ? ServerCloseReason.None : ServerCloseReason.ReuseOff;

    /// <summary>Why a connection that ended its exchange cleanly may not be pooled, or None; makes room by closing the oldest one.</summary>
    internal ServerCloseReason JudgeForPool(UpstreamConnection connection, long nowMs)
    {
        ServerCloseReason reason = Judge(connection, 0, nowMs);
        if (reason == ServerCloseReason.None && Idle.Count >= Keepalive.MaxIdle)
            Idle.Oldest!.Discard(ServerCloseReason.PoolFull, reset: false);
        return reason;
    }

    /// <summary>Why a connection may not carry a further request, or None.</summary>
    internal ServerCloseReason Judge(UpstreamConnection connection, int waitingUses, long nowMs)
    {
        Check.That(!connection.IsPinned, "a connection with authentication is for one client");
        ServerCloseReason reason = JudgeKeeping();
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
