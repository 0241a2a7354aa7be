using System;
using NativeProxy.Claims;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>
/// What all client connections of one listener share on one loop: its settings, its state, who serves their requests, where their ends are
/// counted. Owner: the listener; thread: the loop. Never touches a connection.
/// </summary>
internal sealed class Frontend
{
    private readonly ListenerKeepaliveSettings _keepalive;
    private readonly ListenerTimeoutSettings _timeouts;
    private readonly ListenerLimitSettings _limits;
    private readonly AddressNetwork[] _probes;
    private ClientFarewell? _freeFarewell;

    /// <param name="loop">The loop.</param>
    /// <param name="settings">Those of the listener.</param>
    /// <param name="scratch">Where messages are put together.</param>
    /// <param name="counters">Of the worker.</param>
    /// <param name="owner">Who has the connections.</param>
    /// <param name="service">Who serves their requests.</param>
    public Frontend(
        EventLoop loop, in ListenerSettings settings, WireScratch scratch, LoopCounters counters, IFrontendOwner owner, IRequestService service)
    {
        Loop = loop;
        Name = settings.Name;
        Scratch = scratch;
        Counters = counters;
        Owner = owner;
        Service = service;
        _keepalive = settings.Keepalive;
        _timeouts = settings.Timeouts;
        _limits = settings.Limits;
        _probes = NetworkText.NetworksOf(settings.Monitor.Networks);
        HeadLimits = HeadLimits.Of(settings);
        Claims = ClientClaims.Of(settings);
        HalfClosed = new HalfClosedClients(settings.HalfClose, settings.Limits.HalfClosed, counters);
        PipeliningMax = settings.Keepalive.KeepsConnections ? settings.Pipelining : 1;
    }

    public EventLoop Loop { get; }

    public WireScratch Scratch { get; }

    public LoopCounters Counters { get; }

    public IFrontendOwner Owner { get; }

    public IRequestService Service { get; }

    public ref readonly ListenerKeepaliveSettings Keepalive => ref _keepalive;

    public ref readonly ListenerTimeoutSettings Timeouts => ref _timeouts;

    public ref readonly ListenerLimitSettings Limits => ref _limits;

    public HeadLimits HeadLimits { get; }

    /// <summary>Decides who asks; null where that is whoever is at the other end of a connection.</summary>
    public ClientClaims? Claims { get; }

    /// <summary>Clients that have sent FIN and are still answered.</summary>
    public HalfClosedClients HalfClosed { get; }

    /// <summary>Most requests of one connection in flight at once; 1 where each response closes its connection.</summary>
    public int PipeliningMax { get; }

    /// <summary>Name of the listener.</summary>
    public string Name { get; }

    /// <summary>Keeps the requests that are refused; null when nobody does.</summary>
    public Recorder? Recorder { get; init; }

    /// <summary>Id under which the access log knows the listener.</summary>
    public int LogId { get; init; }

    /// <summary>Whose connections are taken; null when everybody's are.</summary>
    public ClientLimits? Admission { get; init; }

    /// <summary>Where closed connections are entered; null when nobody keeps a ledger.</summary>
    public LedgerPage? Page { get; init; }

    /// <summary>What is counted of the listener for the operator; null where nobody can look.</summary>
    public LatencyRow? Tally { get; init; }

    /// <summary>Why every connection ends after its exchange, once the process stops or the listener is gone; None before.</summary>
    public CloseReason Ending { get; set; }

    /// <summary>True once responses say close, whatever else.</summary>
    public bool IsDraining => Ending != CloseReason.None;

    /// <summary>
    /// Gives an idle connection to the process that comes after this one, at an upgrade; false when it does not take it, or not now. Null but then.
    /// </summary>
    public Func<ClientConnection, bool>? Heir { get; set; }

    /// <summary>While a drain leaves idle connections open for one more request (<c>keepalive.drain_wait</c>).</summary>
    public bool IdleMayWait { get; set; }

    /// <summary>What runs short, as the reason for which connections now close after their response; None when nothing does.</summary>
    public CloseReason Pressure { get; set; }

    /// <summary>Why this connection ends after its exchange, whatever else; None when it may live on, be it in another process.</summary>
    public CloseReason EndingOf(Session connection) => Heir is not null && connection.MayBeHandedOn ? CloseReason.None : Ending;

    /// <summary>Whether who connects only looks whether this node is there (<c>monitor.networks</c>; HAProxy's monitor-net).</summary>
    public bool IsProbe(in PeerAddress client) => _probes.Length > 0 && AddressNetwork.AnyContains(_probes, client);

    /// <summary>Counts why a client connection is closed.</summary>
    public void CountClose(ClientConnection connection, CloseReason reason)
    {
        Counters.Add(CloseCounters.Of(reason));
        if (Tally is { } tally && CloseReasons.IsRefusal(reason))
            tally.Count(Metrics.Tally.Refused);
        connection.Account.Decide(connection.Tcp!, reason, Loop.Clock.NowMs);
        connection.Tcp!.Tap?.Decided(CloseReasons.CodeOf(reason));
        if (ProxyEvents.Log.IsEnabled())
            ProxyEvents.Log.ClientConnectionClosed(connection.Tcp!.Id, CloseReasons.CodeOf(reason));
    }

    /// <summary>Enters a connection into the ledger: its socket is gone. Of a probe, no line is logged.</summary>
    public void EnterClose(ClientConnection connection)
    {
        if (connection.IsCounted)
            Admission!.GiveBack(connection.Address);
        if (Page is not { } page)
            return;
        CloseRecord record = connection.Account.Close(connection.Tcp!, connection.Address, connection.RequestCount, Loop.Clock.NowMs);
        page.Enter(ref record, isLogged: !IsProbe(connection.Address));
    }

    /// <summary>Lends the object that ends a connection; it gives itself back.</summary>
    internal ClientFarewell LendFarewell()
    {
        ClientFarewell farewell = _freeFarewell ?? new ClientFarewell(this);
        _freeFarewell = farewell.NextFree;
        farewell.NextFree = null;
        return farewell;
    }

    internal void ReturnFarewell(ClientFarewell farewell)
    {
        farewell.NextFree = _freeFarewell;
        _freeFarewell = farewell;
    }
}
