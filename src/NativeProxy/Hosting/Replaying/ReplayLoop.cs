using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Buffers;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// An engine without a thread and without sockets: who replays calls <see cref="Turn"/>, which handles what is there. What the proxy sends or
/// connects to is told to who replays. Owner: a <see cref="ReplayRun"/>; thread: the one that calls.
/// </summary>
internal sealed class ReplayLoop : EventLoop
{
    private readonly Queue<ReplayConnection> _ready = [];
    private bool _isWoken;

    public ReplayLoop(BufferPools pools, ReplayTime time)
        : base(0, 1, pools, time)
    {
    }

    /// <summary>Every receive reads into it.</summary>
    public byte[] HotBuffer { get; } = new byte[ReceiveBytesMax];

    /// <summary>The listening sockets, in the order in which they were asked for.</summary>
    public List<ReplayListenerSocket> Listeners { get; } = [];

    /// <summary>The proxy connects to a server.</summary>
    public Action<ReplayConnection, EndPoint> Connecting { get; set; } = static (_, _) => { };

    public override int IdleConnectionBytes => 0;

    public override bool IsLoopThread => true;

    /// <summary>Something is to be done now.</summary>
    public bool HasWork => _isWoken || _ready.Count > 0 || PutOff.HasCorked;

    /// <summary>When something is to be done though nothing happens.</summary>
    public long WakeAtMs { get; private set; } = long.MaxValue;

    public override void Start(LoopWork first) => Post(first);

    public override TcpListenerSocket Listen(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning)
    {
        var socket = new ReplayListenerSocket(acceptor);
        Listeners.Add(socket);
        return socket;
    }

    /// <summary>One turn, like one return of a real engine's wait.</summary>
    public void Turn()
    {
        EnterTurn();
        if (_isWoken)
        {
            _isWoken = false;
            RunMailbox();
        }
        if (_ready.TryDequeue(out ReplayConnection? connection))
            connection.OnReady();
        else
            PutOff.UncorkAll();
        LeaveTurn();
    }

    /// <summary>Does this in a turn of its own.</summary>
    public void InTurn(Action action)
    {
        EnterTurn();
        action();
        LeaveTurn();
    }

    internal void MarkReady(ReplayConnection connection) => _ready.Enqueue(connection);

    protected override TcpConnection BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning)
    {
        var connection = new ReplayConnection(this);
        connection.BeginConnect(owner);
        Connecting(connection, server);
        return connection;
    }

    protected override void StopEngine()
    {
    }

    protected override void Wake() => _isWoken = true;

    protected override void PlanWake(long wakeAtMs) => WakeAtMs = wakeAtMs;
}
