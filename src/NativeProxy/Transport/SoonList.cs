namespace NativeProxy.Transport;

/// <summary>
/// What the loop has put off for the end of its turn, oldest first. Intrusive; its length is bounded by the items that there are, each of which is
/// in it once at most. Owner: the event loop (a mutable struct: keep it in a field, never copy it); thread: loop only. Never wakes anybody.
/// </summary>
internal struct SoonList
{
    private LoopWork? _first;
    private LoopWork? _last;

    public readonly bool IsEmpty => _first is null;

    /// <summary>Puts work at the end; nothing happens when it is there already.</summary>
    public void Add(LoopWork work)
    {
        if (work.IsSoon)
            return;
        work.IsSoon = true;
        if (_last is null)
            _first = work;
        else
            _last.NextWork = work;
        _last = work;
    }

    /// <summary>Runs what is in it now. What is added meanwhile stays for the next time, so that work which goes on and on holds nobody up.</summary>
    public void RunAll()
    {
        LoopWork? work = _first;
        _first = _last = null;
        while (work is not null)
        {
            LoopWork? next = work.NextWork;
            work.NextWork = null;
            work.IsSoon = false;
            work.Run();
            work = next;
        }
    }
}
