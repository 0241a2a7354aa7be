using System;
using System.Net.Sockets;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.ProxyProtocol;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Listeners;

/// <summary>
/// An accepted connection until it is known who is there and what is spoken on it: reads the PROXY header that a trusted balancer puts in front of
/// all else, then hands the connection on, with what came behind it. In the order of live connections like any other, with a deadline and a reason
/// of its own. A listener without PROXY headers needs none. Owner: its <see cref="Listener"/>; thread: the loop. Never answers.
/// </summary>
internal sealed class Arrival : ClientConnection, IConnectionOwner, ITimerOwner
{
    /// <summary>The longest PROXY header; the parser refuses what does not end within it.</summary>
    private const int HeaderBytesMax = ProxyHeaderV2.HeaderBytesMax;

    private readonly Listener _listener;
    private readonly SessionTimer _timer;
    private ByteTail _tail;
    private long _startedMs;
    private bool _isEnding;

    public Arrival(Listener listener)
    {
        _listener = listener;
        _timer = new SessionTimer(this);
    }

    public override Frontend Frontend => _listener.Frontend;

    public override long IdleSinceMs => _isEnding || !_tail.IsEmpty ? -1 : Tcp!.OpenedAtMs;

    /// <summary>Takes over an accepted connection.</summary>
    public void Begin(TcpConnection connection)
    {
        Take(connection, identity: null);
        _isEnding = false;
        _startedMs = Frontend.Loop.Clock.NowMs;
        connection.SetOwner(this);
        connection.StartReceive();
        _timer.Arm(Frontend.Loop, SessionTimeout.RequestHeader, Frontend.Timeouts.RequestHeaderMs);
    }

    /// <summary>Lets go of the connection, which another owner takes over.</summary>
    public TcpConnection Leave()
    {
        TcpConnection connection = Tcp!;
        EndOf();
        Forget();
        return connection;
    }

    public override void Drain()
    {
        if (!_isEnding && _tail.IsEmpty && !Frontend.IdleMayWait)
            LingerOn(Frontend.Ending);
    }

    /// <summary>What has arrived for this listener is served by it.</summary>
    public override void FollowSuccessor()
    {
    }

    public override void OnBondEnded() => Check.That(false, "nobody has authenticated before the first request");

    void IConnectionOwner.OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    void IConnectionOwner.OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Frontend.Counters.Add(CounterId.BytesFromClients, bytes.Length);
        if (_tail.IsEmpty)
        {
            _startedMs = Frontend.Loop.Clock.NowMs;
            Read(bytes);
        }
        else if (_tail.TryAppend(Frontend.Loop.Pools, bytes, HeaderBytesMax + bytes.Length))
        {
            Read(_tail.Bytes);
        }
        else
        {
            Refuse(ProxyError.BuffersExhausted, CloseReason.Resource);
        }
    }

    void IConnectionOwner.OnEndOfStream(TcpConnection connection) => Close(CloseReason.ClientClosed);

    void IConnectionOwner.OnFailed(TcpConnection connection, SocketError error) => Close(CloseReason.ClientClosed);

    void IConnectionOwner.OnSendBlocked(TcpConnection connection) => Check.That(false, "an arrival sends nothing");

    void IConnectionOwner.OnSendDrained(TcpConnection connection) => Check.That(false, "an arrival sends nothing");

    void IConnectionOwner.OnSendFailed(TcpConnection connection, SocketError error) => Check.That(false, "an arrival sends nothing");

    void IConnectionOwner.OnClosed(TcpConnection connection) => Check.That(false, "a client connection ends by a farewell");

    void ITimerOwner.OnTimer(TimerNode node, long nowMs)
    {
        Frontend.Counters.Add(CounterId.TimeoutsRequestHeader);
        if (!_tail.IsEmpty)
            Answer(ProxyError.RequestHeaderTimeout, CloseReason.RequestHeaderTimeout);
        LingerOn(CloseReason.RequestHeaderTimeout);
    }

    protected override bool GiveUp() => false;

    protected override void OnEnding()
    {
        _isEnding = true;
        _timer.Disarm(Frontend.Loop);
    }

    protected override void EndOf()
    {
        _timer.Remove(Frontend.Loop);
        _tail.Release(Frontend.Loop.Pools);
    }

    /// <summary>Reads the PROXY header at the beginning of the bytes.</summary>
    private void Read(ReadOnlySpan<byte> bytes)
    {
        ProxyHeader header = ProxyHeaderParser.Parse(bytes);
        if (header.Status == ProxyHeaderStatus.Rejected)
            Refuse(ProxyError.BadProxyHeader, CloseReason.BadProxyHeader);
        else if (header.Status == ProxyHeaderStatus.Done)
            HandOn(header, bytes[header.HeaderBytes..]);
        else if (_tail.IsEmpty && !_tail.TryAppend(Frontend.Loop.Pools, bytes, HeaderBytesMax + bytes.Length))
            Refuse(ProxyError.BuffersExhausted, CloseReason.Resource);
    }

    /// <param name="header">The header; it names nobody when the balancer speaks for itself.</param>
    /// <param name="rest">What came behind the header; perhaps in the tail, which goes with this call.</param>
    private void HandOn(in ProxyHeader header, ReadOnlySpan<byte> rest)
    {
        ByteTail tail = _tail;
        _tail = default;
        long limitMs = Frontend.Timeouts.RequestHeaderMs;
        long leftMs = limitMs == 0 ? 0 : Math.Max(1, Tcp!.OpenedAtMs + limitMs - Frontend.Loop.Clock.NowMs);
        ClientIdentity? identity = header.Source.IsGiven ? new ClientIdentity(header.Source, header.Destination, header.IsSecure) : null;
        BufferPools pools = Frontend.Loop.Pools;
        Session session = _listener.Arrived(this, identity, _startedMs, leftMs);
        if (!rest.IsEmpty && session.Tcp!.Owner is Session)
            session.ReadFirst(rest);
        tail.Release(pools);
    }

    /// <summary>
    /// No sound PROXY header: it came past the balancer, or from something else. It is not told, lest it be answered in a foreign tongue.
    /// </summary>
    private void Refuse(ProxyError error, CloseReason reason)
    {
        if (error == ProxyError.BuffersExhausted)
            Frontend.Counters.Add(CounterId.BufferRefusals);
        Answer(error, reason);
        Close(reason);
    }

    private void Answer(ProxyError error, CloseReason reason)
    {
        Account.RequestEnded(Tcp!, _startedMs, Frontend.Loop.Clock.NowMs);
        Frontend.Service.OnRefused(this, new Refusal
        {
            Error = error, Detail = RejectReason.None, CloseReason = reason, Client = Address, StartedMs = _startedMs,
        });
    }
}
