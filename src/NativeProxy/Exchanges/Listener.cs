using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Ledger;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Pressure;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Exchanges;

/// <summary>
/// One <c>[[listener]]</c> on one loop: takes connections within its limit, owns the session and exchange objects, and holds what all
/// sessions of the listener share. Thread: the loop. Never reads or writes a connection.
/// </summary>
internal sealed class Listener : IConnectionAcceptor, ITimerOwner
{
    private readonly Dictionary<string, TcpListenerSocket> _sockets = [];
    private readonly ConnectionBudget _budget;
    private readonly ListenerKeepaliveSettings _keepalive;
    private readonly ListenerTimeoutSettings _timeouts;
    private readonly ListenerLimitSettings _limits;
    private readonly IdleShedding? _shedding;

    /// <summary>How near the listener is to its own limit of connections.</summary>
    private PressureGauge _connections;
    private int _leavingCount;
    private readonly TimerNode _idleWait;
    private NewestFirst<ClientSession> _live;
    private ClientSession? _firstFree;
    private Exchange? _freeExchange;
    private ClientFarewell? _freeFarewell;

    public Listener(
        EventLoop loop, ListenerSettings settings, UpstreamGroup? upstream, OriginTable? origins, SessionScratch scratch, LoopCounters counters,
        ConnectionBudget budget, ExchangeLog? accessLog, IdleShedding? shedding = null)
    {
        Loop = loop;
        Settings = settings;
        _keepalive = settings.Keepalive;
        _timeouts = settings.Timeouts;
        _limits = settings.Limits;
        Upstream = upstream;
        Origins = origins;
        Scratch = scratch;
        Counters = counters;
        AccessLog = accessLog;
        DropsTrailers = settings.Trailers == TrailerPolicy.Drop;
        HeadLimits = new HeadLimits(
            settings.Limits.HeaderBytes, settings.Limits.HeaderCount, settings.Limits.RequestLineBytes,
            settings.NonAsciiTarget == NonAsciiTargetPolicy.Pass);
        LogId = accessLog?.Register(settings.Name) ?? 0;
        _budget = budget;
        _idleWait = new TimerNode(this);
        HalfClosed = new HalfClosedClients(settings.HalfClose, settings.Limits.HalfClosed, counters);
        PipeliningMax = settings.Keepalive.Enabled && settings.Keepalive.TimeoutMs > 0 ? settings.Pipelining : 1;
        _shedding = shedding;
        Forwarding = new ListenerForwarding(settings, isProxy: origins is not null, scratch);
    }

    public EventLoop Loop { get; }

    public ListenerSettings Settings { get; }

    /// <summary>Whether no trailer field passes, in either direction.</summary>
    public bool DropsTrailers { get; }

    public ref readonly ListenerKeepaliveSettings Keepalive => ref _keepalive;

    public ref readonly ListenerTimeoutSettings Timeouts => ref _timeouts;

    public ref readonly ListenerLimitSettings Limits => ref _limits;

    /// <summary>What becomes of the heads that pass.</summary>
    public ListenerForwarding Forwarding { get; }

    /// <summary>Where requests go; null on a forward proxy.</summary>
    public UpstreamGroup? Upstream { get; }

    /// <summary>The destinations of a forward proxy; null on a reverse proxy. At a reload the successor takes them over.</summary>
    public OriginTable? Origins { get; }

    public SessionScratch Scratch { get; }

    /// <summary>Memory for request bodies that may have to be sent again; one for all listeners of the worker.</summary>
    public required ReplayBudget ReplayBudget { get; init; }

    /// <summary>Where responses are read on for the cache when their client has gone; one for all listeners of the worker.</summary>
    public required CacheFetches CacheFetches { get; init; }

    /// <summary>Clients that have sent FIN and are still answered.</summary>
    public HalfClosedClients HalfClosed { get; }

    public LoopCounters Counters { get; }

    public ExchangeLog? AccessLog { get; }

    public HeadLimits HeadLimits { get; }

    /// <summary>Most requests of one connection in flight at once; 1 where each response closes its connection.</summary>
    public int PipeliningMax { get; }

    /// <summary>Id under which the access log knows the listener.</summary>
    public int LogId { get; }

    /// <summary>Where its closed connections are entered; null when nobody keeps a ledger.</summary>
    public LedgerPage? Page { get; init; }

    /// <summary>Why every connection ends after its exchange, once the process stops or the listener is gone; None before.</summary>
    public CloseReason Ending { get; private set; }

    /// <summary>True once responses say close, whatever else.</summary>
    public bool IsDraining => Ending != CloseReason.None;

    /// <summary>While a drain leaves idle connections open for one more request (<c>keepalive.drain_wait</c>).</summary>
    public bool IdleMayWait { get; private set; }

    /// <summary>Called on the loop thread when the last connection of a draining listener is gone.</summary>
    public Action<Listener>? Drained { get; set; }

    /// <summary>Client connections of this listener.</summary>
    public int SessionCount => _live.Count;

    /// <summary>Those of them that will stay unless something happens: without the ones that are being closed because of pressure.</summary>
    public int StayingCount => SessionCount - _leavingCount;

    /// <summary>What runs short, as the reason for which connections now close after their response; None when nothing does.</summary>
    public CloseReason Pressure { get; set; }

    /// <summary>How near the listener is to its own limit of connections.</summary>
    public ref PressureGauge Connections => ref _connections;

    /// <summary>The live session that was accepted last; the others follow by <see cref="Ordered{T}.Older"/>.</summary>
    public ClientSession? NewestLive => _live.Newest;

    public bool MayAccept => !IsDraining && SessionCount < _limits.MaxConnections && _budget.HasRoom;

    /// <summary>True when a client may have more than one request under way on server connections of their own.</summary>
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
    /// A reload put another listener in this one's place: sessions move over as soon as they are between two requests. Sockets that the
    /// successor did not take are closed.
    /// </summary>
    public void RetireFor(Listener successor)
    {
        Successor = successor;
        CloseSockets();
        for (ClientSession? session = _live.Newest; session is not null;)
        {
            ClientSession? next = session.Older;
            session.FollowSuccessor();
            session = next;
        }
    }

    /// <summary>Takes a session over from the listener that this one replaced.</summary>
    public void Adopt(ClientSession session, Listener from)
    {
        from._live.Remove(session);
        _live.Add(session);
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
        Ending = reason;
        CloseSockets();
        IdleMayWait = _keepalive.DrainWaitMs > 0 && SessionCount > 0;
        if (IdleMayWait)
            Loop.Wheel.Arm(_idleWait, Loop.Clock.NowMs + _keepalive.DrainWaitMs);
        else
            DrainIdle();
    }

    /// <summary>Idle connections have waited long enough for one more request.</summary>
    public void OnTimer(TimerNode node, long nowMs) => DrainIdle();

    /// <summary>
    /// After <see cref="Drain"/>: ends this many of the connections that are left, or all; those whose sockets are going away do not count. Returns
    /// how many it were.
    /// </summary>
    public int Cut(int countMax)
    {
        int count = 0;
        for (ClientSession? session = _live.Newest; session is not null && count < countMax;)
        {
            ClientSession? next = session.Older;
            count += session.Cut() ? 1 : 0;
            session = next;
        }
        return count;
    }

    public void OnAccepted(TcpConnection connection)
    {
        Counters.Add(CounterId.ClientConnectionsAccepted);
        Counters.Add(CounterId.ClientConnectionsOpen);
        _budget.Take();
        ClientSession session = _firstFree ?? new ClientSession(this);
        _firstFree = session.Older;
        _live.Add(session);
        session.Begin(connection);
        _shedding?.Accepted(this);
    }

    public void OnAcceptFailed(SocketError error)
    {
        Counters.Add(CounterId.AcceptFailures);
        _shedding?.AcceptFailed(error);
    }

    /// <summary>A session is being closed because of pressure; <see cref="SessionEnded"/> follows.</summary>
    public void SessionLeaves()
    {
        _leavingCount++;
        _budget.Leave();
    }

    /// <summary>A session's socket is gone.</summary>
    public void SessionEnded(ClientSession session)
    {
        bool wasFull = !MayAccept;
        _live.Remove(session);
        session.Older = _firstFree;
        _firstFree = session;
        Counters.Add(CounterId.ClientConnectionsOpen, -1);
        if (session.IsShed)
            _leavingCount--;
        _budget.GiveBack(session.IsShed);
        if (wasFull && MayAccept)
            ResumeAccept();
        EndIfDrained();
    }

    public Exchange LendExchange()
    {
        Exchange exchange = _freeExchange ?? new Exchange(this);
        _freeExchange = exchange.NextFree;
        exchange.NextFree = null;
        Counters.Add(CounterId.RequestsInFlight);
        return exchange;
    }

    public void ReturnExchange(Exchange exchange)
    {
        Counters.Add(CounterId.RequestsInFlight, -1);
        Counters.Add(CounterId.BytesToClients, exchange.SentBytes);
        CountStatus(exchange.StatusCode);
        exchange.Release();
        exchange.NextFree = _freeExchange;
        _freeExchange = exchange;
    }

    /// <summary>Lends the object that ends a connection; it gives itself back.</summary>
    public ClientFarewell LendFarewell()
    {
        ClientFarewell farewell = _freeFarewell ?? new ClientFarewell(this);
        _freeFarewell = farewell.NextFree;
        farewell.NextFree = null;
        return farewell;
    }

    public void ReturnFarewell(ClientFarewell farewell)
    {
        farewell.NextFree = _freeFarewell;
        _freeFarewell = farewell;
    }

    public void LogExchange(ClientSession session, Exchange exchange)
    {
        session.Account.RequestEnded(session.Client, exchange.Times.StartedMs, Loop.Clock.NowMs);
        AccessLog?.Write(this, session, exchange);
        if (ProxyEvents.Log.IsEnabled())
        {
            ProxyEvents.Log.ExchangeEnded(
                session.Client.Id, exchange.RequestNumber, exchange.StatusCode == 0 ? AccessNumbers.Unknown : exchange.StatusCode,
                (int)(Loop.Clock.NowMs - exchange.Times.StartedMs),
                exchange.ConnectionFacts.Id, exchange.ConnectionFacts.UseCount);
        }
    }

    /// <summary>Logs a request that was answered without an exchange.</summary>
    public void LogRejected(
        ClientSession session, ProxyError error, RejectReason detail, CloseReason reason, int statusCode, ReadOnlySpan<byte> answer,
        ReadOnlySpan<byte> bytes, bool showsLine, long startedMs)
    {
        session.Account.RequestEnded(session.Client, startedMs, Loop.Clock.NowMs);
        Counters.Add(CounterId.BytesToClients, answer.Length);
        CountStatus(statusCode);
        AccessLog?.WriteRejected(this, session, error, detail, reason, statusCode, answer, bytes, showsLine, startedMs);
    }

    /// <summary>Counts why a client connection is closed.</summary>
    public void CountClose(ClientSession session, CloseReason reason)
    {
        Counters.Add(CloseCounters.Of(reason));
        session.Account.Decide(session.Client, reason, Loop.Clock.NowMs);
        if (ProxyEvents.Log.IsEnabled())
            ProxyEvents.Log.ClientConnectionClosed(session.Client.Id, CloseReasons.CodeOf(reason));
    }

    /// <summary>Enters a connection into the ledger: its socket is gone.</summary>
    public void EnterClose(ClientSession session)
    {
        if (Page is not { } page)
            return;
        CloseRecord record = session.Account.Close(session.Client, session.Address, session.RequestCount, Loop.Clock.NowMs);
        page.Enter(ref record);
    }

    private void DrainIdle()
    {
        IdleMayWait = false;
        for (ClientSession? session = _live.Newest; session is not null;)
        {
            ClientSession? next = session.Older;
            session.Drain();
            session = next;
        }
        EndIfDrained();
    }

    private void EndIfDrained()
    {
        if (!IsDraining || SessionCount > 0)
            return;
        Loop.Wheel.Remove(_idleWait);
        Drained?.Invoke(this);
    }

    private void CloseSockets()
    {
        foreach (TcpListenerSocket socket in _sockets.Values)
            socket.Close();
        _sockets.Clear();
    }

    private void CountStatus(int statusCode)
    {
        // What has no class counts as 5xx (RFC 9110 15).
        if (statusCode >= 200)
            Counters.Add((CounterId)((int)CounterId.Responses2xx + Math.Min(statusCode / 100, 5) - 2));
    }
}
