using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Pressure;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Listeners;

/// <summary>
/// Closes idle connections of one worker when it runs short of connections, descriptors or buffer memory, the oldest first, and tells the
/// listeners to keep no further ones meanwhile. Owner: the worker; thread: the loop. Costs nothing per request: it looks at levels when a
/// connection is accepted, once a second, and every 100 ms under pressure, and at connections under pressure only, in one pass per batch.
/// Never touches a connection with a request in progress, or with the beginning of one.
/// </summary>
internal sealed class IdleShedding : ITimerOwner
{
    /// <summary>Connections of a side that are closed in one go at most: some ten milliseconds of work.</summary>
    private const int BatchMax = 1024;

    /// <summary>How often it looks while something is short.</summary>
    private const int RepeatMs = 100;

    /// <summary>
    /// A client has this long to send its first request, and a server connection used within this time is not spare: no sooner do they count as idle.
    /// </summary>
    private const int FreshMs = 1000;

    /// <summary>Server connections that are closed when the last descriptor is taken, so that this is not done for each connect.</summary>
    private const int RoomForConnects = 8;

    /// <summary>Where no level says how many must go (memory, a failed accept) it is one in so many.</summary>
    private const int ShareOfConnections = 16;

    private readonly EventLoop _loop;
    private readonly LoopCounters _counters;
    private readonly ConnectionBudget _budget;
    private readonly WorkerPressure _pressure = new();
    private readonly PressureReport _descriptorReport;
    private readonly PressureReport _memoryReport;
    private readonly OldestFirst<ClientConnection> _clients = new();
    private readonly OldestFirst<UpstreamConnection> _servers = new();
    private readonly TimerNode _timer;
    private IReadOnlyList<Listener> _listeners = [];
    private IReadOnlyList<UpstreamGroup> _groups = [];

    /// <summary>As last judged: the worker as a whole, or some listener that is near its own limit.</summary>
    private bool _descriptorsAreShort;
    private bool _memoryIsShort;
    private long _nextBatchMs;

    /// <summary>True exactly when an accept has failed since the last batch.</summary>
    private bool _acceptFailed;

    /// <param name="loop">The loop.</param>
    /// <param name="counters">Of the worker.</param>
    /// <param name="budget">Client connections over all listeners.</param>
    /// <param name="report">Takes lines for the error log; must not block.</param>
    public IdleShedding(EventLoop loop, LoopCounters counters, ConnectionBudget budget, Action<string> report)
    {
        _loop = loop;
        _counters = counters;
        _budget = budget;
        _descriptorReport = new PressureReport("connections or descriptors", report);
        _memoryReport = new PressureReport("memory", report);
        _timer = new TimerNode(this);
    }

    /// <summary>
    /// True when a connection may be opened that nobody has asked for: nothing is short or about to be, and each client keeps its pair of
    /// descriptors.
    /// </summary>
    public bool HasRoomToSpare => !IsShort && _budget.HasSocketToSpare && !_pressure.ReachesAMark(Levels());

    private bool IsShort => _descriptorsAreShort || _memoryIsShort;

    /// <summary>Takes settings over, at start and at reload.</summary>
    /// <param name="percent">The high mark in percent; 0 = nothing is ever closed for want of resources.</param>
    /// <param name="listeners">All listeners, retired ones with connections included.</param>
    /// <param name="groups">All upstreams.</param>
    public void Apply(int percent, IReadOnlyList<Listener> listeners, IReadOnlyList<UpstreamGroup> groups)
    {
        _listeners = listeners;
        _groups = groups;
        _pressure.Apply(percent, _budget.ConnectionsMax, _budget.SocketsMax);
        foreach (Listener listener in listeners)
            listener.Connections.SetMarks(listener.Frontend.Limits.MaxConnections, percent);
        Look();
    }

    /// <summary>A listener took a connection.</summary>
    public void Accepted(Listener listener)
    {
        MakeRoomForConnect();
        if (IsShort || listener.StayingCount >= listener.Connections.HighMark || _pressure.ReachesAMark(Levels()))
            Look();
    }

    /// <summary>A connection could not be accepted for want of descriptors or memory.</summary>
    public void AcceptFailed(SocketError error)
    {
        if (!_pressure.AcceptFailed(error == SocketError.NoBufferSpaceAvailable, _loop.Clock.NowMs))
            return;
        _acceptFailed = true;
        Look();
    }

    /// <summary>
    /// A connection to a server is going to be opened, or a client's was accepted: when no descriptor is left, idle server connections are closed,
    /// however young, whatever <c>shed_idle_at</c> says. There are some then, because each client has a pair of descriptors.
    /// </summary>
    public void MakeRoomForConnect()
    {
        if (!_budget.IsOutOfSockets)
            return;
        int closed = CloseServers(RoomForConnects, _loop.Clock.NowMs, freshMs: 0);
        _counters.Add(CounterId.ShedServersDescriptors, closed);
    }

    public void OnTimer(TimerNode node, long nowMs) => Look();

    /// <summary>Judges the levels, and closes idle connections where something is short; called once a second besides.</summary>
    public void Look()
    {
        long nowMs = _loop.Clock.NowMs;
        Judge(nowMs);
        if (IsShort && nowMs >= _nextBatchMs)
        {
            CloseBatch(nowMs);

            // What was closed has left the levels: where that is enough, no response need say close.
            Judge(nowMs);
        }
        foreach (Listener listener in _listeners)
        {
            listener.Frontend.Pressure = _pressure.DescriptorsAreShort ? CloseReason.DescriptorPressure
                : listener.Connections.IsShort ? CloseReason.ListenerPressure
                : _memoryIsShort ? CloseReason.MemoryPressure
                : CloseReason.None;
        }
        if (IsShort)
            _loop.Wheel.Arm(_timer, nowMs + RepeatMs);
    }

    private PressureLevels Levels() => new(_budget.Staying, _loop.Sockets.Count - _loop.Sockets.ClosingCount, _loop.Pools.LentPermille);

    private void Judge(long nowMs)
    {
        PressureLevels levels = Levels();
        _pressure.Judge(levels, nowMs);
        bool descriptorsAreShort = _pressure.DescriptorsAreShort;
        foreach (Listener listener in _listeners)
        {
            listener.Connections.Judge(listener.StayingCount);
            descriptorsAreShort |= listener.Connections.IsShort;
        }
        Note(ref _descriptorsAreShort, descriptorsAreShort, CounterId.PressureDescriptors, CounterId.PressureEpisodesDescriptors);
        Note(ref _memoryIsShort, _pressure.MemoryIsShort, CounterId.PressureMemory, CounterId.PressureEpisodesMemory);
        _descriptorReport.Update(_descriptorsAreShort, levels, nowMs);
        _memoryReport.Update(_memoryIsShort, levels, nowMs);
    }

    private void Note(ref bool known, bool isShort, CounterId gauge, CounterId episodes)
    {
        if (isShort && !known)
            _counters.Add(episodes);
        known = isShort;
        _counters.Set(gauge, isShort ? 1 : 0);
    }

    /// <summary>
    /// Spare server connections go first: a new one costs less than a client's new connection from afar. They help against a lack of
    /// descriptors and memory, not of client connections.
    /// </summary>
    private void CloseBatch(long nowMs)
    {
        PressureLevels levels = Levels();
        bool goesByShare = _acceptFailed || _pressure.BuffersAreAtHighMark(levels);
        _acceptFailed = false;
        long excess = Math.Max(_pressure.SocketExcess(levels), goesByShare ? (levels.Sockets / ShareOfConnections) + 1 : 0);
        int servers = CloseServers(excess, nowMs, FreshMs);
        long clientExcess = Math.Max(_pressure.ClientExcess(levels), excess - servers);
        CloseReason shortage = _pressure.DescriptorsAreShort ? CloseReason.DescriptorPressure : CloseReason.MemoryPressure;
        int clients = CloseClients(_listeners, clientExcess, shortage, nowMs);
        bool isEnough = clients >= clientExcess && !goesByShare;
        foreach (Listener listener in _listeners)
        {
            long ownExcess = listener.Connections.Excess(listener.StayingCount);
            int own = ownExcess == 0 ? 0 : CloseClients([listener], ownExcess, CloseReason.ListenerPressure, nowMs);
            clients += own;
            isEnough &= own >= ownExcess;
        }
        if (!isEnough)
            _nextBatchMs = nowMs + RepeatMs;
        _counters.Add(_descriptorsAreShort ? CounterId.ShedClientsDescriptors : CounterId.ShedClientsMemory, clients);
        _counters.Add(_descriptorsAreShort ? CounterId.ShedServersDescriptors : CounterId.ShedServersMemory, servers);
        (_descriptorsAreShort ? _descriptorReport : _memoryReport).Shed(clients, servers);
    }

    private int CloseClients(IReadOnlyList<Listener> listeners, long count, CloseReason reason, long nowMs)
    {
        if (count <= 0)
            return 0;
        _clients.Begin((int)Math.Min(count, BatchMax));
        foreach (Listener listener in listeners)
        {
            for (ClientConnection? client = listener.NewestLive; client is not null; client = client.Older)
            {
                long sinceMs = client.IdleSinceMs;
                if (sinceMs >= 0 && (client.RequestCount > 0 || nowMs - sinceMs >= FreshMs))
                    _clients.Offer(client, sinceMs, client.Id);
            }
        }
        _clients.Sort();
        int closed = 0;
        for (int i = 0; i < _clients.Count; i++)
            closed += _clients[i].TryShed(reason) ? 1 : 0;
        _clients.Clear();
        return closed;
    }

    private int CloseServers(long count, long nowMs, int freshMs)
    {
        if (count <= 0)
            return 0;
        _servers.Begin((int)Math.Min(count, BatchMax));
        foreach (UpstreamGroup group in _groups)
            OfferServers(group, nowMs, freshMs);
        foreach (Listener listener in _listeners)
        {
            // A reload hands the origins on to the successor, where they are found once.
            for (Origin? origin = listener.Successor is null ? listener.Origins?.Newest : null; origin is not null; origin = origin.Older)
                OfferServers(origin.Group, nowMs, freshMs);
        }
        _servers.Sort();
        int closed = _servers.Count;
        for (int i = 0; i < closed; i++)
        {
            _servers[i]
                .Discard(_memoryIsShort && !_descriptorsAreShort && freshMs > 0
                    ? ServerCloseReason.MemoryPressure
                    : ServerCloseReason.DescriptorPressure, reset: false);
        }

        _servers.Clear();
        return closed;
    }

    /// <summary>A pool is in order already: behind the first one that is too young, all are.</summary>
    private void OfferServers(UpstreamGroup group, long nowMs, int freshMs)
    {
        foreach (UpstreamServer server in group.Servers)
        {
            UpstreamConnection? connection = server.Idle.Oldest;
            while (connection is not null && nowMs - connection.IdleSinceMs >= freshMs
                && _servers.Offer(connection, connection.IdleSinceMs, connection.Id))
            {
                connection = connection.Newer;
            }
        }
    }
}
