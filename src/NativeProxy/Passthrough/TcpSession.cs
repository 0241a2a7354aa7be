using System;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.ProxyProtocol;
using NativeProxy.Recording;
using NativeProxy.Timers;
using NativeProxy.Tls;
using NativeProxy.Transport;
using NativeProxy.Tunnels;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Passthrough;

/// <summary>
/// The life of one client connection whose bytes are passed on as they are: asks for a server at once, since that one may speak first, unless a name
/// in its ClientHello decides which and no TLS that ends here was asked for one; joins both in a <see cref="Tunnel"/>, and ends both with reasons.
/// Lent by a <see cref="TcpSessionPool"/>; thread: the loop. Never changes a byte, and never sends one to the client itself.
/// </summary>
internal sealed class TcpSession : Session, IConnectionOwner, IServerWayUser, ITunnelOwner, ITimerOwner, ISessionView
{
    /// <summary>What is read of a client before a server is there: a ClientHello, or enough to see it leave.</summary>
    private const int FirstBytesMax = ClientHelloReader.BytesMax;

    private readonly ServerWay _way;
    private readonly Tunnel _tunnel;
    private readonly TimerNode _inspecting;
    private TcpSessionPool _pool;
    private TcpSessionState _state;

    /// <summary>What the client has said before a server was there.</summary>
    private ByteTail _first;
    private long _startedMs;

    /// <summary>The port that the client has connected to.</summary>
    private int _port;

    public TcpSession(TcpSessionPool pool)
    {
        _pool = pool;
        _way = new ServerWay(this, pool.Frontend.Loop, pool.Frontend.Counters);
        _tunnel = new Tunnel(pool.Frontend.Loop, pool.Frontend.Counters, this);
        _inspecting = new TimerNode(this);
    }

    public override Frontend Frontend => _pool.Frontend;

    /// <summary>One that has, or awaits, a server is never idle: silence means nothing.</summary>
    public override long IdleSinceMs => _state == TcpSessionState.Inspecting && _first.IsEmpty ? Tcp!.OpenedAtMs : -1;

    public override void Begin(TcpConnection client, in SessionStart start)
    {
        MoveTo(TcpSessionState.Inspecting);
        Take(client, start.Identity);
        client.SetOwner(this);
        _startedMs = start.StartedMs;
        TcpTerms terms = _pool.Terms;
        _port = Local.Port;
        if (Frontend.IsProbe(Address))
        {
            Close(CloseReason.Unmatched);
            return;
        }
        if (!TryAdmit(start.IsContinued))
            return;
        RelayRecording.Begins(this);
        if (client.State == TcpConnectionState.Open && TryOpen())
            return;
        client.StartReceive();
        Frontend.Loop.Wheel.Arm(_inspecting, Frontend.Loop.Clock.NowMs + terms.InspectTimeoutMs);
    }

    /// <summary>What runs ends by itself, or is cut when the time of the drain is over.</summary>
    public override void Drain()
    {
        if (_state == TcpSessionState.Inspecting && _first.IsEmpty && !TryHandOn())
            Close(Frontend.Ending);
    }

    /// <summary>One whose name is awaited is judged by the routes with which it began.</summary>
    public override void FollowSuccessor()
    {
        while (_state is TcpSessionState.Opening or TcpSessionState.Relaying && _pool.Successor is TcpSessionPool successor)
        {
            Frontend.Owner.OnFollowed(this);
            _pool = successor;
        }
    }

    public override void OnBondEnded() => Check.That(false, "nobody authenticates here");

    void IConnectionOwner.OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    /// <summary>What secures its connection is no matter of the listener's, and was awaited: a server may speak first.</summary>
    void IConnectionOwner.OnSecured(TcpConnection connection)
    {
        if (_state == TcpSessionState.Inspecting)
            TryOpen();
    }

    void IConnectionOwner.OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Frontend.Counters.Add(CounterId.BytesFromClients, bytes.Length);
        Read(bytes);
    }

    /// <summary>The client may still want to hear something: the server will get its end. But no name comes any more.</summary>
    void IConnectionOwner.OnEndOfStream(TcpConnection connection)
    {
        if (_state == TcpSessionState.Inspecting)
            Close(CloseReason.ClientClosed);
    }

    /// <summary>Only a layer below sends before the tunnel does: what it has to say waits in the connection.</summary>
    void IConnectionOwner.OnSendBlocked(TcpConnection connection)
    {
    }

    void IConnectionOwner.OnSendDrained(TcpConnection connection)
    {
    }

    void IConnectionOwner.OnSendFailed(TcpConnection connection, SocketError error) => ClientGone();

    void IConnectionOwner.OnFailed(TcpConnection connection, SocketError error) => ClientGone();

    private void ClientGone()
    {
        bool hasSaidNothing = _state == TcpSessionState.Inspecting && _first.IsEmpty;
        _way.Release(ServerCloseReason.ClientAborted, reset: true);
        Close(hasSaidNothing ? CloseReason.ClientClosed : CloseReason.ClientAborted);
    }

    void IConnectionOwner.OnClosed(TcpConnection connection) => Check.That(false, "a client connection ends by a farewell");

    /// <summary>No whole ClientHello came in time.</summary>
    void ITimerOwner.OnTimer(TimerNode node, long nowMs)
    {
        Frontend.Counters.Add(CounterId.TimeoutsInspect);
        Close(CloseReason.InspectTimeout);
    }

    void IServerWayUser.Describe(ref AskerFacts asker) => asker = RelayRecording.AskerOf(this);

    public void OnServerReady(UpstreamConnection connection)
    {
        MoveTo(TcpSessionState.Relaying);
        RequestCount = 1;
        connection.PassTo(_tunnel);
        Announce(connection);
        _tunnel.TakeServer(connection, _pool.Terms.TimesOf(_way.Group!), _pool.Terms.Splice);
        Tcp!.SetOwner(_tunnel);
        _tunnel.Begin(Tcp, _first.Bytes);
        _first.Release(Frontend.Loop.Pools);
    }

    /// <summary>A client that waits may leave.</summary>
    public void OnWaits() => Tcp!.StartReceive();

    public void OnNoServer() => Close(CloseReason.NoServer);

    public void OnTunnelBytes(int fromClient, int toClient) => Frontend.Counters.Add(CounterId.BytesToClients, toClient);

    /// <summary>A reset is passed on as a reset: an end would make what was cut a whole.</summary>
    public void OnTunnelEnded(TunnelEnd end)
    {
        bool isReset = end is TunnelEnd.ClientBroke or TunnelEnd.ServerBroke;
        _way.Release(ServerReasonOf(end), reset: isReset);
        Account.RequestEnded(Tcp!, _startedMs, Frontend.Loop.Clock.NowMs);
        CloseOrAbort(withReset: isReset, ReasonOf(end));
    }

    internal override void ReadFirst(ReadOnlySpan<byte> bytes)
    {
        Tcp!.Tap?.Received(bytes);
        Read(bytes);
    }

    private void Read(ReadOnlySpan<byte> bytes)
    {
        if (_state is not (TcpSessionState.Inspecting or TcpSessionState.Opening) || !TryKeep(bytes) || _state == TcpSessionState.Opening)
            return;
        ClientHelloStatus status = _pool.Terms.Hellos!.Read(_first.Bytes, out ReadOnlySpan<byte> name);
        if (status != ClientHelloStatus.NeedMore)
            Open(name);
    }

    protected override bool GiveUp(CloseReason reason)
    {
        bool isRelaying = _state == TcpSessionState.Relaying;
        if (isRelaying)
            _tunnel.GiveBack();
        _way.Release(reason == CloseReason.EndedByOperator ? ServerCloseReason.EndedByOperator : ServerCloseReason.Stopped, reset: true);
        return isRelaying;
    }

    void ISessionView.Describe(SessionFacts facts)
    {
        SessionState state = _state switch
        {
            TcpSessionState.Inspecting => SessionState.ReadingHello,
            TcpSessionState.Relaying => SessionState.Tunnel,
            _ when _way.IsWaiting => SessionState.WaitingInQueue,
            _ => SessionState.WaitingForConnect,
        };
        facts.Is(state, _startedMs);
        facts.EndsBy("tcp.inspect_timeout", _inspecting.DueMs);
        if (_state == TcpSessionState.Inspecting)
            return;
        facts.Upstream = _way.Group?.Name ?? "";
        facts.Server = _way.Server?.Name ?? "";
        facts.EndsBy("timeouts.queue", _way.DueMs);
        if (_way.Connection is { } server)
        {
            (facts.ServerConnectionId, facts.ServerConnectionUses) = (server.Id, server.UseCount);
            facts.EndsBy("timeouts.connect", server.Facts.DueMs);
        }
        if (_state != TcpSessionState.Relaying)
            return;
        string ofSilence = _way.Group!.Rules.IdleTimeoutMs > 0 ? "timeouts.idle" : "tcp.idle_timeout";
        facts.EndsBy(_tunnel.IsHalfClosed ? "tcp.half_close_timeout" : ofSilence, _tunnel.DueMs);
    }

    protected override void OnEnding()
    {
        MoveTo(TcpSessionState.Ending);
        Frontend.Loop.Wheel.Disarm(_inspecting);
    }

    protected override void EndOf()
    {
        MoveTo(TcpSessionState.Free);
        Frontend.Loop.Wheel.Remove(_inspecting);
        _first.Release(Frontend.Loop.Pools);
    }

    /// <summary>A server that wants to know who the client is hears it before all else, and at once: it may speak first.</summary>
    private void Announce(UpstreamConnection connection)
    {
        ProxyHeaderVersion version = connection.Server.Terms.ProxyHeader;
        if (version == ProxyHeaderVersion.Off)
            return;
        Span<byte> header = stackalloc byte[ProxyHeaderWriter.BytesMax];
        int length = version == ProxyHeaderVersion.V1
            ? ProxyHeaderWriter.WriteV1(Address, Local, header)
            : ProxyHeaderWriter.WriteV2(Address, Local, header);
        if (_first.IsEmpty)
            connection.Send(header[..length]);
        else
            connection.SendSoon(header[..length]);
    }

    private CloseReason ReasonOf(TunnelEnd end) => end switch
    {
        TunnelEnd.Silent => CloseReason.TunnelTimeout,
        TunnelEnd.ClientBroke => Tcp!.RanOutOfBuffers ? CloseReason.Resource : CloseReason.ClientAborted,
        _ => CloseReason.TunnelEnded,
    };

    private static ServerCloseReason ServerReasonOf(TunnelEnd end) => end switch
    {
        TunnelEnd.ClientBroke => ServerCloseReason.ClientAborted,
        TunnelEnd.ServerBroke => ServerCloseReason.ServerReset,
        _ => ServerCloseReason.UpgradeEnded,
    };

    /// <summary>Asks for a server, unless a name decides which one and has not come yet. False when it is awaited.</summary>
    private bool TryOpen()
    {
        if (!_pool.Terms.Routes.NeedName(Address, _port))
            Open(name: default);
        else if (Tcp!.LayerFacts is { } facts)
            Open(Encoding.ASCII.GetBytes(facts.ServerName ?? "")); // Its TLS ends here, and has asked for a name already.
        else
            return false;
        return true;
    }

    /// <summary>It is known where the connection goes: a server is asked for.</summary>
    private void Open(ReadOnlySpan<byte> name)
    {
        UpstreamGroup? upstream = _pool.Terms.Routes.Find(Address, _port, name, out string? route);
        RelayRecording.GoesBy(this, route, _first.Bytes);
        MoveTo(TcpSessionState.Opening);
        Frontend.Loop.Wheel.Disarm(_inspecting);
        if (upstream is null)
        {
            Close(CloseReason.Unmatched);
            return;
        }
        ulong clientKey = upstream.Rules.HashKey is null ? RequestKey.None : RequestKey.OfClient(Address);
        if (!_way.TryBegin(upstream, clientKey, _port))
            Close(CloseReason.NoServer);
        else if (_way.IsWaiting)
            Tcp!.StartReceive();
        else
            Tcp!.PauseReceive();
    }

    /// <summary>Keeps bytes for the server; more waits in the kernel. False when that cannot be, and the connection ends.</summary>
    private bool TryKeep(ReadOnlySpan<byte> bytes)
    {
        if (!_first.TryAppend(Frontend.Loop.Pools, bytes, FirstBytesMax + EventLoop.ReceiveBytesMax))
        {
            Frontend.Counters.Add(CounterId.BufferRefusals);
            _way.Release(ServerCloseReason.ClientAborted, reset: true);
            Close(CloseReason.Resource);
            return false;
        }
        if (_first.Length >= FirstBytesMax)
            Tcp!.PauseReceive();
        return true;
    }

    private void MoveTo(TcpSessionState next)
    {
        Check.Lawful(_state.MayBecome(next), _state, next);
        _state = next;
    }
}
