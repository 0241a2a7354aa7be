using System;
using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>
/// Exchanges that wait for a server with room, any of a group or a certain one: first come, first served, each with a deadline. Its
/// length is bounded by the client connections of the loop, each of which waits with one exchange at most. Linked through the tickets.
/// Thread: the loop.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="mayLeave">Whether the first in line need not wait any more: there is room, or nothing left to wait for.</param>
internal sealed class WaitQueue(EventLoop loop, Func<bool> mayLeave)
{
    private QueueTicket? _first;
    private QueueTicket? _last;
    private ServeWork? _serve;
    private bool _isServePosted;

    public int Count { get; private set; }

    /// <summary>Puts a waiter at the end; 0 ms = waits without a limit.</summary>
    public void Add(QueueTicket ticket, long timeoutMs)
    {
        Check.That(!ticket.IsWaiting, "a waiter stands in one queue at a time");
        ticket.Queue = this;
        ticket.Previous = _last;
        if (_last is null)
            _first = ticket;
        else
            _last.Next = ticket;
        _last = ticket;
        Count++;
        ticket.Arm(timeoutMs);
    }

    /// <summary>Takes a waiter out, wherever it stands.</summary>
    public void Remove(QueueTicket ticket)
    {
        if (ticket.Previous is null)
            _first = ticket.Next;
        else
            ticket.Previous.Next = ticket.Next;
        if (ticket.Next is null)
            _last = ticket.Previous;
        else
            ticket.Next.Previous = ticket.Previous;
        ticket.Previous = ticket.Next = null;
        ticket.Queue = null;
        ticket.Disarm();
        Count--;
    }

    /// <summary>It may be the turn of those first in line: they are told soon, in an event of its own.</summary>
    public void ServeSoon()
    {
        if (_first is null || _isServePosted)
            return;
        _isServePosted = true;
        loop.Post(_serve ??= new ServeWork(this));
    }

    private void Serve()
    {
        _isServePosted = false;
        while (_first is { } ticket && mayLeave())
        {
            Remove(ticket);
            ticket.Waiter.OnServerHasRoom();
        }
    }

    /// <summary>Serves the queue in an event of its own.</summary>
    private sealed class ServeWork(WaitQueue queue) : LoopWork
    {
        public override void Run() => queue.Serve();
    }
}
