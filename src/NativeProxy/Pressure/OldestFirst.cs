using System;

namespace NativeProxy.Pressure;

/// <summary>
/// The oldest few of many, found in one pass: a heap that keeps what was idle longest and lets go of the youngest. Owner: whoever
/// sheds, who uses it only under pressure; thread: the loop. Holds references between <see cref="Begin"/> and
/// <see cref="Clear"/> only.
/// </summary>
internal sealed class OldestFirst<T>
    where T : class
{
    private (long SinceMs, long Id, T? Item)[] _heap = [];
    private int _countMax;

    public int Count { get; private set; }

    /// <summary>Begins a pass that keeps this many at most.</summary>
    public void Begin(int countMax)
    {
        Clear();
        _countMax = countMax;
        if (_heap.Length < countMax)
            _heap = new (long, long, T?)[countMax];
    }

    /// <summary>
    /// Keeps the item if it is among the oldest so far; else false. Of two that idle equally long the one with the smaller id is older.
    /// </summary>
    public bool Offer(T item, long sinceMs, long id)
    {
        if (Count == _countMax && (Count == 0 || !IsYounger(_heap[0], (sinceMs, id, item))))
            return false;
        if (Count == _countMax)
            RemoveYoungest();
        int at = Count++;
        while (at > 0 && IsYounger((sinceMs, id, item), _heap[(at - 1) / 2]))
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        _heap[at] = (sinceMs, id, item);
        return true;
    }

    /// <summary>Puts what is kept in order; afterwards <see cref="this[int]"/> counts from the oldest. Ends the pass.</summary>
    public void Sort() => Array.Sort(_heap, 0, Count, Order.Instance);

    public T this[int index] => _heap[index].Item!;

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        Array.Clear(_heap, 0, Count);
        Count = 0;
    }

    private void RemoveYoungest()
    {
        (long SinceMs, long Id, T? Item) last = _heap[--Count];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child + 1 < Count && IsYounger(_heap[child + 1], _heap[child]))
                child++;
            if (child >= Count || !IsYounger(_heap[child], last))
                break;
            _heap[at] = _heap[child];
            at = child;
        }
        _heap[at] = last;
    }

    private static bool IsYounger(in (long SinceMs, long Id, T? Item) one, in (long SinceMs, long Id, T? Item) other) =>
        one.SinceMs != other.SinceMs ? one.SinceMs > other.SinceMs : one.Id > other.Id;

    /// <summary>From the oldest to the youngest.</summary>
    private sealed class Order : System.Collections.Generic.IComparer<(long SinceMs, long Id, T? Item)>
    {
        public static readonly Order Instance = new();

        public int Compare((long SinceMs, long Id, T? Item) x, (long SinceMs, long Id, T? Item) y) => IsYounger(x, y) ? 1 : IsYounger(y, x) ? -1 : 0;
    }
}
