using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// One connection to one server on one loop: connecting, lent to a user, idle in the pool, or pinned to a client.
/// Owner: its <see cref="UpstreamServer"/>. Thread: the loop. It knows how often it was used and since when it idles; it never knows
/// what the bytes mean and never decides about retries.
/// </summary>
internal sealed class UpstreamConnection : Ordered<UpstreamConnection>, IConnectionOwner, ITimerOwner
{
    private readonly EventLoop _loop;
    private readonly TimerNode _timer;
    private UpstreamConnectionState _state;
    private UserQueue _users;
    private ConnectionPause _pause;
    private ServerSocket _socket;

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
    public TcpConnection? Tcp => _socket.Tcp;

    /// <summary>The address of the server that it goes to, or tries; of the last use once it has ended.</summary>
    public ServerAddress Address => _socket.Address;

    /// <summary>As whom it was opened: to nobody else is it lent.</summary>
    public ConnectionIdentity Identity { get; internal set; } = ConnectionIdentity.Plain;

    /// <summary>Number of the connection, kept for the log while the socket goes away.</summary>
    public long Id => _socket.Id;

    /// <summary>Exchanges that this connection has been lent for, the current one included; 0 = it was opened ahead, and none has come yet.</summary>
    public int UseCount { get; private set; }

    /// <summary>True when the connection had idled before the present exchange, so that the server may have closed it meanwhile.</summary>
    public bool IsReused => UseCount > 1 || _pause.CameBefore;

    /// <summary>What logs and operators are told of it.</summary>
    public ServerConnectionFacts Facts => new(Id, UseCount, _pause.LastedMs, Address.Peer, _timer.DueMs);

    /// <summary>True once connection-based authentication went over it: it never goes to the pool, nor to another client.</summary>
    public bool IsPinned => _pause.IsPinned;

    /// <summary>Since when it idles, in loop milliseconds; of the last pause when it does not idle now.</summary>
    internal long IdleSinceMs => _pause.SinceMs;

    /// <summary>True when it is proved that no byte of the present exchange has reached the server; see <see cref="ServerSocket"/>.</summary>
    public bool NothingWasAcknowledged => _socket.NothingWasAcknowledged;

    /// <summary>Another user takes over for the one it is lent to.</summary>
    public void PassTo(IServerConnectionUser user) => _users.PassTo(user);

    /// <summary>True when this user's turn has come, or it is the only one.</summary>
    public bool IsLentTo(IServerConnectionUser user) => _state == UpstreamConnectionState.Busy && _users.Present == user;

    /// <summary>
    /// True when the next user's request has gone out whole, so that bytes behind the present answer may be the answer to it; before, nobody
    /// has asked for them.
    /// </summary>
    public bool MayAnswerNext => _users.FollowingCount > 0 && Tcp!.QueuedBytes == 0;

    /// <summary>
    /// True when a further request may be sent behind those in flight: the server has shown that it keeps the connection (RFC 9112 9.3.2), all
    /// went well so far, and there is room.
    /// </summary>
    /// <param name="pipeliningMax">Requests that may be in flight at once.</param>
    /// <param name="identity">As whom the request goes out; null = the server's own.</param>
    public bool MayFollow(int pipeliningMax, ConnectionIdentity? identity = null)
    {
        int waiting = _users.FollowingCount;
        return _state == UpstreamConnectionState.Busy && Identity == (identity ?? Server.Identity)
            && UseCount > 1 && waiting + 1 < pipeliningMax && !_users.IsOutOfStep && !IsPinned
            && !Tcp!.EndOfStreamSeen && !_socket.HasUnsent && JudgeReuse(waiting) == ServerCloseReason.None;
    }

    /// <summary>Sends what <see cref="SendSoon"/> holds.</summary>
    public void Uncork() => Tcp?.Uncork();

    /// <summary>Sends to the server with what follows shortly; see <see cref="TcpConnection.SendSoon"/>.</summary>
    public SendResult SendSoon(ReadOnlySpan<byte> bytes) => _socket.SendSoon(Server.Counters, bytes);

    /// <summary>Sends to the server; see <see cref="TcpConnection.Send"/>.</summary>
    public SendResult Send(ReadOnlySpan<byte> bytes)
    {
        Check.That(_state == UpstreamConnectionState.Busy, "send on a server connection that is not lent");
        return _socket.Send(Server.Counters, bytes);
    }

    /// <summary>Authentication goes over the lent connection: from now on it is this client's alone.</summary>
    public void PinTo(IPinOwner owner)
    {
        Check.That(_state == UpstreamConnectionState.Busy, "a connection is pinned by who uses it");
        _pause.PinTo(owner);
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
    /// The user is done and vouches that the exchange ended cleanly on both sides: the connection goes to the pool, or waits for its one
    /// client when it is pinned, or is closed when it may not be kept.
    /// </summary>
    public void GiveBack()
    {
        _users.Leave();
        ServerCloseReason reason = PoolRule.JudgeEnd(Tcp!.EndOfStreamSeen, _spokeFirst || _users.IsOutOfStep, _socket.HasUnsent);
        if (reason == ServerCloseReason.None)
            reason = IsPinned ? Server.JudgeKeeping(this) : JudgeReuse(waitingUses: 0);
        if (reason == ServerCloseReason.None && !IsPinned)
            reason = Server.Limit.MakeIdleRoom(Server.Terms.Keepalive.MaxIdle);
        if (reason != ServerCloseReason.None)
        {
            Discard(reason, reset: false);
            return;
        }
        MoveTo(IsPinned ? UpstreamConnectionState.Pinned : UpstreamConnectionState.Idle);
        ArmResponseTimeout(_pause.Begin(this, _loop.Clock.NowMs));
        Tcp.StartReceive();
    }

    /// <summary>The connection must not be used again: closes it, with RST when the server should stop working at once.</summary>
    public void Discard(ServerCloseReason reason, bool reset)
    {
        if (_state is UpstreamConnectionState.Closing or UpstreamConnectionState.Free)
            return;
        _users.Leave();

        // What is queued belongs to requests that are over: a server that does not read must not keep the connection open with it, nor with what its
        // layer has to say at the end.
        reset |= _users.FollowingCount > 0 || Tcp!.HasQueuedBytes;
        _socket.Settle(this, reason, reset, IsWaiting, _loop.Clock.NowMs);
        if (IsWaiting)
            _pause.Break(this);
        _pause.Unpin();
        MoveTo(UpstreamConnectionState.Closing);
        _loop.Wheel.Remove(_timer);
        _socket.Close(reset);
        if (Tcp!.HasQueuedBytes)
            Tcp.Abort();

        // Now: the place may be taken at once, by another process too.
        Server.Limit.GivePlaceBack();
    }

    void IConnectionOwner.OnConnected(TcpConnection connection)
    {
        MoveTo(UpstreamConnectionState.Busy);
        _loop.Wheel.Disarm(_timer);
        _spokeFirst = _socket.Connected(this, _users.Present!, _loop.Clock.NowMs);
        _users.Present!.OnServerConnected(this);
    }

    void IConnectionOwner.OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Server.Counters.Add(CounterId.BytesFromServers, bytes.Length);
        if (_state == UpstreamConnectionState.Busy)
        {
            do
                bytes = bytes[^_users.Deliver(this, bytes)..];
            while (!bytes.IsEmpty && _state == UpstreamConnectionState.Busy);
        }
        else
        {
            UnaskedBytes.Record(this, bytes);
            EndWaiting(ServerCloseReason.SurplusBytes, reset: true);
        }
    }

    void IConnectionOwner.OnReceivedInPipe(TcpConnection connection, int bytes)
    {
        Server.Counters.Add(CounterId.BytesFromServers, bytes);
        _users.Present!.OnServerReceivedInPipe(this, bytes);
    }

    void IConnectionOwner.OnEndOfStream(TcpConnection connection)
    {
        if (_state == UpstreamConnectionState.Busy)
        {
            _users.Present!.OnServerEndOfStream(this);
        }
        else if (IsWaiting)
        {
            Server.Terms.ClosedIdle(_loop.Clock.NowMs - IdleSinceMs, _loop.Clock.NowMs, isUnused: UseCount == 0);
            EndWaiting(ServerCloseReason.ServerFin, reset: false);
        }
    }

    void IConnectionOwner.OnSendDrained(TcpConnection connection) => Served?.OnServerSendDrained(this);

    void IConnectionOwner.OnSendFailed(TcpConnection connection, SocketError error) => Served?.OnServerSendFailed(this, error);

    void IConnectionOwner.OnFailed(TcpConnection connection, SocketError error)
    {
        if (_state == UpstreamConnectionState.Connecting)
            ConnectFailed(error);
        else if (_state == UpstreamConnectionState.Busy)
            _users.Present!.OnServerFailed(this, error);
        else
            EndWaiting(ServerCloseReason.ServerReset, reset: false);
    }

    void IConnectionOwner.OnClosed(TcpConnection connection)
    {
        Server.Counters.Add(CounterId.ServerConnectionsOpen, -1);

        // The socket of an address that was given up for the next one.
        if (connection != Tcp)
            return;
        while (_users.TakeFollowing() is { } user)
        {
            Server.Load.End();
            user.OnServerTurnLost(this);
        }
        _socket.Forget();
        MoveTo(UpstreamConnectionState.Free);
        Server.Connections.Recycle(this);
    }

    void ITimerOwner.OnTimer(TimerNode node, long nowMs)
    {
        switch (_state)
        {
            case UpstreamConnectionState.Connecting:
                Server.Counters.Add(CounterId.TimeoutsConnect);
                ConnectFailed(SocketError.TimedOut);
                break;
            case UpstreamConnectionState.Busy:
                _users.Present!.OnServerTimeout(this);
                break;
            case UpstreamConnectionState.Idle:
                Discard(_pause.EndReason, reset: false);
                break;
        }
    }

    /// <summary>Begins a fresh connection for a user, who may only want it to idle until an exchange asks for one.</summary>
    internal void Open(IServerConnectionUser user, ConnectionIdentity identity, bool isAhead)
    {
        MoveTo(UpstreamConnectionState.Connecting);
        Identity = identity;
        _users.Begin(user);
        _pause.Forget();
        UseCount = isAhead ? 0 : 1;
        _socket.Open(this, user, _loop);
    }

    /// <summary>Lends an idle or pinned connection, just taken from where it waited, to a user; or says why it must not be lent.</summary>
    internal ServerCloseReason TryReuse(IServerConnectionUser user)
    {
        ServerCloseReason reason = _socket.JudgeUnread();
        if (reason == ServerCloseReason.ServerFin)
            Server.Terms.ClosedIdle(_loop.Clock.NowMs - IdleSinceMs, _loop.Clock.NowMs, isUnused: UseCount == 0);
        if (reason != ServerCloseReason.None)
            return reason;
        _pause.End(this, _loop.Clock.NowMs);
        MoveTo(UpstreamConnectionState.Busy);
        _users.PassTo(user);
        UseCount++;
        _socket.BeginUse(this, user);
        _loop.Wheel.Disarm(_timer);
        return ServerCloseReason.None;
    }

    /// <summary>Takes a user whose request goes out behind those in flight.</summary>
    internal void Follow(IServerConnectionUser user) => _users.Follow(user);

    /// <summary>A user gives up before its turn.</summary>
    internal void Unfollow(IServerConnectionUser user) => _users.Unfollow(user);

    /// <summary>
    /// The present answer ended cleanly: hands the connection on to the next user, if there is one, with the last bytes of the present delivery.
    /// </summary>
    internal bool TryHandOn(int restBytes)
    {
        if (Tcp!.EndOfStreamSeen || _users.Advance(restBytes) is not { } next)
            return false;
        UseCount++;
        _pause.Forget();
        _loop.Wheel.Disarm(_timer);
        next.OnServerTurn(this);
        return true;
    }

    /// <summary>Who hears what the server does; null while nobody does.</summary>
    private IServerConnectionUser? Served => _state == UpstreamConnectionState.Busy ? _users.Present : null;

    /// <summary>True while nobody uses the connection, but somebody may again.</summary>
    private bool IsWaiting => _state is UpstreamConnectionState.Idle or UpstreamConnectionState.Pinned;

    /// <summary>A connection that waits must not be used any more: closes it, and tells the client whose it was.</summary>
    internal void EndWaiting(ServerCloseReason reason, bool reset)
    {
        if (!IsWaiting)
            return;
        IPinOwner? owner = _pause.PinOwner;
        Discard(reason, reset);
        owner?.OnPinEnded();
    }

    /// <summary>Why a connection that is nobody's may not carry a further request, or None.</summary>
    private ServerCloseReason JudgeReuse(int waitingUses)
    {
        Check.That(!IsPinned, "a connection with authentication is for one client");
        ServerCloseReason reason = Server.JudgeKeeping(this);
        return reason != ServerCloseReason.None
            ? reason
            : PoolRule.JudgeReuse(Server.Terms.Keepalive, UseCount + waitingUses, _loop.Clock.NowMs - _socket.BeganAtMs);
    }

    /// <summary>The user hears of it only when there is no further address to try.</summary>
    private void ConnectFailed(SocketError error)
    {
        if (_socket.TryNext(this, _loop, error))
            return;
        IServerConnectionUser user = _users.Present!;
        Server.Release(this, ServerCloseReason.ConnectFailed);
        user.OnServerConnectFailed(this, error);
    }

    private void MoveTo(UpstreamConnectionState next)
    {
        Check.Lawful(_state.MayBecome(next), _state, next);
        _state = next;
    }
}
