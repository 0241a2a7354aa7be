using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Saea;

/// <summary>
/// The portable engine: SocketAsyncEventArgs with inline completions on one thread of the runtime's socket engine, which so becomes
/// the event loop. <see cref="PrepareProcess"/> must run before the first socket of the process.
/// Owns the wake-up socket pair, the ticker, the hot receive buffer and the pool of connection objects.
/// </summary>
internal sealed class SaeaEventLoop : EventLoop, IDescriptorEngine
{
    /// <summary>Synchronous completions of one connection in a row before others get their turn.</summary>
    private const int SynchronousReceivesMax = 16;

    private readonly Socket _wakeReader;
    private readonly Socket _wakeWriter;
    private readonly WakeOperation _wake;
    private readonly LoopTicker _ticker;
    private SaeaConnection? _free;
    private int _loopThreadId;
    private int _wakeSent;
    private int _synchronousReceives;
    private long _turnOfLastWake;
    private bool _isWaking;

    public SaeaEventLoop(int workerIndex, int workerCount, BufferPools pools)
        : base(workerIndex, workerCount, pools)
    {
        HotBuffer = GC.AllocateUninitializedArray<byte>(ReceiveBytesMax, pinned: true);
        (_wakeReader, _wakeWriter) = SocketPair.Create();
        _wakeWriter.Blocking = false;
        _wake = new WakeOperation(this);
        _ticker = new LoopTicker(Wake);
        HalfClosed = new ResetWatch(this);
    }

    public override int IdleConnectionBytes => 1666;

    public override bool IsLoopThread => Environment.CurrentManagedThreadId == _loopThreadId;

    /// <summary>The buffer that every receive of this loop reads into; its content is lent for one call at a time.</summary>
    internal byte[] HotBuffer { get; }

    /// <summary>Connections whose peers have sent FIN: of a reset behind it the runtime tells nobody.</summary>
    internal ResetWatch HalfClosed { get; }

    /// <summary>Tells the runtime to run completions inline on one engine thread. Before the first socket of the process.</summary>
    public static void PrepareProcess()
    {
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
    }

    public override void Start(LoopWork first)
    {
        Post(first);
        _wake.Arm();
    }

    protected override void StopEngine()
    {
        _ticker.Stop();

        // Not disposed: a completion on a pool thread may still post, and then finds a closed line instead of a disposed socket.
        _wakeWriter.Shutdown(SocketShutdown.Send);
    }

    protected override TcpConnection BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning)
    {
        SaeaConnection connection = Lend();
        connection.BeginConnect(server, owner, tuning);
        return connection;
    }

    public TcpConnection TakeOver(int descriptor, in PeerAddress peer)
    {
        SaeaConnection connection = Lend();
        connection.BeginAccepted(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), peer);
        return connection;
    }

    public override TcpListenerSocket Listen(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning) =>
        new SaeaListenerSocket(this, listening, acceptor, tuning);

    public override TcpListenerSocket ListenShared(Socket listening, IConnectionAcceptor acceptor, SocketTuning tuning) =>
        new SaeaSharedListenerSocket(this, listening, acceptor, tuning);

    internal SaeaConnection Lend()
    {
        SaeaConnection? connection = _free;
        if (connection is null)
            return new SaeaConnection(this);
        _free = connection.NextFree;
        connection.NextFree = null;
        return connection;
    }

    internal void Recycle(SaeaConnection connection)
    {
        connection.NextFree = _free;
        _free = connection;
    }

    /// <summary>Counts synchronous completions in a row; true when the connection must wait for its next turn.</summary>
    internal bool ShouldYield()
    {
        if (++_synchronousReceives < SynchronousReceivesMax)
            return false;
        _synchronousReceives = 0;
        return true;
    }

    protected override void Wake()
    {
        if (Interlocked.Exchange(ref _wakeSent, 1) == 0)
            _wakeWriter.Send([1], SocketFlags.None, out _);
    }

    /// <summary>
    /// While bytes are corked the loop wakes itself: a wake-up that comes alone shows that there is nothing else to do. It is sent only once
    /// the receive waits again, else it would come at once and look like that.
    /// </summary>
    protected override void PlanWake(long wakeAtMs)
    {
        if (wakeAtMs <= Clock.NowMs || (PutOff.HasCorked && !_isWaking))
            Wake();
        else
            _ticker.Plan(wakeAtMs);
    }

    private void Awake()
    {
        Check.That(_loopThreadId == 0 || IsLoopThread, "the runtime moved the event loop to another thread");
        _loopThreadId = Environment.CurrentManagedThreadId;
        Volatile.Write(ref _wakeSent, 0);
        if (PutOff.HasCorked && TurnCount == _turnOfLastWake + 1)
            PutOff.UncorkAll();
        _turnOfLastWake = TurnCount;
        RunMailbox();
    }

    /// <summary>The receive on the wake-up socket: it carries posts and ticks into the loop.</summary>
    private sealed class WakeOperation : SocketAsyncEventArgs
    {
        private readonly SaeaEventLoop _loop;

        public WakeOperation(SaeaEventLoop loop)
            : base(true)
        {
            _loop = loop;
            SetBuffer(new byte[64], 0, 64);
        }

        /// <summary>
        /// Waits for the next wake-up. The very first one may already be there; it is then handled on a pool thread's behalf by
        /// receiving again until the wait is pending, so that the loop thread is always the engine's.
        /// </summary>
        public void Arm()
        {
            if (_loop._loopThreadId == 0)
            {
                while (!_loop._wakeReader.ReceiveAsync(this))
                {
                }
                _loop._wakeWriter.Send([1], SocketFlags.None, out _);
                return;
            }
            while (!_loop._wakeReader.ReceiveAsync(this) && BytesTransferred > 0)
                Handle();
        }

        protected override void OnCompleted(SocketAsyncEventArgs e)
        {
            if (BytesTransferred == 0 || _loop.IsStopped)
            {
                _loop._wakeReader.Dispose();
                return;
            }
            _loop._isWaking = true;
            Handle();
            Arm();
            _loop._isWaking = false;
            if (_loop.PutOff.HasCorked)
                _loop.Wake();
        }

        private void Handle()
        {
            if (_loop._loopThreadId == 0)
                _loop._loopThreadId = Environment.CurrentManagedThreadId;
            _loop.EnterTurn();
            _loop.Awake();
            _loop.LeaveTurn();
        }
    }
}
