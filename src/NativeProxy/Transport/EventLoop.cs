using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;

namespace NativeProxy.Transport;

/// <summary>
/// One event loop: it owns one thread, the clock, the timing wheel, the buffer pools, the mailbox and the connections of that thread. A turn is:
/// refresh the clock, handle one event of the engine, then deferred work, due timers, what was put off (<see cref="Soon"/>), and the plan for the
/// next wake-up. Thread: everything but <see cref="Post"/> runs on the loop thread. Never blocks; the only wait is the engine's.
/// </summary>
internal abstract class EventLoop
{
    /// <summary>Size of the one receive buffer of a loop: a read takes at most this much.</summary>
    public const int ReceiveBytesMax = 64 * 1024;

    /// <summary>Deferred items handled in one turn; the rest waits behind the engine's next events, so that no connection starves another.</summary>
    private const int DeferredPerTurnMax = 1024;

    private readonly LoopMailbox _mailbox = new();
    private readonly ManualResetEventSlim _ended = new();
    private LayerScratch? _layers;
    private TcpConnection? _deferredFirst;
    private TcpConnection? _deferredLast;
    private SoonList _soon;
    private PutOffConnections _putOff;
    private int _turnDepth;

    /// <param name="workerIndex">0-based number of this worker.</param>
    /// <param name="workerCount">How many workers there are; connection ids of different workers never coincide.</param>
    /// <param name="pools">The loop's buffers.</param>
    /// <param name="time">Where the clock takes its time from; null = the system.</param>
    protected EventLoop(int workerIndex, int workerCount, BufferPools pools, TimeProvider? time = null)
    {
        Pools = pools;
        Clock = new LoopClock(time);
        Date = new DateText(Clock);
        Wheel = new TimingWheel(Clock.NowMs);
        Sockets = new LoopSockets(firstId: workerIndex + 1, idStep: workerCount);
    }

    public LoopClock Clock { get; }

    /// <summary>The time as answers say it.</summary>
    public DateText Date { get; }

    public TimingWheel Wheel { get; }

    public BufferPools Pools { get; }

    /// <summary>Its sockets, as numbers.</summary>
    public LoopSockets Sockets { get; }

    /// <summary>Id of the connection whose bytes are being handled, if the read that took them left nothing behind; else 0.</summary>
    internal long JustDrainedId { get; set; }

    /// <summary>Where the loop leaves signs of life; set before it starts.</summary>
    public LoopPulse Pulse { get; set; } = LoopPulse.OfNobody;

    /// <summary>Engine events handled so far.</summary>
    protected long TurnCount { get; private set; }

    /// <summary>True once the loop has been stopped: completions that still come are dropped.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>
    /// What an idle connection costs this process: the objects of the engine and those above it, as the load test's <c>herd</c> measures them. It
    /// holds no buffer; the kernel's share comes on top.
    /// </summary>
    public abstract int IdleConnectionBytes { get; }

    /// <summary>True on the loop thread, once the loop runs.</summary>
    public abstract bool IsLoopThread { get; }

    /// <summary>Starts the loop thread and returns; <paramref name="first"/> is the first work it does.</summary>
    public abstract void Start(LoopWork first);

    /// <summary>Ends the loop's threads. Loop thread, once all connections and listeners are closed; what is posted afterwards is dropped.</summary>
    public void Stop()
    {
        IsStopped = true;
        StopEngine();
    }

    /// <summary>
    /// Any other thread: ends the loop and returns once nothing runs on it any more, so that what it uses can be taken apart. False when
    /// that took longer than <paramref name="limit"/>.
    /// </summary>
    public bool StopAndWait(TimeSpan limit)
    {
        Post(new StopWork(this));
        return _ended.Wait(limit);
    }

    /// <summary>Opens an outgoing connection; <see cref="IConnectionOwner.OnConnected"/> or OnFailed follows.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="owner">Who hears its events.</param>
    /// <param name="tuning">Options of the socket.</param>
    /// <param name="security">How it is secured before it counts as connected; null = not.</param>
    public TcpConnection Connect(EndPoint server, IConnectionOwner owner, SocketTuning tuning, ConnectionSecurity? security = null)
    {
        TcpConnection connection = BeginConnect(server, owner, tuning);
        if (security is not null)
            connection.Secure(security);
        return connection;
    }

    /// <summary>Takes over a bound, listening socket. It accepts nothing before <see cref="TcpListenerSocket.Resume"/>.</summary>
    public abstract TcpListenerSocket Listen(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning);

    /// <summary>
    /// As <see cref="Listen"/>, for a socket that other processes hold, too, and go on with when it is closed here.
    /// </summary>
    public virtual TcpListenerSocket ListenShared(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning) =>
        Listen(listening, acceptor, tuning);

    /// <summary>
    /// Loop thread, inside a turn. Runs the work at the end of the turn, in an event of its own; what is put off while such work runs waits for the
    /// end of the next turn, which then comes at once. Idempotent until it runs. No wake-up call.
    /// </summary>
    public void Soon(LoopWork work) => _soon.Add(work);

    /// <summary>Any other thread. Runs the work on the loop thread soon.</summary>
    public void Post(LoopWork work)
    {
        if (_mailbox.Put(work))
            Wake();
    }

    /// <summary>What the layers of this loop's connections share.</summary>
    internal LayerScratch Layers => _layers ??= new LayerScratch();

    /// <summary>Puts work of a connection off to the end of the current turn.</summary>
    internal void Defer(TcpConnection connection, DeferredWork work)
    {
        bool isQueued = connection.Deferred != DeferredWork.None;
        connection.Deferred |= work;
        if (isQueued)
            return;
        if (_deferredLast is null)
            _deferredFirst = connection;
        else
            _deferredLast.NextDeferred = connection;
        _deferredLast = connection;
    }

    /// <summary>What waits for a moment. While bytes are corked, an engine must uncork them all before it waits for events.</summary>
    internal ref PutOffConnections PutOff => ref _putOff;

    /// <summary>Begins to connect a bare connection; how that ended is told at the end of a turn.</summary>
    protected abstract TcpConnection BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning);

    /// <summary>Ends the engine's threads. Loop thread.</summary>
    protected abstract void StopEngine();

    /// <summary>Makes the engine's wait return. Any thread.</summary>
    protected abstract void Wake();

    /// <summary>Makes the engine's wait return at this time at the latest, at once when it is past; called at the end of each turn.</summary>
    protected abstract void PlanWake(long wakeAtMs);

    /// <summary>Begins the handling of one engine event.</summary>
    internal void EnterTurn()
    {
        Check.That(_turnDepth++ == 0, "a completion was delivered inside another one");
        TurnCount++;
        Pulse.BeginTurn(TurnCount);
        Clock.Refresh();
    }

    /// <summary>Ends the handling of one engine event.</summary>
    internal void LeaveTurn()
    {
        if (IsStopped)
        {
            _turnDepth--;
            _ended.Set();
            return;
        }
        Pulse.Enter(LoopPlace.Deferred);
        RunDeferred();
        if (Wheel.NextWakeMs <= Clock.NowMs)
        {
            Pulse.Enter(LoopPlace.Timers);
            Wheel.AdvanceTo(Clock.NowMs);
            RunDeferred();
        }
        if (!_soon.IsEmpty)
        {
            Pulse.Enter(LoopPlace.Deferred);
            _soon.RunAll();
            RunDeferred();
        }
        Pulse.Enter(LoopPlace.Flushing);
        if (_putOff.EndDue(Clock.NowMs))
            RunDeferred();
        PlanWake(NextWakeMs);
        Pulse.Enter(LoopPlace.Waiting);
        _turnDepth--;
    }

    /// <summary>Runs what other threads have posted.</summary>
    protected void RunMailbox()
    {
        Pulse.Enter(LoopPlace.Posted);
        _mailbox.RunAll();
        Pulse.Enter(LoopPlace.Events);
    }

    /// <summary>When the loop has something to do without an event of the engine; the present time when it has already.</summary>
    private long NextWakeMs =>
        _deferredFirst is not null || !_soon.IsEmpty ? Clock.NowMs
        : Math.Min(Wheel.NextWakeMs, _putOff.ReceiveWakeMs);

    private void RunDeferred()
    {
        for (int budget = DeferredPerTurnMax; budget > 0 && _deferredFirst is not null; budget--)
        {
            TcpConnection connection = _deferredFirst;
            _deferredFirst = connection.NextDeferred;
            if (_deferredFirst is null)
                _deferredLast = null;
            connection.NextDeferred = null;
            DeferredWork work = connection.Deferred;
            connection.Deferred = DeferredWork.None;
            connection.RunDeferred(work);
        }
    }

    /// <summary>Stops the loop from within.</summary>
    private sealed class StopWork(EventLoop loop) : LoopWork
    {
        public override void Run() => loop.Stop();
    }
}
