using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>Life of a connection to a server.</summary>
internal enum UpstreamConnectionState : byte
{
    /// <summary>Object unused.</summary>
    Free,

    /// <summary>Lent to a user; the connect is in flight.</summary>
    Connecting,

    /// <summary>Lent to a user; carries its exchange.</summary>
    Busy,

    /// <summary>In its server's pool, watched for bytes and FIN.</summary>
    Idle,

    /// <summary>Given up; waits for the transport.</summary>
    Closing,
}

/// <summary>
/// One connection to one server on one loop: connecting, lent to a user, or idle in the pool.
/// Owner: its <see cref="UpstreamServer"/>. Thread: the loop. It knows how often it was used and since when it idles; it never knows
/// what the bytes mean and never decides about retries.
/// </summary>
internal sealed class UpstreamConnection : IConnectionOwner, ITimerOwner
{
    private static readonly byte[] Moves =
    [
        /* Free       -> Connecting */ 1 << (int)UpstreamConnectionState.Connecting,
        /* Connecting -> Busy, Closing */ (1 << (int)UpstreamConnectionState.Busy) | (1 << (int)UpstreamConnectionState.Closing),
        /* Busy       -> Idle, Closing */ (1 << (int)UpstreamConnectionState.Idle) | (1 << (int)UpstreamConnectionState.Closing),
        /* Idle       -> Busy, Closing */ (1 << (int)UpstreamConnectionState.Busy) | (1 << (int)UpstreamConnectionState.Closing),
        /* Closing    -> Free */ 1 << (int)UpstreamConnectionState.Free,
    ];

    private readonly EventLoop _loop;
    private readonly TimerNode _timer;
    private UpstreamConnectionState _state;
    private IServerConnectionUser? _user;

    /// <summary>Why it will be closed when its idle time is over.</summary>
    private ServerCloseReason _idleEnd;

    /// <summary>The server sent bytes before it got a request; when it answers that one too, the answer has nobody to go to.</summary>
    private bool _spokeFirst;

    public UpstreamConnection(UpstreamServer server, EventLoop loop)
    {
        Server = server;
        _loop = loop;
        _timer = new TimerNode(this);
    }

    public UpstreamServer Server { get; }

    public UpstreamConnectionState State => _state;

    /// <summary>The socket while it is there.</summary>
    public TcpConnection? Tcp { get; private set; }

    /// <summary>Number of the connection, kept for the log while the socket goes away.</summary>
    public long Id { get; private set; }

    /// <summary>Exchanges that this connection has been lent for, the current one included.</summary>
    public int UseCount { get; private set; }

    /// <summary>True when an earlier exchange went over this connection, so that the server may have closed it meanwhile.</summary>
    public bool IsReused => UseCount > 1;

    /// <summary>How long the connection had idled when it was taken, in ms.</summary>
    public long IdleAgeMs { get; private set; }

    public long OpenedAtMs { get; private set; }

    /// <summary>Neighbours in the idle pool of the server; towards the most and the least recently used.</summary>
    internal UpstreamConnection? NewerIdle { get; set; }

    internal UpstreamConnection? OlderIdle { get; set; }

    /// <summary>Next unused object.</summary>
    internal UpstreamConnection? NextFree { get; set; }

    private long IdleSinceMs { get; set; }

    /// <summary>
    /// True when an idle connection has bytes that the loop has not come to yet: they would become the answer to the next request.
    /// Looked at only after a pause of a millisecond; a busy loop, which comes to all its sockets in less, is spared the system call.
    /// </summary>
    internal bool HasSpokenUnasked => _loop.Clock.NowMs > IdleSinceMs && Tcp!.HasUnreadBytes;

    /// <summary>Sends to the server; see <see cref="TcpConnection.Send"/>.</summary>
    public SendResult Send(ReadOnlySpan<byte> bytes)
    {
        Check.That(_state == UpstreamConnectionState.Busy, "send on a server connection that is not lent");
        Server.Counters.Add(CounterId.BytesToServers, bytes.Length);
        return Tcp!.Send(bytes);
    }

    /// <summary>Calls <see cref="IServerConnectionUser.OnServerTimeout"/> after this long; 0 disarms.</summary>
    public void ArmResponseTimeout(long timeoutMs)
    {
        if (timeoutMs > 0)
            _loop.Wheel.Arm(_timer, _loop.Clock.NowMs + timeoutMs);
        else
            _loop.Wheel.Disarm(_timer);
    }

    /// <summary>
    /// The user is done and vouches that the exchange ended cleanly on both sides: the connection goes to the pool, or is closed when
    /// the pool does not take it.
    /// </summary>
    public void GiveBack()
    {
        _user = null;
        ServerCloseReason reason = Tcp!.EndOfStreamSeen ? ServerCloseReason.ServerFin
            : _spokeFirst ? ServerCloseReason.Ambiguous
            : Tcp.IsSendBroken || Tcp.HasQueuedBytes ? ServerCloseReason.RequestUnsent
            : Server.Judge(this, _loop.Clock.NowMs);
        if (reason != ServerCloseReason.None)
        {
            Discard(reason, reset: false);
            return;
        }
        MoveTo(UpstreamConnectionState.Idle);
        Server.Counters.Add(CounterId.ServerConnectionsIdle);
        IdleSinceMs = _loop.Clock.NowMs;
        ArmResponseTimeout(Server.IdleTimeoutMs(out _idleEnd));
        Tcp.StartReceive();
        Server.Idle.Push(this);
    }

    /// <summary>The connection must not be used again: closes it, with RST when the server should stop working at once.</summary>
    public void Discard(ServerCloseReason reason, bool reset)
    {
        if (_state is UpstreamConnectionState.Closing or UpstreamConnectionState.Free)
            return;
        _user = null;
        Server.Counters.Add(ServerCloseReasons.CounterOf(reason));
        if (_state == UpstreamConnectionState.Idle)
        {
            Server.Idle.Remove(this);
            Server.Counters.Add(CounterId.ServerConnectionsIdle, -1);
        }
        MoveTo(UpstreamConnectionState.Closing);
        Server.ConnectionEnded();
        _loop.Wheel.Remove(_timer);

        // What is queued belongs to a request that is over: a server that does not read must not keep the connection open with it.
        if (reset || Tcp!.HasQueuedBytes)
            Tcp!.Abort();
        else
            Tcp.Close();
    }

    public void OnConnected(TcpConnection connection)
    {
        MoveTo(UpstreamConnectionState.Busy);
        _loop.Wheel.Disarm(_timer);
        _spokeFirst = connection.HasUnreadBytes;
        connection.StartReceive();
        _user!.OnServerConnected(this);
    }

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Server.Counters.Add(CounterId.BytesFromServers, bytes.Length);
        if (_state == UpstreamConnectionState.Busy)
        {
            _user!.OnServerReceived(this, bytes);
        }
        else if (_state == UpstreamConnectionState.Idle)
        {
            // Bytes that no request asked for would become the answer to the next one.
            Discard(ServerCloseReason.SurplusBytes, reset: true);
        }
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        if (_state == UpstreamConnectionState.Busy)
        {
            _user!.OnServerEndOfStream(this);
        }
        else if (_state == UpstreamConnectionState.Idle)
        {
            Server.ClosedIdle(_loop.Clock.NowMs - IdleSinceMs);
            Discard(ServerCloseReason.ServerFin, reset: false);
        }
    }

    public void OnSendBlocked(TcpConnection connection) => Check.That(false, "bytes to a server are not held back");

    public void OnSendDrained(TcpConnection connection)
    {
        if (_state == UpstreamConnectionState.Busy)
            _user!.OnServerSendDrained(this);
    }

    public void OnSendFailed(TcpConnection connection, SocketError error)
    {
        if (_state == UpstreamConnectionState.Busy)
            _user!.OnServerSendFailed(this, error);
    }

    public void OnFailed(TcpConnection connection, SocketError error)
    {
        switch (_state)
        {
            case UpstreamConnectionState.Connecting:
                ConnectFailed(error);
                break;
            case UpstreamConnectionState.Busy:
                _user!.OnServerFailed(this, error);
                break;
            case UpstreamConnectionState.Idle:
                Discard(ServerCloseReason.ServerReset, reset: false);
                break;
        }
    }

    public void OnClosed(TcpConnection connection)
    {
        Tcp = null;
        Server.Counters.Add(CounterId.ServerConnectionsOpen, -1);
        MoveTo(UpstreamConnectionState.Free);
        Server.Recycle(this);
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        switch (_state)
        {
            case UpstreamConnectionState.Connecting:
                Server.Counters.Add(CounterId.TimeoutsConnect);
                ConnectFailed(SocketError.TimedOut);
                break;
            case UpstreamConnectionState.Busy:
                _user!.OnServerTimeout(this);
                break;
            case UpstreamConnectionState.Idle:
                Discard(_idleEnd, reset: false);
                break;
        }
    }

    /// <summary>Begins a fresh connection for a user.</summary>
    internal void Open(IServerConnectionUser user)
    {
        MoveTo(UpstreamConnectionState.Connecting);
        _user = user;
        UseCount = 1;
        IdleAgeMs = 0;
        OpenedAtMs = _loop.Clock.NowMs;
        ArmResponseTimeout(Server.ConnectTimeoutMs);
        Tcp = _loop.Connect(Server.EndPoint, this, Server.Tuning);
        Id = Tcp.Id;
        Server.Counters.Add(CounterId.ServerConnectionsOpen);
    }

    /// <summary>Lends an idle connection, just taken from the pool, to a user.</summary>
    internal void Reuse(IServerConnectionUser user)
    {
        MoveTo(UpstreamConnectionState.Busy);
        Server.Counters.Add(CounterId.ServerConnectionsIdle, -1);
        _user = user;
        UseCount++;
        IdleAgeMs = _loop.Clock.NowMs - IdleSinceMs;
        _loop.Wheel.Disarm(_timer);
    }

    private void ConnectFailed(SocketError error)
    {
        IServerConnectionUser user = _user!;
        Server.Counters.Add(FailureCounter(error));
        Server.Release(this, ServerCloseReason.ConnectFailed);
        user.OnServerConnectFailed(this, error);
    }

    private static CounterId FailureCounter(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => CounterId.ServerConnectFailuresRefused,
        SocketError.TimedOut => CounterId.ServerConnectFailuresTimeout,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown => CounterId.ServerConnectFailuresUnreachable,
        _ => CounterId.ServerConnectFailuresOther,
    };

    private void MoveTo(UpstreamConnectionState next)
    {
        Check.Lawful((Moves[(int)_state] & (1 << (int)next)) != 0, _state, next);
        _state = next;
    }
}
