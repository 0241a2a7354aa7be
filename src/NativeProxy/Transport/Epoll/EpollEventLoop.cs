using System;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// The direct engine: one thread, one epoll descriptor, batches of events, timers between batches, an event descriptor to be woken by.
/// Owns the thread, both descriptors, the hot receive buffer and the pool of connection objects. Linux only.
/// </summary>
internal sealed unsafe class EpollEventLoop : EventLoop, IDescriptorEngine
{
    /// <summary>Events handled in one turn; the rest waits for the next, so that timers and deferred work have their turn too.</summary>
    private const int EventsPerTurnMax = 256;

    /// <summary>How often a pipe is asked for while there is no descriptor for it.</summary>
    private const int PipeTryMs = 1000;

    private readonly WatchTable _watched = new();
    private readonly byte[] _hotBuffer;
    private readonly int _epoll;
    private readonly int _wake;
    private readonly ulong _wakeToken;
    private EpollConnection? _free;
    private SplicePipe? _pipe;
    private long _nextPipeTryMs;
    private Thread? _thread;
    private long _wakeAtMs;
    private int _wakeSent;

    public EpollEventLoop(int workerIndex, int workerCount, BufferPools pools)
        : base(workerIndex, workerCount, pools)
    {
        _hotBuffer = GC.AllocateUninitializedArray<byte>(ReceiveBytesMax, pinned: true);
        HotBuffer = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_hotBuffer, 0);
        _epoll = Checked(EpollCalls.Create(EpollCalls.CloseOnExec));
        _wake = Checked(EpollCalls.MakeEvent(0, EpollCalls.CloseOnExec | EpollCalls.NonBlocking));
        Ready = new ReadyEvents(_epoll, _watched);
        _wakeToken = _watched.Add(new WakeLine(this));
        Register(_wake, EpollCalls.In, _wakeToken);
    }

    public override int IdleConnectionBytes => 454;

    public override bool IsLoopThread => Thread.CurrentThread == _thread;

    /// <summary>The buffer that every receive of this loop reads into; its content is lent for one call at a time.</summary>
    internal byte* HotBuffer { get; }

    /// <summary>Where bytes stand that are passed on without being read; null while no descriptor is left for it, or nobody has asked.</summary>
    internal SplicePipe? Pipe => _pipe;

    /// <summary>What has come and waits to be handled.</summary>
    internal ReadyEvents Ready { get; }

    /// <summary>Whose handshakes go on now, and whose in the next turns.</summary>
    internal HandshakeLine Handshakes { get; } = new();

    /// <summary>What the events of this loop belong to.</summary>
    internal WatchTable Watched => _watched;

    public override void Start(LoopWork first)
    {
        Post(first);
        _thread = new Thread(Run) { IsBackground = true, Name = "loop" };
        _thread.Start();
    }

    protected override TcpConnection BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning)
    {
        EpollConnection connection = Lend();
        connection.BeginConnect(server, owner, tuning);
        return connection;
    }

    public TcpConnection TakeOver(int descriptor, in PeerAddress peer)
    {
        EpollConnection connection = Lend();
        connection.BeginAccepted(descriptor, peer);
        return connection;
    }

    public override TcpListenerSocket Listen(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning) =>
        new EpollListenerSocket(this, listening, acceptor, tuning);

    internal EpollConnection Lend()
    {
        EpollConnection? connection = _free;
        if (connection is null)
            return new EpollConnection(this);
        _free = connection.NextFree;
        connection.NextFree = null;
        return connection;
    }

    internal void Recycle(EpollConnection connection)
    {
        connection.NextFree = _free;
        _free = connection;
    }

    /// <summary>Makes the <see cref="Pipe"/> if it is not there; asked again, the system may have a descriptor for it.</summary>
    internal bool TryMakePipe()
    {
        if (_pipe is not null || Clock.NowMs < _nextPipeTryMs)
            return _pipe is not null;
        _nextPipeTryMs = Clock.NowMs + PipeTryMs;
        _pipe = SplicePipe.TryMake();
        return _pipe is not null;
    }

    internal void Register(int descriptor, uint events, ulong token)
    {
        var change = new EpollEvent { Events = events, Data = token };
        Checked(EpollCalls.Control(_epoll, EpollCalls.Add, descriptor, &change));
    }

    internal void Reregister(int descriptor, uint events, ulong token)
    {
        var change = new EpollEvent { Events = events, Data = token };
        Checked(EpollCalls.Control(_epoll, EpollCalls.Modify, descriptor, &change));
    }

    internal void Unregister(int descriptor) => Checked(EpollCalls.Control(_epoll, EpollCalls.Remove, descriptor, null));

    /// <summary>The loop sees by itself that it is stopped, at the end of the turn.</summary>
    protected override void StopEngine()
    {
    }

    protected override void Wake()
    {
        if (Interlocked.Exchange(ref _wakeSent, 1) != 0)
            return;
        ulong one = 1;
        EpollCalls.Write(_wake, &one, sizeof(ulong));
    }

    protected override void PlanWake(long wakeAtMs) => _wakeAtMs = wakeAtMs;

    private void Run()
    {
        _wakeAtMs = long.MaxValue;
        while (!IsStopped)
        {
            // What came while the last events were handled waits already.
            int count = Ready.Count > 0 ? Ready.Count : Ready.Wait(PutOff.HasCorked || !Handshakes.IsEmpty ? 0 : TimeoutMs());
            EnterTurn();
            Handshakes.BeginTurn();
            if (count == 0 && PutOff.HasCorked)
                PutOff.UncorkAll();
            for (count = Math.Min(count, EventsPerTurnMax); count > 0 && !IsStopped; count--)
            {
                EpollEvent ready = Ready.Take();
                _watched.Find(ready.Data)?.OnReady(ready.Events);
            }
            if (!Handshakes.IsEmpty)
                Handshakes.Serve();
            LeaveTurn();
        }
        _pipe?.Close();
        EpollCalls.Close(_wake);
        EpollCalls.Close(_epoll);
    }

    /// <summary>-1 = no limit. The clock is that of the last turn: waiting a little too long is made up for by the wheel's tick.</summary>
    private int TimeoutMs()
    {
        if (_wakeAtMs == long.MaxValue)
            return -1;
        return (int)Math.Clamp(_wakeAtMs - Clock.NowMs, 0, int.MaxValue);
    }

    private void Awake()
    {
        ulong count;
        EpollCalls.Read(_wake, &count, sizeof(ulong));
        Volatile.Write(ref _wakeSent, 0);
        RunMailbox();
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastSystemError());

    /// <summary>The event descriptor that other threads wake the loop by.</summary>
    private sealed class WakeLine(EpollEventLoop loop) : IEpollWatched
    {
        public void OnReady(uint events) => loop.Awake();
    }
}
