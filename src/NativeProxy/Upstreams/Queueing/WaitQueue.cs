using NativeProxy.Foundation;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Upstreams.Queueing;

/// <summary>
/// Exchanges that wait for a server with room, any of a group or a certain one: by priority, and first come, first served among equals, over all
/// workers that share a <see cref="BoardQueue"/>, each with a deadline. Its length is bounded by <see cref="CountMax"/>, or else by the client
/// connections of the loop, each of which waits with one exchange at most. Linked through the tickets, in the order of their numbers. Thread: the
/// loop.
/// </summary>
/// <remarks>
/// Who has the lowest ticket of all takes the room. No step of that can get lost: a waiter shows its ticket before it looks for room, and who makes
/// room looks at the tickets afterwards and calls the worker with the lowest. Besides, a queue looks every <see cref="LookAgainMs"/>, so that a
/// worker which does not take its turn holds the others up for twice that long, once.
/// </remarks>
/// <param name="loop">The loop.</param>
/// <param name="owner">What is waited for.</param>
internal sealed class WaitQueue(EventLoop loop, IQueueOwner owner) : ITimerOwner
{
    /// <summary>How often a queue whose turn has not come looks whether those before it take theirs.</summary>
    public const int LookAgainMs = 50;

    private QueueTicket? _first;
    private QueueTicket? _last;
    private ServeWork? _serve;
    private TimerNode? _lookAgain;
    private BoardQueue? _line;
    private long _ownTickets;

    /// <summary>How many of those who wait here are counted on the board.</summary>
    private int _countedCount;

    public int Count { get; private set; }

    /// <summary>How many may wait, over all workers; 0 = no limit.</summary>
    public int CountMax { get; private set; }

    /// <summary>True when who comes now and has not waited before is not let in.</summary>
    public bool IsFull => CountMax > 0 && WaitingCount >= CountMax;

    /// <summary>True when somebody waits, in this worker or another one: who comes now has to wait behind.</summary>
    public bool HasWaiters => _first is not null || (_line is { IsShared: true } line && line.LowestElsewhere(out _) != 0);

    /// <summary>True when the first of all waits in another worker.</summary>
    public bool IsNextElsewhere =>
        _line is { IsShared: true } line && line.LowestElsewhere(out _) is not 0 and var ticket && (_first is null || ticket < _first.Number);

    private int WaitingCount => _line?.Waiting.Count ?? Count;

    /// <summary>Agrees with the queues of the other workers from now on.</summary>
    /// <param name="line">What they show; null = agrees with nobody.</param>
    /// <param name="countMax">How many may wait, over all workers; 0 = no limit.</param>
    public void Join(BoardQueue? line, int countMax = 0)
    {
        if (_line is { } left)
        {
            left.Show(0);
            left.Waiting.GiveBack(_countedCount);
        }
        _line = line;
        CountMax = countMax;
        _countedCount = countMax > 0 && line is not null ? Count : 0;
        line?.Waiting.TakeAnyway(_countedCount);
        ShowFirst();
    }

    /// <summary>
    /// Puts a waiter at the end of those of its priority, or where it stood before. False when the line is full; who has waited before is always let
    /// in.
    /// </summary>
    /// <param name="ticket">The waiter's.</param>
    /// <param name="timeoutMs">How long it waits at most; 0 = without a limit.</param>
    /// <param name="priority">Lower is sooner.</param>
    public bool TryAdd(QueueTicket ticket, long timeoutMs, int priority = 0)
    {
        Check.That(!ticket.IsWaiting, "a waiter stands in one queue at a time");
        bool isKept = ticket.IsKept;
        if (!TryCount(isKept))
            return false;
        if (!isKept)
            ticket.Number = QueueTicket.NumberOf(priority, _line?.Draw() ?? ++_ownTickets);
        ticket.Queue = this;
        Link(ticket);
        Count++;
        ticket.Arm(timeoutMs, isKept);
        if (_line is not { IsShared: true })
            return true;
        ShowFirst();
        LookAgainSoon();
        if (!isKept)
            ServeSoon();
        return true;
    }

    /// <summary>Those in line wait for what nobody tells of: they ask again every <see cref="LookAgainMs"/>.</summary>
    public void LookAgainSoon() => loop.Wheel.Arm(_lookAgain ??= new TimerNode(this), loop.Clock.NowMs + LookAgainMs);

    /// <summary>Takes a waiter out, wherever it stands.</summary>
    public void Remove(QueueTicket ticket)
    {
        bool wasFirst = ticket == _first;
        Unlink(ticket);
        if (!wasFirst)
            return;
        ShowFirst();
        ServeSoon();
    }

    /// <summary>
    /// It may be the turn of those first in line: they are told soon, in an event of its own. Where nobody waits, another worker is told.
    /// </summary>
    public void ServeSoon()
    {
        if (_first is null)
        {
            CallNext();
            return;
        }
        loop.Soon(_serve ??= new ServeWork(this));
    }

    /// <summary>Those first in line go on, as far as it is their turn and there is room.</summary>
    public void Serve()
    {
        while (_first is { } ticket && MayLeave(ticket))
        {
            // Its number is shown until it has taken the room, or somebody behind it would think it was his.
            Unlink(ticket);
            ticket.Waiter.OnServerHasRoom();
            ShowFirst();
            if (ticket.Queue == this)
                break;
        }
        CallNext();
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_first is null)
            return;
        if (_line is { IsShared: true } line)
        {
            owner.MendPlaces(nowMs);
            if (owner.Outlook() == QueueOutlook.Room && !IsTurnOf(_first))
                line.SuspectNext();
            else
                line.SuspectNobody();
        }
        Serve();
        if (_first is not null)
            loop.Wheel.Arm(node, nowMs + LookAgainMs);
    }

    private bool MayLeave(QueueTicket ticket)
    {
        switch (owner.Outlook())
        {
            case QueueOutlook.Useless:
                return true;
            case QueueOutlook.Room:
                return IsTurnOf(ticket);
            case QueueOutlook.IdleElsewhere when IsTurnOf(ticket):
                owner.AskForIdle();
                return false;
            default:
                return false;
        }
    }

    private bool IsTurnOf(QueueTicket ticket)
    {
        if (_line is not { IsShared: true } line)
            return true;
        long other = line.LowestElsewhere(out _);
        return other == 0 || ticket.Number < other;
    }

    private void ShowFirst() => _line?.Show(_first?.Number ?? 0);

    /// <summary>There is room, and it is another worker's turn: that one is called.</summary>
    private void CallNext()
    {
        if (_line is { IsShared: true } line && line.LowestElsewhere(out _) != 0 && owner.Outlook() == QueueOutlook.Room)
            line.CallNext();
    }

    private void Link(QueueTicket ticket)
    {
        QueueTicket? before = _last;
        while (before is not null && before.Number > ticket.Number)
            before = before.Previous;
        ticket.Previous = before;
        ticket.Next = before is null ? _first : before.Next;
        if (ticket.Next is null)
            _last = ticket;
        else
            ticket.Next.Previous = ticket;
        if (before is null)
            _first = ticket;
        else
            before.Next = ticket;
    }

    private void Unlink(QueueTicket ticket)
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
        if (_countedCount == 0)
            return;
        _countedCount--;
        _line!.Waiting.GiveBack(1);
    }

    /// <summary>Counts one more who waits, on the board where the others count; false when there is no place.</summary>
    private bool TryCount(bool isLetIn)
    {
        if (CountMax == 0)
            return true;
        if (_line?.Waiting is not { } waiting)
            return isLetIn || Count < CountMax;
        if (isLetIn)
        {
            waiting.TakeAnyway(1);
        }
        else if (!waiting.TryTake(CountMax))
        {
            waiting.Mend(loop.Clock.NowMs);
            return false;
        }
        _countedCount++;
        return true;
    }

    /// <summary>Serves the queue in an event of its own.</summary>
    private sealed class ServeWork(WaitQueue queue) : LoopWork
    {
        public override void Run() => queue.Serve();
    }
}
