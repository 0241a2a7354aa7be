using System;
using NativeProxy.Foundation;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// How many connections a server may have, over all workers, and who gets the next one: the places, the line of those who wait for this server and
/// no other, and the idle connections that give way. All identities count together. Owner: an <see cref="UpstreamServer"/>; thread: the loop. Never
/// opens a connection.
/// </summary>
internal sealed class ServerLimit : IQueueOwner
{
    private readonly ServerStanding _standing;
    private readonly ServerLoad _load;
    private readonly IdlePool _idle;

    /// <summary>The places that this server's connections take up, over all workers; null where nothing limits them or nobody else counts.</summary>
    private ServerPlaces? _places;

    /// <summary>Where operators say of the limit; null when nobody shares anything.</summary>
    private ServerSlot? _slot;
    private int _connectionsMaxInFile;

    public ServerLimit(EventLoop loop, ServerStanding standing, ServerLoad load, IdlePool idle)
    {
        _standing = standing;
        _load = load;
        _idle = idle;
        Queue = new WaitQueue(loop, this);
    }

    /// <summary>Connections of all workers to the server at most, idle ones included; 0 = no limit.</summary>
    public int ConnectionsMax { get; private set; }

    /// <summary>Requests at once from which on the limit grows; 0 = it does not.</summary>
    public int RequestsMin { get; private set; }

    /// <summary>Requests that the server may have at once now, over all workers: below the limit while it starts slowly or the load is low.</summary>
    public int RequestsNow { get; private set; }

    /// <summary>Connections of this loop that are open or opening, idle ones included.</summary>
    public int OpenCount { get; private set; }

    /// <summary>Exchanges that wait for this server and no other, because their cookie or address leads to it.</summary>
    public WaitQueue Queue { get; }

    /// <summary>Where those wait who may go to this server as well as to others; null when it is in no group.</summary>
    public WaitQueue? GroupQueue { get; set; }

    /// <summary>Called when a connection became idle or ended, so that one who waits can go on.</summary>
    public Action? RoomAgain { get; set; }

    /// <summary>True when an exchange can be lent a connection.</summary>
    public bool HasRoom => ConnectionsMax == 0 || (!IsHeldBack && (_idle.Count > 0 || TakenCount < ConnectionsMax));

    /// <summary>True when idle connections of other workers stand in the way, which will be closed when they are asked for.</summary>
    public bool HasIdleElsewhere => _places is { } places && places.HasIdleElsewhere();

    /// <summary>
    /// True when a request may go to the server now: there is room, or would be were it not for idle connections of other workers, and nobody waits
    /// for this server and no other.
    /// </summary>
    public bool LetsIn => ConnectionsMax == 0 || (!Queue.HasWaiters && !IsHeldBack && (HasRoom || HasIdleElsewhere));

    /// <summary>True when who would have to wait for this server may not even do that.</summary>
    public bool IsQueueFull => ConnectionsMax > 0 && Queue.IsFull;

    /// <summary>As many requests run as may now, although there could be more connections.</summary>
    private bool IsHeldBack => RequestsNow < ConnectionsMax && _load.RunningCount >= RequestsNow;

    private int Wanted => _slot?.Limit.Wanted ?? _connectionsMaxInFile;

    private int TakenCount => _places?.OpenCount ?? OpenCount;

    private bool IsAboveLimit => ConnectionsMax > 0 && TakenCount > ConnectionsMax;

    /// <summary>Takes over settings. What an operator has set of the limit comes before them.</summary>
    /// <param name="connectionsMax">Connections of all workers at most; 0 = no limit.</param>
    /// <param name="slot">What all workers know about the server; null when nobody shares anything.</param>
    /// <param name="requestsMin">Requests at once from which on the limit grows; 0 = it does not.</param>
    /// <param name="queueMax">How many may wait for this server and no other; 0 = no limit.</param>
    public void Apply(int connectionsMax, ServerSlot? slot, int requestsMin = 0, int queueMax = 0)
    {
        (_connectionsMaxInFile, _slot) = (connectionsMax, slot);
        ConnectionsMax = RequestsNow = Wanted;
        RequestsMin = requestsMin;
        Queue.Join(ConnectionsMax == 0 ? null : slot?.Line, queueMax);
        CountOn(ConnectionsMax == 0 ? null : slot?.Places);

        // More than the limit now allows may be open: idle ones close, the others when their exchanges have ended. Workers that look at the same
        // time may each close one for the same place: an idle one less is nobody's loss.
        while (IsAboveLimit && _idle.Oldest is { } idle)
            idle.Discard(ServerCloseReason.PoolFull, reset: false);
    }

    /// <summary>Has an operator set another limit? True when it is another one now; who waits may have to go on.</summary>
    public bool FollowOperator()
    {
        if (Wanted == ConnectionsMax)
            return false;
        Apply(_connectionsMaxInFile, _slot, RequestsMin, Queue.CountMax);
        return true;
    }

    /// <summary>
    /// Looks how many requests the server may have now: with the load of its group they grow from the least to the limit (HAProxy's minconn and
    /// fullconn); a slow start lowers both.
    /// </summary>
    /// <param name="groupLoad">Requests of the group in flight.</param>
    /// <param name="fullLoad">So many at which the limit is reached; above 0.</param>
    /// <returns>True when more may run than at the last look.</returns>
    public bool Follow(int groupLoad, int fullLoad)
    {
        int before = RequestsNow;
        long now = ConnectionsMax;
        if (RequestsMin > 0)
            now = Math.Clamp(now * Math.Min(groupLoad, fullLoad) / fullLoad, Math.Min(RequestsMin, now), now);
        RequestsNow = ConnectionsMax == 0 ? 0 : (int)Math.Max(1, now * _standing.LimitPercent / 100);
        return RequestsNow > before;
    }

    /// <summary>What still runs is limited by this loop alone.</summary>
    public void LeaveBoard()
    {
        _slot = null;
        CountOn(null);
        Queue.Join(null);
    }

    /// <inheritdoc/>
    public QueueOutlook Outlook() =>
        !_standing.IsUsable ? QueueOutlook.Useless
        : HasRoom ? QueueOutlook.Room
        : HasIdleElsewhere && !IsHeldBack ? QueueOutlook.IdleElsewhere
        : QueueOutlook.Full;

    /// <inheritdoc/>
    public void AskForIdle() => _places?.AskForIdle();

    /// <inheritdoc/>
    public void MendPlaces(long nowMs) => _places?.Mend(nowMs);

    /// <summary>Another worker has called: an idle connection is given up if one was asked for, and who waits may go on.</summary>
    public void FollowBoard()
    {
        if (_idle.Oldest is { } idle && _places is { } places && places.TakeWish())
            idle.Discard(ServerCloseReason.PoolFull, reset: false);
        Queue.Serve();
    }

    /// <summary>
    /// Takes the place of a connection that is about to be opened; at the limit an idle one of this loop is closed for it, whatever its identity.
    /// </summary>
    public bool TryTakePlace()
    {
        bool isTaken = TryTakeFreePlace();
        if (!isTaken && _idle.Oldest is { } idle)
        {
            idle.Discard(ServerCloseReason.PoolFull, reset: false);
            isTaken = TryTakeFreePlace();
        }
        if (isTaken)
            OpenCount++;
        return isTaken;
    }

    /// <summary>
    /// Takes the place of a connection that no request has asked for: none that somebody waits for, and no more than this worker's part of the limit,
    /// so that workers do not warm up at each other's cost.
    /// </summary>
    public bool TryTakePlaceAhead()
    {
        if (ConnectionsMax > 0)
        {
            bool isWaitedFor = Queue.HasWaiters || GroupQueue is { HasWaiters: true };
            if (isWaitedFor || OpenCount >= ConnectionsMax / (_places?.SharerCount ?? 1) || !TryTakeFreePlace())
                return false;
        }
        OpenCount++;
        return true;
    }

    /// <summary>A connection was given up, its socket is closed.</summary>
    public void GivePlaceBack()
    {
        OpenCount--;
        _places?.GiveBack(1);
        RoomAgain?.Invoke();
    }

    /// <summary>Why one more connection may not become idle, or None; makes room by closing the oldest one.</summary>
    /// <param name="idleMax">Idle connections at most, 1 or more.</param>
    public ServerCloseReason MakeIdleRoom(int idleMax)
    {
        if (_places is not null && (IsAboveLimit || GoesToAnotherWorker()))
            return ServerCloseReason.PoolFull;
        if (_idle.Count >= idleMax)
            _idle.Oldest!.Discard(ServerCloseReason.PoolFull, reset: false);
        return ServerCloseReason.None;
    }

    /// <summary>A connection came to the idle ones, or left them.</summary>
    public void ShowIdle() => _places?.ShowIdle(_idle.Count);

    /// <summary>
    /// True at the limit when another worker has the next in line: its place goes there. Those who can go to no other server come first. A connection
    /// cannot be handed over, so it is closed.
    /// </summary>
    private bool GoesToAnotherWorker()
    {
        if (TakenCount < ConnectionsMax)
            return false;
        return Queue.HasWaiters ? Queue.IsNextElsewhere : _standing.TakesRequests && GroupQueue is { IsNextElsewhere: true };
    }

    private bool TryTakeFreePlace() =>
        ConnectionsMax == 0 || (_places is { } places ? places.TryTake(ConnectionsMax) : OpenCount < ConnectionsMax);

    /// <summary>Counts the connections on other places from now on; null = by this loop alone.</summary>
    private void CountOn(ServerPlaces? places)
    {
        if (_places is null && places is null)
            return;
        _places?.GiveBack(OpenCount);
        _places?.ShowIdle(0);
        _places = places;
        _places?.TakeAnyway(OpenCount);
        ShowIdle();
    }
}
