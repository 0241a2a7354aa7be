using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Caching;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Exchanges;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Securing;
using NativeProxy.Http1;
using NativeProxy.Ledger;
using NativeProxy.Listeners;
using NativeProxy.Metrics;
using NativeProxy.Pressure;
using NativeProxy.Recording;
using NativeProxy.Routing;
using NativeProxy.Routing.Limiting;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Http1;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;
using Listener = NativeProxy.Listeners.Listener;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The listeners and upstreams of one worker, as the settings say. Applies settings at start and again at each reload: connections,
/// pools and listening sockets whose identity is unchanged stay. Thread: the loop.
/// </summary>
internal sealed class TrafficPlan
{
    private readonly EventLoop _loop;
    private readonly WorkerPlace _place;
    private readonly LoopCounters _counters;
    private readonly SharedBoards _boards;
    private readonly SecurityInForce _security;
    private readonly GroupServerPlan _servers;
    private readonly ExchangeLog? _accessLog;
    private readonly CloseLedger _ledger;
    private readonly Recorder? _recorder;
    private readonly ConnectionBudget _budget;
    private readonly ExchangeStock _stock;
    private readonly IdleShedding _shedding;
    private readonly int _socketsMax;
    private readonly Action<string> _report;
    private readonly NameResolver _resolver;
    private readonly LoopLookups _lookups;
    private readonly OwnAddresses _ownAddresses = new();
    private readonly List<UpstreamGroup> _groups = [];
    private readonly List<Listener> _retired = [];
    private List<Listener> _listeners = [];
    private Action? _drained;
    private bool _isDraining;

    /// <param name="loop">The worker's loop.</param>
    /// <param name="place">Which worker it is.</param>
    /// <param name="counters">The worker's counters.</param>
    /// <param name="boards">What the workers agree on.</param>
    /// <param name="security">What secures the connections.</param>
    /// <param name="accessLog">Null when none is written.</param>
    /// <param name="ledger">Takes every close.</param>
    /// <param name="socketsMax">Descriptors that the process has for connections; 0 = unknown.</param>
    /// <param name="report">Takes lines for the error log; must not block.</param>
    public TrafficPlan(EventLoop loop, WorkerPlace place, LoopCounters counters, SharedBoards boards,
        TrafficSecurity security, ExchangeLog? accessLog, CloseLedger ledger, int socketsMax, Action<string> report)
    {
        _loop = loop;
        _place = place;
        _counters = counters;
        _boards = boards;
        _security = new SecurityInForce(loop, counters, security);
        _recorder = boards.Recordings is null ? null : new Recorder(boards.Recordings, place.Row, loop.Clock);
        _servers = new GroupServerPlan(loop, place, counters, boards, _security, accessLog, ledger, _recorder);
        _accessLog = accessLog;
        _ledger = ledger;
        _budget = new ConnectionBudget(loop) { RoomAgain = ResumeAccept };
        _stock = new ExchangeStock(loop, counters, place.Index == 0 ? report : static _ => { });
        _shedding = new IdleShedding(loop, counters, _budget, report);
        _socketsMax = socketsMax;
        _report = report;
        loop.Sockets.BeforeConnect = _shedding.MakeRoomForConnect;
        loop.Sockets.MayConnectAhead = () => !_isDraining && _shedding.HasRoomToSpare;
        loop.Sockets.AfterClose = _budget.SocketClosed;
        _lookups = new LoopLookups(_ownAddresses);
        _resolver = new NameResolver(loop, counters, _lookups.Begin, NameResolver.LookupsFor(socketsMax));
    }

    /// <summary>Whether listeners made from now on log their exchanges.</summary>
    public bool LogsExchanges { get; set; } = true;

    /// <summary>Takes the settings over.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="endPoints">Addresses of the servers.</param>
    /// <param name="newSockets">Listening sockets for the addresses that no listener had before; the plan then owns them.</param>
    /// <param name="tls">How listeners and servers are secured.</param>
    public void Apply(in ProxySettings settings, ServerEndPoints endPoints, IReadOnlyList<ListeningSocket> newSockets, TlsPolicies tls)
    {
        _security.Take(tls);
        _recorder?.Apply(settings.Recorder);
        _budget.SetLimits(settings.Runtime.MaxConnections, _socketsMax);
        _stock.ReplayBudget.BytesMax = settings.Runtime.ReplayBytes;
        _lookups.Apply(settings.Resolver);
        ApplyUpstreams(settings, endPoints);
        List<Listener> old = _listeners;
        _listeners = MakeListeners(settings);
        GiveSockets(old, newSockets);
        old.ForEach(Retire);
        _retired.RemoveAll(listener => listener.ConnectionCount == 0);
        _shedding.Apply(settings.Runtime.ShedIdleAtPercent, AllListeners, [.. _groups]);
    }

    /// <summary>
    /// Accepts on the sockets of a worker that is not there, each for the listener that names its address; one that nobody names any more, or
    /// that comes when the worker drains, is closed here. A reload leaves them behind: the supervisor then sends those that still count.
    /// </summary>
    public void Adopt(int worker, IReadOnlyList<ListeningSocket> sockets)
    {
        foreach (ListeningSocket adopted in sockets)
        {
            Listener? listener = _isDraining ? null : _listeners.Find(listener => listener.Settings.Bind.Contains(adopted.Bind));
            if (listener is null)
                adopted.Socket.Dispose();
            else
                Serve(listener, AdoptedSockets.NameOf(worker, adopted.Bind), _loop.ListenShared(adopted.Socket, listener, listener.Tuning));
        }
    }

    /// <summary>The other worker is back: leaves its sockets to it. What was accepted on them stays.</summary>
    public void Release(int worker) => AdoptedSockets.Release(_listeners, worker);

    /// <summary>Session tickets are sealed and opened with these keys from now on.</summary>
    public void Take(TicketRings rings) => _security.Take(rings);

    /// <summary>Looks whether the worker runs short of anything.</summary>
    public void LookForPressure() => _shedding.Look();

    /// <summary>Shows how many connections and waiting requests it has.</summary>
    public void ShowTallies() => TallyView.Show(_groups, _listeners, _retired);

    /// <summary>All listeners, retired ones with connections included.</summary>
    public Listener[] AllListeners => [.. _listeners, .. _retired];

    /// <summary>Servers have other addresses; everything else stays.</summary>
    /// <param name="endPoints">The addresses of all servers of the present settings.</param>
    public void ChangeAddresses(ServerEndPoints endPoints)
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            for (int j = 0; j < _groups[i].Servers.Count; j++)
                _groups[i].Servers[j].ChangeAddresses(endPoints.Of(i, j));
            _groups[i].Queue.ServeSoon();
        }
    }

    /// <summary>Servers may have gone up or down.</summary>
    public void FollowHealth()
    {
        foreach (UpstreamGroup group in _groups)
            group.FollowHealth();
    }

    /// <summary>True when workers have to agree on who may open a connection, so that they call each other.</summary>
    public bool SharesLimits => _place.RowCount > 1 && _groups.Exists(static group => group.HasLimits);

    /// <summary>Another worker has called.</summary>
    public void FollowBoard()
    {
        foreach (UpstreamGroup group in _groups)
            group.FollowBoard();
    }

    /// <summary>Stops accepting and calls back when the last connection has ended.</summary>
    public void Drain(Action drained)
    {
        _drained = drained;
        _isDraining = true;
        Array.ForEach(AllListeners, static listener => listener.Drain(CloseReason.Draining));
    }

    /// <summary>Leaves addresses and idle connections to the process that comes after this one; calls back as <see cref="Drain"/> does.</summary>
    /// <param name="line">Over which they go; null = they cannot.</param>
    /// <param name="drained">Called once.</param>
    public void HandOn(Socket? line, Action drained)
    {
        _isDraining = true;
        HeirLine? heir = null;
        _drained = () =>
        {
            heir?.Close();
            drained();
        };
        heir = Succession.HandOn(_loop, AllListeners, line);
    }

    /// <inheritdoc cref="Succession.Continue"/>
    public void Continue(in HandedClient client, string listener, int descriptor) =>
        Succession.Continue(_loop, _listeners, client, listener, descriptor);

    /// <summary>After <see cref="Drain"/> or <see cref="HandOn"/>: ends this many of what is left, or all. Returns how many it were.</summary>
    public int Cut(int countMax)
    {
        int count = 0;
        foreach (Listener listener in AllListeners)
            count += listener.Cut(countMax - count);
        return count;
    }

    /// <summary>Upstreams have these servers; what was there before stays, and so does everything else.</summary>
    public void ApplyUpstreams(in ProxySettings settings, ServerEndPoints endPoints)
    {
        var kept = new List<UpstreamGroup>();
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            UpstreamSettings upstream = settings.Upstreams[i].WithFullLoad((long)settings.Runtime.MaxConnections * _place.Count);
            UpstreamGroup group = _groups.Find(group => group.Name == upstream.Name)
                ?? new UpstreamGroup(_loop, upstream.Name, _accessLog?.Register(upstream.Name) ?? 0) { Report = _report };
            group.Apply(upstream, _servers.Of(group, upstream, endPoints, i), slot: _boards.Servers.FindGroup(upstream.Name, _place.Row));
            group.Load.Tally = _boards.Latencies.Find(TallyNames.OfUpstream(upstream.Name), _place.Row);
            group.Latency = _boards.Latencies.Find(LatencyNames.OfUpstream(upstream.Name), _place.Row);
            group.Cache = ResponseCache.Of(upstream.Cache, group.Cache, _counters, _loop.Clock, _boards.Changes);
            kept.Add(group);
        }
        foreach (UpstreamGroup group in _groups)
        {
            if (!kept.Contains(group))
                group.Retire();
        }
        _groups.Clear();
        _groups.AddRange(kept);
    }

    private List<Listener> MakeListeners(in ProxySettings settings)
    {
        WireScratch scratch = ListenerScratch.For(settings.Listeners);
        _stock.CacheFetches.Streams = _stock.Mirrors.Streams = user => new Http1ServerStream(user, _loop, scratch);
        Func<string, int>? register = _accessLog is null ? null : _accessLog.Register;
        var limits = new LimitPlan(settings.RateLimits, _boards.Limits, _place.Row, register);
        Func<string, LatencyRow?> latencyOf = route => _boards.Latencies.Find(LatencyNames.OfRoute(route), _place.Row);
        var routes = new ListenerRoutes(_loop, settings, _groups) { Limits = limits, Latency = latencyOf, Register = register };
        var listeners = new List<Listener>();
        foreach (ListenerSettings listener in settings.Listeners)
            listeners.Add(MakeListener(listener, scratch, routes));
        _stock.Users.Follow(routes.Logins);
        return listeners;
    }

    private Listener MakeListener(ListenerSettings settings, WireScratch scratch, ListenerRoutes routes)
    {
        OriginTable? origins = settings.Mode == ListenerMode.Forward ? OriginsOf(settings) : null;
        var table = new RouteTable(settings, routes.UpstreamOf(settings), origins, routes.Of(settings, _accessLog?.Register(settings.Name) ?? 0),
            routes.Limits);
        var service = new RequestService(_loop, settings, table, scratch, _counters)
        {
            AccessLog = LogsExchanges ? _accessLog : null,
            Stock = _stock,
            Recorder = _recorder,
            Streams = user => new Http1ServerStream(user, _loop, scratch),
        };
        return new Listener(_loop, settings, service, _budget, _ledger.ForListener(settings.Name), _shedding, routes.TcpOf(settings),
            new ClientLimits(settings, _boards.Limits, _place.Row), _boards.Latencies.Find(TallyNames.OfListener(settings.Name), _place.Row))
        {
            Drained = ListenerDrained,
            Tls = _security.OfListener(settings),
            Handshakes = _security.HandshakesOf(settings, ResumeAccept),
        };
    }

    /// <summary>The destinations of a forward proxy with their connections, from the listener of this name that was there before.</summary>
    private OriginTable OriginsOf(in ListenerSettings settings)
    {
        string name = settings.Name;
        OriginTable origins = _listeners.Find(listener => listener.Settings.Name == name)?.Origins
            ?? new OriginTable(_loop, _counters, _resolver, _ownAddresses)
        {
            GroupLogId = _accessLog?.Register("forward") ?? 0,
            ServerLogId = _accessLog?.Register("direct") ?? 0,
            Page = _ledger.ForServer("forward", "direct"),
            Recorder = _recorder,
        };
        origins.Apply(settings.Forward);
        return origins;
    }

    /// <summary>Each address goes to the listener that names it: from the one that had it before, or from the new sockets.</summary>
    private void GiveSockets(List<Listener> old, IReadOnlyList<ListeningSocket> newSockets)
    {
        foreach (Listener listener in _listeners)
        {
            SocketTuning tuning = listener.Tuning;
            foreach (string bind in listener.Settings.Bind)
            {
                TcpListenerSocket? socket = null;
                foreach (Listener before in old)
                    socket ??= before.TakeSocket(bind);
                socket?.Tune(tuning);
                foreach (ListeningSocket fresh in newSockets)
                {
                    if (socket is null && fresh.Bind == bind)
                        socket = fresh.IsShared ? _loop.ListenShared(fresh.Socket, listener, tuning) : _loop.Listen(fresh.Socket, listener, tuning);
                }
                if (socket is not null)
                    Serve(listener, bind, socket);
            }
        }
    }

    private void Serve(Listener listener, string bind, TcpListenerSocket socket)
    {
        socket.Security = _security.OfSocket(listener.Settings);
        listener.Listen(bind, socket);
    }

    private void Retire(Listener listener)
    {
        Listener? successor = _listeners.Find(candidate => candidate.Settings.Name == listener.Settings.Name);
        _retired.Add(listener);
        if (listener.Origins != successor?.Origins)
            listener.Origins?.Retire();
        if (successor is null)
            listener.Drain(CloseReason.ListenerRemoved);
        else
            listener.RetireFor(successor);
    }

    private void ResumeAccept()
    {
        foreach (Listener listener in _listeners)
            listener.ResumeAccept();
    }

    private static bool IsInUse(Listener listener) => listener.ConnectionCount > 0;

    private void ListenerDrained(Listener drained)
    {
        if (_drained is null || _listeners.Exists(IsInUse) || _retired.Exists(IsInUse))
            return;
        _stock.CacheFetches.CutAll();
        _stock.Mirrors.CutAll();
        foreach (UpstreamGroup group in _groups)
            group.Retire();
        foreach (Listener listener in AllListeners)
            listener.Origins?.Retire();
        _drained();
        _drained = null;
    }
}
