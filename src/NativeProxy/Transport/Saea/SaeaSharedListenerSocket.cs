using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Saea;

/// <summary>
/// A listening socket that other processes hold, too, and that is given up here while they keep it. The runtime's socket engine cannot have it: it
/// never takes a descriptor off its epoll set but by closing it, and what others hold open stays in the set. So a thread of its own waits for
/// connections, and the loop accepts them; where the system has no thread to give, the loop looks for them by its clock. Thread: the loop, but for
/// <see cref="Wait"/>. Linux.
/// </summary>
internal sealed unsafe partial class SaeaSharedListenerSocket : TcpListenerSocket, ITimerOwner
{
    private const short PollIn = 1;
    private const int StackBytes = 128 * 1024;

    /// <summary>How often the loop looks where there is no thread: what a client may wait.</summary>
    private const long LookEveryMs = 10;

    private readonly SaeaEventLoop _loop;
    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly int _stop;

    /// <summary>Never disposed: the loop may set it once more when the thread has already ended.</summary>
    private readonly AutoResetEvent _go = new(initialState: false);
    private readonly ReadyWork _ready;
    private readonly TimerNode _pause;
    private readonly bool _hasThread;
    private bool _isWatched;
    private bool _isClosed;

    public SaeaSharedListenerSocket(SaeaEventLoop loop, Socket socket, IConnectionAcceptor acceptor, SocketTuning tuning)
        : base(acceptor)
    {
        _loop = loop;
        _socket = socket;
        Tune(tuning);
        socket.Blocking = false;
        _descriptor = (int)socket.Handle;
        _stop = EpollCalls.MakeEvent(0, EpollCalls.CloseOnExec | EpollCalls.NonBlocking);
        _ready = new ReadyWork(this);
        _pause = new TimerNode(this);
        _hasThread = SystemThreads.TryStart(new Thread(Wait, StackBytes) { IsBackground = true, Name = "shared listener" });
    }

    public override void Tune(SocketTuning tuning) => tuning.ApplyTo(_socket);

    public override void Resume()
    {
        if (_isClosed || _isWatched)
            return;
        _isWatched = true;
        if (_hasThread)
            _go.Set();
        else
            _loop.Wheel.Arm(_pause, _loop.Clock.NowMs + LookEveryMs);
    }

    /// <summary>The waiting thread, if there is one, closes the socket when it has let go of it.</summary>
    public override void Close()
    {
        if (_isClosed)
            return;
        Volatile.Write(ref _isClosed, true);
        _loop.Wheel.Remove(_pause);
        if (!_hasThread)
        {
            LetGo();
            return;
        }
        ulong one = 1;
        EpollCalls.Write(_stop, &one, sizeof(ulong));
        _go.Set();
    }

    /// <summary>The pause is over, or it is time to look.</summary>
    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_isWatched)
            AcceptMany();
        else
            Resume();
    }

    /// <summary>The waiting thread: says each time it is asked to when there are connections.</summary>
    private void Wait()
    {
        PollEntry* entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry(_descriptor, PollIn);
        entries[1] = new PollEntry(_stop, PollIn);
        while (true)
        {
            _go.WaitOne();
            if (!Volatile.Read(ref _isClosed))
                CallPoll(entries, 2, -1);
            if (Volatile.Read(ref _isClosed))
                break;
            _loop.Post(_ready);
        }
        LetGo();
    }

    private void LetGo()
    {
        _socket.Dispose();
        EpollCalls.Close(_stop);
    }

    private void AcceptMany()
    {
        _isWatched = false;
        _loop.Pulse.Enter(LoopPlace.Accepting);
        for (int budget = AcceptsPerTurnMax; budget > 0; budget--)
        {
            if (_isClosed || !Acceptor.MayAccept)
                return;
            int descriptor = EpollCalls.Accept(_descriptor, null, null, EpollCalls.NonBlocking | EpollCalls.CloseOnExec);
            if (descriptor >= 0)
            {
                SaeaConnection connection = _loop.Lend();
                connection.BeginAccepted(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)));
                HandOver(connection);
                continue;
            }
            int error = Marshal.GetLastSystemError();
            if (error == ErrorNumbers.WouldBlock)
                break;
            SocketError lack = ErrorNumbers.ToSocketError(error);
            bool isExhausted = lack is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;
            if (!isExhausted && error != ErrorNumbers.InvalidArgument)
                continue;
            _loop.Wheel.Arm(_pause, _loop.Clock.NowMs + RestMs);
            if (isExhausted)
                Acceptor.OnAcceptFailed(lack);
            return;
        }
        Resume();
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int CallPoll(PollEntry* entries, nuint count, int timeoutMs);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry(int descriptor, short events)
    {
        public int Descriptor = descriptor;
        public short Events = events;
        public short Results = 0;
    }

    /// <summary>Connections are there; runs on the loop.</summary>
    private sealed class ReadyWork(SaeaSharedListenerSocket listener) : LoopWork
    {
        public override void Run() => listener.AcceptMany();
    }
}
