using System;
using System.Threading;
using NativeProxy.Exchanges;
using NativeProxy.Foundation;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// The thread beside a worker's loop that waits for the bell of its worker (<see cref="WorkerBells"/>) and lets the loop look at the board. Sleeps
/// until another worker rings; exists only where workers have limits to agree on. Where the system has no thread to give, the loop looks by its
/// clock. Owner: the worker, whose board outlives it.
/// </summary>
/// <param name="bells">On the board.</param>
/// <param name="workerIndex">Whose bell.</param>
/// <param name="loop">The worker's loop.</param>
/// <param name="look">What the loop does; runs on it.</param>
internal sealed class BoardListener(WorkerBells bells, int workerIndex, EventLoop loop, Action look) : ITimerOwner
{
    /// <summary>How often the loop looks where there is no thread.</summary>
    private const long LookEveryMs = 10;

    private Thread? _thread;
    private LookWork? _work;
    private TimerNode? _timer;
    private volatile bool _isStopped;

    /// <summary>True exactly while the work is posted and has not begun.</summary>
    private int _isPosted;

    /// <summary>Starts listening, once; without a thread the next call tries again. On the loop thread.</summary>
    public void Start()
    {
        if (_thread is not null)
            return;
        _work ??= new LookWork(this);
        var thread = new Thread(Listen) { IsBackground = true, Name = "board listener" };
        if (SystemThreads.TryStart(thread))
        {
            _thread = thread;
            return;
        }
        _timer ??= new TimerNode(this);
        loop.Wheel.Arm(_timer, loop.Clock.NowMs + LookEveryMs);
    }

    /// <summary>Ends the thread; nothing touches the board afterwards. False when that took longer than <paramref name="limit"/>.</summary>
    public bool Stop(TimeSpan limit)
    {
        _isStopped = true;
        bells.Ring(workerIndex);
        return _thread?.Join(limit) ?? true;
    }

    /// <summary>There is no thread: looks without being called.</summary>
    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_isStopped || _thread is not null)
            return;
        look();
        loop.Wheel.Arm(node, nowMs + LookEveryMs);
    }

    private void Listen()
    {
        while (true)
        {
            bells.Answer(workerIndex);
            if (_isStopped)
                return;
            if (Interlocked.Exchange(ref _isPosted, 1) == 0)
                loop.Post(_work!);
        }
    }

    private void Look()
    {
        // Before it looks: what is rung for from here on is looked at once more.
        Interlocked.Exchange(ref _isPosted, 0);
        look();
    }

    /// <summary>Looks, on the loop thread.</summary>
    private sealed class LookWork(BoardListener listener) : LoopWork
    {
        public override void Run() => listener.Look();
    }
}
