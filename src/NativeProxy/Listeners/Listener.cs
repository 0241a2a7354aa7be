using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Clients.Http1;
using NativeProxy.Config;
using NativeProxy.Exchanges;
using NativeProxy.Foundation;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Passthrough;
using NativeProxy.Pressure;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Listeners;

/// <summary>
/// One <c>[[listener]]</c> on one loop: takes connections within its limit, has them in the order in which they came, drains them, hands them on
/// after a reload. Thread: the loop. Never reads or writes a connection and knows nothing of requests.
/// </summary>
internal sealed class Listener : IConnectionAcceptor, ITimerOwner, IFrontendOwner
{
    private readonly Dictionary<string, TcpListenerSocket> _sockets = [];
    private readonly EventLoop _loop;
    private readonly ConnectionBudget _budget;
    private readonly IdleShedding? _shedding;
    private readonly Sessions _sessions;
    private readonly RequestService _service;
    private readonly TimerNode _idleWait;

    /// <summary>Who sends PROXY headers; empty when all do that connect.</summary>
    private readonly AddressNetwork[] _balancers;

    /// <summary>How near the listener is to its own limit of connections.</summary>
    private PressureGauge _connections;
    private int _leavingCount;
    private NewestFirst<ClientConnection> _live;
    private Arrival? _freeArrival;

    /// <param name="loop">The loop.</param>
    /// <param name="settings">Those of the listener.</param>
    /// <param name="service">Serves the requests.</param>
    /// <param name="budget">Client connections over all listeners.</param>
    /// <param name="page">Where closed connections are entered; null when nobody keeps a ledger.</param>
    /// <param name="shedding">Told of every connection; null when nobody sheds.</param>
    /// <param name="tcp">In mode "tcp", where the service serves nothing and logs what an arrival refuses; null else.</param>
    /// <param name="admission">Whose connections are taken; null when everybody's are.</param>
    /// <param name="tally">What is counted for the operator; null where nobody can look.</param>
    public Listener(
        EventLoop loop, ListenerSettings settings, RequestService service, ConnectionBudget budget, LedgerPage? page = null,
        IdleShedding? shedding = null, TcpTerms? tcp = null, ClientLimits? admission = null, LatencyRow? tally = null)
    {
        _loop = loop;
        Settings = settings;
        _service = service;
        _budget = budget;
        _shedding = shedding;
        Frontend = new Frontend(loop, settings, service.Scratch, service.Counters, this, service)
        {
            LogId = service.AccessLog?.Register(settings.Name) ?? 0,
            Page = page,
            Admission = admission,
            Recorder = service.Recorder,
            Tally = tally,
        };
        _sessions = tcp is null ? new SessionPool(Frontend) : new TcpSessionPool(Frontend, tcp);
        _idleWait = new TimerNode(this);
        _balancers = NetworkText.NetworksOf(settings.ProxyProtocolTrusted);
    }

    public ListenerSettings Settings { get; }

    /// <summary>TCP options of its connections.</summary>
    public SocketTuning Tuning => SocketTuning.Default with { DefersAccept = Settings.DefersAccept, Keepalive = Settings.TcpKeepalive };

    /// <summary>What its connections share.</summary>
    public Frontend Frontend { get; }

    /// <summary>The destinations of a forward proxy; null on a reverse proxy. At a reload the successor takes them over.</summary>
    public OriginTable? Origins => _service.Routes.Origins;

    /// <summary>How its connections are secured; null = they are not.</summary>
    public TlsServerPolicy? Tls { get; init; }

    /// <summary>Counts and limits handshakes; null where there are none.</summary>
    public HandshakeLimit? Handshakes { get; init; }

    /// <summary>Called on the loop thread when the last connection of a draining listener is gone.</summary>
    public Action<Listener>? Drained { get; set; }

    /// <summary>Client connections of this listener.</summary>
    public int ConnectionCount => _live.Count;

    /// <summary>Those of them that will stay unless something happens: without the ones that are being closed because of pressure.</summary>
    public int StayingCount => ConnectionCount - _leavingCount;

    /// <summary>How near the listener is to its own limit of connections.</summary>
    public ref PressureGauge Connections => ref _connections;

    /// <summary>The live connection that came here last, by a reload perhaps; the others follow by <see cref="Ordered{T}.Older"/>.</summary>
    public ClientConnection? NewestLive => _live.Newest;

    /// <summary>Who walks through the live connections over several turns; null when nobody does.</summary>
    public LiveWalk? Walk { get; set; }

    public bool MayAccept =>
        !Frontend.IsDraining && ConnectionCount < Frontend.Limits.MaxConnections && _budget.HasRoom && Handshakes is null or { HasRoom: true };

    public bool HasSocketToSpare => _budget.HasSocketToSpare;

    /// <summary>The listener that took this one's place at a reload, or null.</summary>
    public Listener? Successor { get; private set; }

    /// <summary>Starts accepting on a listening socket of this listener.</summary>
    /// <param name="bind">The address as configured.</param>
    /// <param name="socket">The socket.</param>
    public void Listen(string bind, TcpListenerSocket socket)
    {
        socket.Acceptor = this;
        _sockets.Add(bind, socket);
        socket.Resume();
    }

    /// <summary>Hands a listening socket out, at a reload; null when this listener has none for that address.</summary>
    public TcpListenerSocket? TakeSocket(string bind) => _sockets.Remove(bind, out TcpListenerSocket? socket) ? socket : null;

    /// <summary>
    /// A reload put another listener in this one's place: connections move over as soon as they are between two requests. Sockets that the
    /// successor did not take are closed.
    /// </summary>
    public void RetireFor(Listener successor)
    {
        Successor = successor;
        _sessions.Successor = successor._sessions;
        CloseSockets();
        ForEachLive(static connection => connection.FollowSuccessor());
    }

    /// <summary>Goes on accepting after a limit was reached.</summary>
    public void ResumeAccept()
    {
        foreach (TcpListenerSocket socket in _sockets.Values)
            socket.Resume();
    }

    /// <summary>
    /// Stops accepting and closes idle connections, at once or when they have had <c>keepalive.drain_wait</c> for one more request; all others
    /// close after their response.
    /// </summary>
    /// <param name="reason">Because the process stops, or because a reload removed the listener.</param>
    public void Drain(CloseReason reason)
    {
        Frontend.Ending = reason;
        CloseSockets();
        long waitMs = Frontend.Keepalive.DrainWaitMs;
        Frontend.IdleMayWait = waitMs > 0 && ConnectionCount > 0;
        if (Frontend.IdleMayWait)
            _loop.Wheel.Arm(_idleWait, _loop.Clock.NowMs + waitMs);
        else
            DrainIdle();
    }

    /// <summary>
    /// Stops accepting: another process has the addresses. It gets the connections as they idle; those that it cannot have close after their next
    /// response, or when their time is over. Said again, those that idle are offered again.
    /// </summary>
    /// <param name="heir">As <see cref="Frontend.Heir"/>.</param>
    public void HandOn(Func<ClientConnection, bool> heir)
    {
        Frontend.Heir = heir;
        Frontend.Ending = CloseReason.Upgraded;
        Frontend.IdleMayWait = true;
        CloseSockets();
        ForEachLive(static connection => connection.Drain());
        EndIfDrained();
    }

    /// <summary>Goes on with a connection that another process has accepted, whatever the limits: it is there.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="start">What is known of it.</param>
    public void Continue(TcpConnection connection, in SessionStart start)
    {
        Frontend.Counters.Add(CounterId.ClientConnectionsTakenOver);
        Frontend.Counters.Add(CounterId.ClientConnectionsOpen);
        _budget.Take();
        Serve(connection, start);
        _shedding?.Accepted(this);
    }

    /// <summary>Idle connections have waited long enough for one more request.</summary>
    void ITimerOwner.OnTimer(TimerNode node, long nowMs) => DrainIdle();

    /// <summary>
    /// After <see cref="Drain"/>: ends this many of the connections that are left, or all; those whose sockets are going away do not count. Returns
    /// how many it were.
    /// </summary>
    public int Cut(int countMax)
    {
        int count = 0;
        for (ClientConnection? connection = _live.Newest; connection is not null && count < countMax;)
        {
            ClientConnection? next = connection.Older;
            count += connection.Cut() ? 1 : 0;
            connection = next;
        }
        return count;
    }

    public void OnAccepted(TcpConnection connection)
    {
        Frontend.Counters.Add(CounterId.ClientConnectionsAccepted);
        Frontend.Counters.Add(CounterId.ClientConnectionsOpen);
        Frontend.Tally?.Count(Tally.Accepted);
        _budget.Take();
        bool hasHeader = Settings.ProxyProtocol && (_balancers.Length == 0 || AddressNetwork.AnyContains(_balancers, connection.Peer));
        if (hasHeader || Tls is not null)
            Await(connection, hasHeader);
        else
            Serve(connection, new SessionStart(Identity: null, _loop.Clock.NowMs, Frontend.Timeouts.RequestHeaderMs));
        _shedding?.Accepted(this);
    }

    public void OnAcceptFailed(SocketError error)
    {
        Frontend.Counters.Add(CounterId.AcceptFailures);
        _shedding?.AcceptFailed(error);
    }

    void IFrontendOwner.OnLeaves()
    {
        _leavingCount++;
        _budget.Leave();
    }

    public void OnEnded(ClientConnection connection)
    {
        bool wasFull = !MayAccept;
        Walk?.Leaves(connection);
        _live.Remove(connection);
        Free(connection);
        Frontend.Counters.Add(CounterId.ClientConnectionsOpen, -1);
        if (connection.IsShed)
            _leavingCount--;
        _budget.GiveBack(connection.IsShed);
        if (wasFull && MayAccept)
            ResumeAccept();
        EndIfDrained();
    }

    void IFrontendOwner.OnFollowed(ClientConnection connection)
    {
        Walk?.Leaves(connection);
        _live.Remove(connection);
        Successor!._live.Add(connection);
    }

    /// <summary>An arrival knows what its connection speaks: that goes on under another owner.</summary>
    /// <param name="arrival">The arrival, which is over.</param>
    /// <param name="identity">Who is there, where that is more than the peer.</param>
    /// <param name="startedMs">When the first byte came.</param>
    /// <param name="leftMs">How much of <c>timeouts.request_header</c> is left; 0 = no limit.</param>
    internal Session Arrived(Arrival arrival, ClientIdentity? identity, long startedMs, long leftMs)
    {
        TcpConnection connection = arrival.Leave();
        Session session = _sessions.Lend();
        _live.Replace(arrival, session);
        Walk?.IsReplaced(arrival, session);
        Free(arrival);
        session.Begin(connection, new SessionStart(identity, startedMs, leftMs));
        return session;
    }

    private void Serve(TcpConnection connection, in SessionStart start)
    {
        Session session = _sessions.Lend();
        _live.Add(session);
        session.Begin(connection, start);
    }

    private void Await(TcpConnection connection, bool hasHeader)
    {
        Arrival arrival = _freeArrival ?? new Arrival(this);
        _freeArrival = (Arrival?)arrival.Older;
        _live.Add(arrival);
        arrival.Begin(connection, hasHeader);
    }

    private void Free(ClientConnection connection)
    {
        if (connection is Session session)
        {
            _sessions.Return(session);
            return;
        }
        connection.Older = _freeArrival;
        _freeArrival = (Arrival)connection;
    }

    private void DrainIdle()
    {
        Frontend.IdleMayWait = false;
        ForEachLive(static connection => connection.Drain());
        EndIfDrained();
    }

    /// <summary>For what may take the connection out of the order.</summary>
    private void ForEachLive(Action<ClientConnection> act)
    {
        for (ClientConnection? connection = _live.Newest; connection is not null;)
        {
            ClientConnection? next = connection.Older;
            act(connection);
            connection = next;
        }
    }

    private void EndIfDrained()
    {
        if (!Frontend.IsDraining || ConnectionCount > 0)
            return;
        _loop.Wheel.Remove(_idleWait);
        Drained?.Invoke(this);
    }

    private void CloseSockets()
    {
        foreach (TcpListenerSocket socket in _sockets.Values)
            socket.Close();
        _sockets.Clear();
    }
}
