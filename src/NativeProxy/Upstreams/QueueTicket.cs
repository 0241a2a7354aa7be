using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>The place of one waiter in a <see cref="WaitQueue"/>. Owned by the waiter and used again for its next wait.</summary>
internal sealed class QueueTicket(IServerWaiter waiter, EventLoop loop) : ITimerOwner
{
    private TimerNode? _timer;

    internal IServerWaiter Waiter => waiter;

    /// <summary>The queue that the ticket stands in, or null.</summary>
    internal WaitQueue? Queue { get; set; }

    internal QueueTicket? Previous { get; set; }

    internal QueueTicket? Next { get; set; }

    public bool IsWaiting => Queue is not null;

    /// <summary>Leaves the queue, if in one.</summary>
    public void Leave() => Queue?.Remove(this);

    public void OnTimer(TimerNode node, long nowMs)
    {
        if (!IsWaiting)
            return;
        Leave();
        waiter.OnQueueTimeout();
    }

    internal void Arm(long timeoutMs)
    {
        _timer ??= new TimerNode(this);
        if (timeoutMs > 0)
            loop.Wheel.Arm(_timer, loop.Clock.NowMs + timeoutMs);
    }

    internal void Disarm()
    {
        if (_timer is not null)
            loop.Wheel.Remove(_timer);
    }
}
