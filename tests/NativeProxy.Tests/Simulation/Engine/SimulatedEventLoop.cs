using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Buffers;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Simulation.Engine;

/// <summary>
/// A third engine, without a thread and without sockets: the run calls <see cref="Turn"/>, which handles some of the connections that
/// are ready, in random order. Its connections behave like those of one of the real engines (<see cref="SimulatedConnection"/>).
/// </summary>
internal sealed class SimulatedEventLoop : EventLoop
{
    private readonly SimulatedNetwork _network;
    private readonly Dice _dice;
    private readonly bool _isCompletionBased;
    private readonly List<SimulatedConnection> _ready = [];
    private readonly List<SimulatedListenerSocket> _listeners = [];
    private readonly Stack<SimulatedConnection> _free = [];
    private bool _isWoken;
    private long _wakeAtMs = long.MaxValue;

    public SimulatedEventLoop(BufferPools pools, SimulatedTime time, SimulatedNetwork network, Dice dice, Trace trace, bool isCompletionBased)
        : base(0, 1, pools, time)
    {
        _network = network;
        _dice = dice;
        Trace = trace;
        _isCompletionBased = isCompletionBased;
        HalfClosed = new ResetWatch(this);
    }

    /// <summary>As in the engine of completions.</summary>
    public ResetWatch HalfClosed { get; }

    public Trace Trace { get; }

    public Dice Dice => _dice;

    /// <summary>Each receive takes all that is there.</summary>
    public bool ReadsWhole { get; set; }

    /// <summary>Every receive reads into it; poisoned behind each delivery, since what is in it is only lent.</summary>
    public byte[] HotBuffer { get; } = new byte[ReceiveBytesMax];

    /// <summary>Every connection with a socket.</summary>
    public HashSet<SimulatedConnection> Live { get; } = [];

    public override int IdleConnectionBytes => 1000;

    public override bool IsLoopThread => true;

    /// <summary>Something is to be done now, or at the time of <see cref="WakeAtMs"/>.</summary>
    public bool HasWork => _isWoken || _ready.Count > 0 || PutOff.HasCorked || AnyListenerReady;

    public long WakeAtMs => _wakeAtMs;

    private bool AnyListenerReady => _listeners.Exists(static listener => listener.IsReady);

    public override void Start(LoopWork first) => Post(first);

    protected override TcpConnection BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning)
    {
        SimulatedConnection connection = Lend();
        connection.BeginConnect(owner);
        _network.ConnectServer((IPEndPoint)server, connection);
        return connection;
    }

    public override TcpListenerSocket Listen(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning)
    {
        var listener = new SimulatedListenerSocket(this, _network, acceptor);
        _listeners.Add(listener);
        return listener;
    }

    /// <summary>One turn, like one return of a real engine's wait.</summary>
    public void Turn()
    {
        EnterTurn();
        int count = _dice.PerMille(700) ? _ready.Count : _dice.Between(0, _ready.Count);
        if (count == 0 && PutOff.HasCorked)
            PutOff.UncorkAll();
        bool runsMailbox = _isWoken && (count == 0 || _dice.PerMille(800));
        bool mailboxFirst = _dice.PerMille(500);
        if (runsMailbox && mailboxFirst)
            DoMailbox();
        for (; count > 0 && _ready.Count > 0; count--)
            TakeOne().OnReady();
        foreach (SimulatedListenerSocket listener in _listeners.ToArray())
            listener.Accept(_dice.Between(1, 4));
        if (runsMailbox && !mailboxFirst)
            DoMailbox();
        LeaveTurn();
    }

    internal SimulatedConnection Lend()
    {
        if (!_free.TryPop(out SimulatedConnection? connection))
            connection = _isCompletionBased ? new CompletionConnection(this) : new ReadinessConnection(this);
        Live.Add(connection);
        return connection;
    }

    internal void Recycle(SimulatedConnection connection)
    {
        Live.Remove(connection);
        _free.Push(connection);
    }

    internal void Forget(SimulatedListenerSocket listener) => _listeners.Remove(listener);

    internal void MarkReady(SimulatedConnection connection)
    {
        if (connection.IsMarkedReady)
            return;
        connection.IsMarkedReady = true;
        _ready.Add(connection);
    }

    protected override void StopEngine()
    {
    }

    protected override void Wake() => _isWoken = true;

    protected override void PlanWake(long wakeAtMs) => _wakeAtMs = wakeAtMs;

    private void DoMailbox()
    {
        _isWoken = false;
        RunMailbox();
    }

    private SimulatedConnection TakeOne()
    {
        int index = _dice.Below(_ready.Count);
        SimulatedConnection connection = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        connection.IsMarkedReady = false;
        return connection;
    }
}
