using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Queueing;

/// <summary>
/// The place of one waiter in a <see cref="WaitQueue"/>. It keeps its number and its deadline until it is <see cref="Settle"/>d, so that a waiter
/// whose turn came to nothing waits on where it stood. Owned by the waiter and used again for its next wait.
/// </summary>
internal sealed class QueueTicket(IServerWaiter waiter, EventLoop loop) : ITimerOwner
{
    /// <summary>Priorities reach from minus this to this.</summary>
    public const int PriorityMax = 2000;

    /// <summary>Bits of the order of arrival: enough for a million a second for nine years.</summary>
    private const int ArrivalBits = 48;

    private TimerNode? _timer;
    private long _timeoutMs;
    private long _deadlineMs;

    internal IServerWaiter Waiter => waiter;

    /// <summary>Order in line, over all workers that share a board; 0 = has not waited yet.</summary>
    internal long Number { get; set; }

    /// <summary>The queue that the ticket stands in, or null.</summary>
    internal WaitQueue? Queue { get; set; }

    internal QueueTicket? Previous { get; set; }

    internal QueueTicket? Next { get; set; }

    public bool IsWaiting => Queue is not null;

    /// <summary>Until when it waits, in loop time; -1 = it does not, or without a limit.</summary>
    public long DueMs => IsWaiting && _timer is not null ? _timer.DueMs : -1;

    /// <summary>True when it has waited before, and waits on for the same.</summary>
    public bool IsKept => Number != 0;

    /// <summary>The order in line of who arrives with this priority.</summary>
    /// <param name="priority">Lower is sooner.</param>
    /// <param name="arrival">From 1.</param>
    internal static long NumberOf(int priority, long arrival) => ((long)(priority + PriorityMax) << ArrivalBits) + arrival;

    /// <summary>Leaves the queue, if in one.</summary>
    public void Leave() => Queue?.Remove(this);

    /// <summary>The wait is over, whatever came of it: the next one begins anew.</summary>
    public void Settle() => Number = 0;

    public void OnTimer(TimerNode node, long nowMs)
    {
        if (!IsWaiting)
            return;
        Leave();
        Settle();
        waiter.OnQueueTimeout();
    }

    /// <param name="timeoutMs">How long it may wait in all; 0 = without a limit.</param>
    /// <param name="isKept">It has waited before.</param>
    internal void Arm(long timeoutMs, bool isKept)
    {
        _timer ??= new TimerNode(this);
        if (timeoutMs == 0)
            return;
        if (!isKept || timeoutMs != _timeoutMs)
            (_timeoutMs, _deadlineMs) = (timeoutMs, loop.Clock.NowMs + timeoutMs);
        loop.Wheel.Arm(_timer, _deadlineMs);
    }

    internal void Disarm()
    {
        if (_timer is not null)
            loop.Wheel.Remove(_timer);
    }
}
