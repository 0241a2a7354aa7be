using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;

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
    private UserLine _users;
    private ConnectionPause _pause;
    private ServerAccount _account;

    /// <summary>The server sent bytes before it got a request; when it answers that one too, the answer has nobody to go to.</summary>
    private bool _spokeFirst;

    /// <summary>How many of the server's addresses this connect has tried, the present one included.</summary>
    private int _addressesTried;

    /// <summary>Bytes sent for earlier exchanges; nothing of them was queued any more when this one began.</summary>
    private long _sentBeforeBytes;

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

    /// <summary>The address of the server that it goes to, or tries; of the last use once it has ended.</summary>
    public ServerAddress Address { get; private set; } = null!;

    /// <summary>Number of the connection, kept for the log while the socket goes away.</summary>
    public long Id { get; private set; }

    /// <summary>Exchanges that this connection has been lent for, the current one included.</summary>
    public int UseCount { get; private set; }

    /// <summary>True when an earlier exchange went over this connection, so that the server may have closed it meanwhile.</summary>
    public bool IsReused => UseCount > 1;

    /// <summary>How long the connection had idled when it was taken, in ms.</summary>
    public long IdleAgeMs => _pause.LastedMs;

    public long OpenedAtMs { get; private set; }

    /// <summary>True once connection-based authentication went over it: it never goes to the pool, nor to another client.</summary>
    public bool IsPinned => _pause.IsPinned;

    /// <summary>Next unused object.</summary>
    internal UpstreamConnection? NextFree { get; set; }

    /// <summary>Since when it idles, in loop milliseconds; of the last pause when it does not idle now.</summary>
    internal long IdleSinceMs => _pause.SinceMs;

    /// <summary>
    /// True when the server's FIN proves that no byte of the present exchange had reached its machine when it shut its side: a FIN carries the
    /// acknowledgement of everything that has arrived, read or not. A reset proves nothing (the kernel drops its acknowledgement unread:
    /// of 200 requests that were read and then answered by a reset, all still counted as unacknowledged), nor does an end of stream after a failed
    /// send.
    /// </summary>
    public bool NothingWasAcknowledged =>
        Tcp is { FinSeen: true, IsSendBroken: false } tcp && tcp.AcknowledgedBytes is >= 0 and var bytes && bytes <= _sentBeforeBytes;

    /// <summary>
    /// Why a waiting connection must not be lent, or None. Bytes that the loop has not come to yet would become the answer to the next request; a
    /// server that has closed would not get it. What the loop has heard of the socket some time ago proves nothing about what has arrived since, so
    /// this costs a system call, unless it has just been heard (<see cref="TcpConnection.IsKnownQuiet"/>).
    /// </summary>
    internal ServerCloseReason JudgeWaiting()
    {
        switch (Tcp!.IsKnownQuiet ? UnreadInput.None : Tcp.LookAhead())
        {
            case UnreadInput.Bytes:
                return ServerCloseReason.SurplusBytes;
            case UnreadInput.End:
                Server.ClosedIdle(_loop.Clock.NowMs - IdleSinceMs);
                return ServerCloseReason.ServerFin;
            default:
                return ServerCloseReason.None;
        }
    }

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
    public bool MayFollow(int pipeliningMax)
    {
        int waiting = _users.FollowingCount;
        return _state == UpstreamConnectionState.Busy && IsReused && waiting + 1 < pipeliningMax && !_users.IsOutOfStep && !IsPinned
            && !Tcp!.EndOfStreamSeen && !Tcp.IsSendBroken && !Tcp.HasQueuedBytes
            && Server.Judge(this, waiting, _loop.Clock.NowMs) == ServerCloseReason.None;
    }

    /// <summary>Sends what <see cref="SendSoon"/> holds.</summary>
    public void FlushHeld() => Tcp?.FlushHeld();

    /// <summary>Sends to the server with what follows shortly; see <see cref="TcpConnection.SendSoon"/>.</summary>
    public SendResult SendSoon(ReadOnlySpan<byte> bytes)
    {
        Server.Counters.Add(CounterId.BytesToServers, bytes.Length);
        return Tcp!.SendSoon(bytes);
    }

    /// <summary>Sends to the server; see <see cref="TcpConnection.Send"/>.</summary>
    public SendResult Send(ReadOnlySpan<byte> bytes)
    {
        Check.That(_state == UpstreamConnectionState.Busy, "send on a server connection that is not lent");
        Server.Counters.Add(CounterId.BytesToServers, bytes.Length);
        return Tcp!.Send(bytes);
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
        ServerCloseReason reason = Tcp!.EndOfStreamSeen ? ServerCloseReason.ServerFin
            : _spokeFirst || _users.IsOutOfStep ? ServerCloseReason.Ambiguous
            : Tcp.IsSendBroken || Tcp.HasQueuedBytes ? ServerCloseReason.RequestUnsent
            : IsPinned ? Server.JudgeKeeping(this) : Server.JudgeForPool(this, _loop.Clock.NowMs);
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

        // What is queued belongs to requests that are over: a server that does not read must not keep the connection open with it.
        reset |= _users.FollowingCount > 0 || Tcp!.HasQueuedBytes;
        _account.Close(this, reason, reset, IsWaiting, _loop.Clock.NowMs);
        if (IsWaiting)
            _pause.Break(this);
        _pause.Unpin();
        MoveTo(UpstreamConnectionState.Closing);
        _loop.Wheel.Remove(_timer);
        if (reset)
            Tcp!.Abort();
        else
            Tcp!.Close();

        // Now: the place may be taken at once, by another process too.
        Server.ConnectionEnded();
    }

    /// <summary>Closes a pinned connection that waits, and tells its client.</summary>
    internal void EndPinned(ServerCloseReason reason, bool reset)
    {
        IPinOwner owner = _pause.PinOwner!;
        Discard(reason, reset);
        owner.OnPinEnded();
    }

    public void OnConnected(TcpConnection connection)
    {
        MoveTo(UpstreamConnectionState.Busy);
        Server.Addresses.Worked(Address);
        _account.Connected(_loop.Clock.NowMs);
        _loop.Wheel.Disarm(_timer);
        _spokeFirst = connection.LookAhead() == UnreadInput.Bytes;
        connection.StartReceive();
        _users.Present!.OnServerConnected(this);
    }

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
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
            // Bytes that no request asked for would become the answer to the next one.
            EndWaiting(ServerCloseReason.SurplusBytes, reset: true);
        }
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        if (_state == UpstreamConnectionState.Busy)
        {
            _users.Present!.OnServerEndOfStream(this);
        }
        else if (IsWaiting)
        {
            Server.ClosedIdle(_loop.Clock.NowMs - IdleSinceMs);
            EndWaiting(ServerCloseReason.ServerFin, reset: false);
        }
    }

    /// <summary>What was held is in the queue now and goes out as the server takes it.</summary>
    public void OnSendBlocked(TcpConnection connection)
    {
    }

    public void OnSendDrained(TcpConnection connection)
    {
        if (_state == UpstreamConnectionState.Busy)
            _users.Present!.OnServerSendDrained(this);
    }

    public void OnSendFailed(TcpConnection connection, SocketError error)
    {
        if (_state == UpstreamConnectionState.Busy)
            _users.Present!.OnServerSendFailed(this, error);
    }

    public void OnFailed(TcpConnection connection, SocketError error)
    {
        switch (_state)
        {
            case UpstreamConnectionState.Connecting:
                ConnectFailed(error);
                break;
            case UpstreamConnectionState.Busy:
                _users.Present!.OnServerFailed(this, error);
                break;
            default:
                EndWaiting(ServerCloseReason.ServerReset, reset: false);
                break;
        }
    }

    public void OnClosed(TcpConnection connection)
    {
        Server.Counters.Add(CounterId.ServerConnectionsOpen, -1);

        // The socket of an address that was given up for the next one.
        if (connection != Tcp)
            return;
        while (_users.TakeFollowing() is { } user)
        {
            Server.FollowerEnded();
            user.OnServerTurnLost(this);
        }
        Tcp = null;
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
                _users.Present!.OnServerTimeout(this);
                break;
            case UpstreamConnectionState.Idle:
                Discard(_pause.EndReason, reset: false);
                break;
        }
    }

    /// <summary>Begins a fresh connection for a user.</summary>
    internal void Open(IServerConnectionUser user)
    {
        MoveTo(UpstreamConnectionState.Connecting);
        _users.Begin(user);
        _pause.Forget();
        _account.Begin();
        UseCount = 1;
        _sentBeforeBytes = 0;
        OpenedAtMs = _loop.Clock.NowMs;
        _addressesTried = 0;
        ConnectTo(Server.Addresses.First);
    }

    /// <summary>
    /// Tries an address. Several share the time that a connect may take: each has its part of what is left, so that a silent one leaves some for
    /// the others.
    /// </summary>
    private void ConnectTo(ServerAddress address)
    {
        Address = address;
        int addressesLeft = Math.Max(1, Server.Addresses.Count - _addressesTried++);
        if (Server.ConnectTimeoutMs > 0)
            ArmResponseTimeout(Math.Max(1, (OpenedAtMs + Server.ConnectTimeoutMs - _loop.Clock.NowMs) / addressesLeft));
        _account.Begin();
        Tcp = _loop.Connect(address.EndPoint, this, Server.Tuning);
        Id = Tcp.Id;
        Server.Counters.Add(CounterId.ServerConnectionsOpen);
    }

    /// <summary>Lends an idle or pinned connection, just taken from where it waited, to a user.</summary>
    internal void Reuse(IServerConnectionUser user)
    {
        _pause.End(this, _loop.Clock.NowMs);
        MoveTo(UpstreamConnectionState.Busy);
        _users.PassTo(user);
        UseCount++;
        _sentBeforeBytes = Tcp!.SentBytes;
        _loop.Wheel.Disarm(_timer);
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

    /// <summary>True while nobody uses the connection, but somebody may again.</summary>
    private bool IsWaiting => _state is UpstreamConnectionState.Idle or UpstreamConnectionState.Pinned;

    /// <summary>Something happened to a connection that waits, after which it must not be used.</summary>
    internal void EndWaiting(ServerCloseReason reason, bool reset)
    {
        if (_state == UpstreamConnectionState.Idle)
            Discard(reason, reset);
        else if (_state == UpstreamConnectionState.Pinned)
            EndPinned(reason, reset);
    }

    private void ConnectFailed(SocketError error)
    {
        IServerConnectionUser user = _users.Present!;
        ServerAccount.CountConnectFailure(Server, error);
        Server.Addresses.Failed(Address);
        if (TryNextAddress())
            return;
        Server.Release(this, ServerCloseReason.ConnectFailed);
        user.OnServerConnectFailed(this, error);
    }

    /// <summary>
    /// After a failed connect: goes on with the next address of the server, if there is one and time is left. The user hears nothing of it.
    /// </summary>
    private bool TryNextAddress()
    {
        ServerAddressRing addresses = Server.Addresses;
        bool isTimeOver = Server.ConnectTimeoutMs > 0 && _loop.Clock.NowMs >= OpenedAtMs + Server.ConnectTimeoutMs;
        if (_addressesTried >= addresses.Count || isTimeOver || Server.IsRetired)
            return false;
        TcpConnection failed = Tcp!;
        _account.Close(this, ServerCloseReason.ConnectFailed, reset: false, isWaiting: false, _loop.Clock.NowMs);
        Tcp = null;
        failed.Close();
        _loop.BeforeConnect?.Invoke();
        Server.Counters.Add(CounterId.ServerConnects);
        ConnectTo(addresses.After(Address));
        return true;
    }

    private void MoveTo(UpstreamConnectionState next)
    {
        Check.Lawful(_state.MayBecome(next), _state, next);
        _state = next;
    }
}
