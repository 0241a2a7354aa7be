using System;
using System.Numerics;

namespace NativeProxy.Timers;

/// <summary>
/// All deadlines of one loop: a hashed timing wheel (Varghese and Lauck, scheme 6) whose slots are intrusive lists.
/// Owner: the event loop; thread: loop only. It never reads a clock and allocates nothing after construction.
/// A node may stand in a slot that comes round before its deadline (it was re-armed, or is turns away); it is never in one that comes after.
/// </summary>
/// <remarks>
/// Slots hold ticks that have not begun. When a tick begins, its nodes move to the current list, so that calls within one tick
/// look only at nodes due in that tick, and not again at those of later turns.
/// </remarks>
internal sealed class TimingWheel
{
    private readonly int _tickLog2;
    private readonly int _slotMask;
    private readonly int _currentList;
    private readonly int _firingList;

    /// <summary>Heads of the slots, then of the current and the firing list.</summary>
    private readonly TimerNode?[] _heads;

    /// <summary>Bit set exactly when the slot's list is not empty.</summary>
    private readonly ulong[] _occupied;

    private long _nowMs;

    /// <summary>Tick of <see cref="_nowMs"/>: slots up to and including this tick have been emptied of due nodes.</summary>
    private long _cursorTick;

    /// <summary>Not later than any deadline in the current list.</summary>
    private long _currentEarliestMs = long.MaxValue;

    private bool _isAdvancing;

    /// <summary>
    /// When the first slot with a node must be visited; asked for several times a turn, it is searched for only after a change of the slots.
    /// </summary>
    private long _slotWakeMs;
    private bool _isSlotWakeKnown;

    /// <param name="nowMs">Loop time at the start.</param>
    /// <param name="slotsLog2">Number of slots as a power of two, 6..20.</param>
    /// <param name="tickMs">Milliseconds per slot, a power of two.</param>
    public TimingWheel(long nowMs, int slotsLog2 = 9, int tickMs = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slotsLog2, 6);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slotsLog2, 20);
        if (!BitOperations.IsPow2(tickMs))
            throw new ArgumentOutOfRangeException(nameof(tickMs), tickMs, "must be a power of two");

        int slotCount = 1 << slotsLog2;
        _tickLog2 = BitOperations.Log2((uint)tickMs);
        _slotMask = slotCount - 1;
        _currentList = slotCount;
        _firingList = slotCount + 1;
        _heads = new TimerNode?[slotCount + 2];
        _occupied = new ulong[slotCount / 64];
        _nowMs = nowMs;
        _cursorTick = TickOf(nowMs);
    }

    /// <summary>Nodes in any list, the lazily disarmed ones included.</summary>
    public int LinkedCount { get; private set; }

    /// <summary>
    /// When <see cref="AdvanceTo"/> must next be called at the latest: at the end of the first tick that holds a node, so at most one tick
    /// after the earliest deadline. May be earlier than needed (disarmed and far nodes); <see cref="long.MaxValue"/> when nothing is linked.
    /// </summary>
    public long NextWakeMs
    {
        get
        {
            long currentMs = _heads[_currentList] is null && _heads[_firingList] is null ? long.MaxValue : EndOfTick(TickOf(_currentEarliestMs - 1));
            if (!_isSlotWakeKnown)
            {
                _slotWakeMs = NextSlotWakeMs();
                _isSlotWakeKnown = true;
            }

            return Math.Min(currentMs, _slotWakeMs);
        }
    }

    /// <summary>
    /// Sets the deadline, O(1). A linked node moves only when its slot would come round too late; a deadline in the past fires at the next advance.
    /// </summary>
    public void Arm(TimerNode node, long deadlineMs)
    {
        node.DeadlineMs = deadlineMs;
        node.IsArmed = true;
        if (node.ListIndex == TimerNode.Unlinked)
        {
            LinkedCount++;
            LinkByDeadline(node);
        }
        else if (node.ListIndex == _currentList)
        {
            _currentEarliestMs = Math.Min(_currentEarliestMs, deadlineMs);
        }
        else if (node.ListIndex < _currentList && TickOf(deadlineMs) < NextVisitTick(node.ListIndex))
        {
            Unlink(node);
            LinkByDeadline(node);
        }
    }

    /// <summary>Clears the mark, O(1); the node stays linked until its slot is visited, so the wheel may still hold a reference to it.</summary>
    public void Disarm(TimerNode node) => node.IsArmed = false;

    /// <summary>Disarms and unlinks, O(1): afterwards the wheel holds no reference and the owner may be recycled.</summary>
    public void Remove(TimerNode node)
    {
        node.IsArmed = false;
        if (node.ListIndex != TimerNode.Unlinked)
        {
            Unlink(node);
            LinkedCount--;
        }
    }

    /// <summary>
    /// Fires each armed node with deadline &lt;= <paramref name="nowMs"/> exactly once, in no promised order. A node that fired and
    /// was armed again by an owner waits for the next call, so that a deadline re-armed into the past cannot hold the loop. A time before the last
    /// one counts as the last one.
    /// </summary>
    public void AdvanceTo(long nowMs)
    {
        if (_isAdvancing)
            throw new InvalidOperationException("the timing wheel was advanced from a timer");

        _nowMs = Math.Max(_nowMs, nowMs);
        long nowTick = TickOf(_nowMs);
        bool isNewTick = nowTick > _cursorTick;
        if (isNewTick)
            OpenTicksTo(nowTick);

        if (!isNewTick && _nowMs < _currentEarliestMs)
            return;

        _isAdvancing = true;
        try
        {
            FireCurrent();
        }
        finally
        {
            _isAdvancing = false;
        }
    }

    /// <summary>Moves the cursor and brings the nodes of all ticks that have begun into the current list. Calls no owner.</summary>
    private void OpenTicksTo(long nowTick)
    {
        long firstTick = _cursorTick + 1;
        int slotsToVisit = (int)Math.Min(nowTick - _cursorTick, _heads.Length - 2);
        _cursorTick = nowTick;
        _isSlotWakeKnown = false;
        for (int i = 0; i < slotsToVisit; i++)
        {
            int slot = (int)(firstTick + i) & _slotMask;
            if ((_occupied[slot >> 6] & (1UL << slot)) != 0)
                VisitSlot(slot);
        }
    }

    private void VisitSlot(int slot)
    {
        TimerNode? next;
        for (TimerNode? node = _heads[slot]; node is not null; node = next)
        {
            next = node.Next;
            if (!node.IsArmed)
            {
                Unlink(node);
                LinkedCount--;
            }
            else if (ListFor(node.DeadlineMs) != slot)
            {
                Unlink(node);
                LinkByDeadline(node);
            }
        }
    }

    /// <summary>Takes the current list as a whole, then fires or re-files its nodes one by one; owners may change any list meanwhile.</summary>
    private void FireCurrent()
    {
        // Nodes are left in the firing list only when an owner threw; they come first then.
        while (_heads[_currentList] is { } waiting)
        {
            Unlink(waiting);
            Link(waiting, _firingList);
        }

        _currentEarliestMs = long.MaxValue;
        while (_heads[_firingList] is { } node)
        {
            Unlink(node);
            if (node.IsArmed && node.DeadlineMs > _nowMs)
            {
                LinkByDeadline(node);
                continue;
            }

            LinkedCount--;
            if (node.IsArmed)
            {
                node.IsArmed = false;
                node.Owner.OnTimer(node, _nowMs);
            }
        }
    }

    private long NextSlotWakeMs()
    {
        int start = (int)(_cursorTick + 1) & _slotMask;
        int wordCount = _occupied.Length;
        int wordMask = wordCount - 1;

        // The word of the start slot is looked at twice: first its bits from the start slot up, at the end the ones below.
        for (int i = 0; i <= wordCount; i++)
        {
            int wordIndex = ((start >> 6) + i) & wordMask;
            ulong word = _occupied[wordIndex];
            ulong fromStart = ulong.MaxValue << start;
            word &= i == 0 ? fromStart : i == wordCount ? ~fromStart : ulong.MaxValue;
            if (word != 0)
            {
                int slot = (wordIndex << 6) + BitOperations.TrailingZeroCount(word);
                return EndOfTick(NextVisitTick(slot));
            }
        }

        return long.MaxValue;
    }

    private long TickOf(long timeMs) => timeMs >> _tickLog2;

    private long EndOfTick(long tick) => (tick + 1) << _tickLog2;

    /// <summary>The first tick after the cursor that shares the slot.</summary>
    private long NextVisitTick(int slot) => _cursorTick + 1 + ((slot - (_cursorTick + 1)) & _slotMask);

    private int ListFor(long deadlineMs)
    {
        long tick = TickOf(deadlineMs);
        return tick <= _cursorTick ? _currentList : (int)tick & _slotMask;
    }

    private void LinkByDeadline(TimerNode node)
    {
        int list = ListFor(node.DeadlineMs);
        if (list == _currentList)
            _currentEarliestMs = Math.Min(_currentEarliestMs, node.DeadlineMs);

        Link(node, list);
    }

    private void Link(TimerNode node, int list)
    {
        TimerNode? head = _heads[list];
        node.ListIndex = list;
        node.Previous = null;
        node.Next = head;
        if (head is not null)
        {
            head.Previous = node;
        }
        else if (list < _currentList)
        {
            _occupied[list >> 6] |= 1UL << list;
            _isSlotWakeKnown = false;
        }

        _heads[list] = node;
    }

    private void Unlink(TimerNode node)
    {
        int list = node.ListIndex;
        if (node.Next is not null)
            node.Next.Previous = node.Previous;

        if (node.Previous is not null)
        {
            node.Previous.Next = node.Next;
        }
        else
        {
            _heads[list] = node.Next;
            if (node.Next is null && list < _currentList)
            {
                _occupied[list >> 6] &= ~(1UL << list);
                _isSlotWakeKnown = false;
            }
        }

        node.Previous = null;
        node.Next = null;
        node.ListIndex = TimerNode.Unlinked;
    }
}
