namespace NativeProxy.Transport;

/// <summary>
/// Items that wait for a moment, in the order in which they began to. Intrusive: the link is a value inside the item, so that nothing is
/// allocated. Each item is in it once at most and leaves it at the front only; an item that needs it no more stays until its turn comes.
/// Owner: the event loop; thread: loop only. Never reads a clock.
/// </summary>
/// <typeparam name="TItem">What waits.</typeparam>
/// <typeparam name="TPlace">Which link of an item belongs to this list.</typeparam>
internal struct WaitingList<TItem, TPlace>
    where TItem : class
    where TPlace : struct, IWaitingPlace<TItem>
{
    private TItem? _first;
    private TItem? _last;

    public readonly bool IsEmpty => _first is null;

    /// <summary>Since when the first one waits; long.MaxValue when the list is empty.</summary>
    public readonly long OldestMs => _first is null ? long.MaxValue : TPlace.LinkOf(_first).SinceMs;

    /// <summary>Puts an item at the end; one that waits already keeps its place and time.</summary>
    /// <param name="nowMs">Not before that of the last call.</param>
    public void Add(TItem item, long nowMs)
    {
        ref WaitingLink<TItem> link = ref TPlace.LinkOf(item);
        if (link.Next is not null)
            return;
        link.Next = item;
        link.SinceMs = nowMs;
        if (_last is null)
            _first = item;
        else
            TPlace.LinkOf(_last).Next = item;
        _last = item;
    }

    /// <summary>Takes out the first item that waits since this time or longer; null when there is none.</summary>
    public TItem? TakeSince(long sinceMs)
    {
        if (_first is not { } item)
            return null;
        ref WaitingLink<TItem> link = ref TPlace.LinkOf(item);
        if (link.SinceMs > sinceMs)
            return null;
        if (ReferenceEquals(item, _last))
            _first = _last = null;
        else
            _first = link.Next;
        link.Next = null;
        return item;
    }
}

/// <summary>Where an item keeps its link.</summary>
internal interface IWaitingPlace<TItem>
    where TItem : class
{
    static abstract ref WaitingLink<TItem> LinkOf(TItem item);
}

/// <summary>Place of an item in one <see cref="WaitingList{TItem,TPlace}"/>, as a field of the item. A value; default = it does not wait.</summary>
internal struct WaitingLink<TItem>
    where TItem : class
{
    /// <summary>The item behind this one, for the last one the item itself; null exactly while it is not in the list.</summary>
    public TItem? Next;

    /// <summary>Since when it waits, in loop milliseconds.</summary>
    public long SinceMs;
}
