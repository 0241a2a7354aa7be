namespace NativeProxy.Transport;

/// <summary>
/// Connections that wait for a moment, in the order in which they began to. Intrusive: the link is a value inside the connection, so that
/// nothing is allocated. Each is in it once at most and leaves it at the front only; one that needs it no more stays until its turn comes.
/// Owner: the event loop; thread: loop only. Never reads a clock.
/// </summary>
/// <typeparam name="TPlace">Which link of a connection belongs to this list. A struct, so that each list has code of its own.</typeparam>
internal struct WaitingList<TPlace>
    where TPlace : struct, IWaitingPlace
{
    private TcpConnection? _first;
    private TcpConnection? _last;

    public readonly bool IsEmpty => _first is null;

    /// <summary>Since when the first one waits; long.MaxValue when the list is empty.</summary>
    public readonly long OldestMs => _first is null ? long.MaxValue : TPlace.LinkOf(_first).SinceMs;

    /// <summary>Puts a connection at the end; one that waits already keeps its place and time.</summary>
    /// <param name="nowMs">Not before that of the last call.</param>
    public void Add(TcpConnection connection, long nowMs)
    {
        ref WaitingLink link = ref TPlace.LinkOf(connection);
        if (link.Next is not null)
            return;
        link.Next = connection;
        link.SinceMs = nowMs;
        if (_last is null)
            _first = connection;
        else
            TPlace.LinkOf(_last).Next = connection;
        _last = connection;
    }

    /// <summary>Takes out the first one that waits since this time or longer; null when there is none.</summary>
    public TcpConnection? TakeSince(long sinceMs)
    {
        if (_first is not { } connection)
            return null;
        ref WaitingLink link = ref TPlace.LinkOf(connection);
        if (link.SinceMs > sinceMs)
            return null;
        if (ReferenceEquals(connection, _last))
            _first = _last = null;
        else
            _first = link.Next;
        link.Next = null;
        return connection;
    }
}

/// <summary>Where a connection keeps its link for one kind of waiting.</summary>
internal interface IWaitingPlace
{
    static abstract ref WaitingLink LinkOf(TcpConnection connection);
}

/// <summary>Place of a connection in one <see cref="WaitingList{TPlace}"/>, as a field of it. A value; default = it does not wait.</summary>
internal struct WaitingLink
{
    /// <summary>The connection behind this one, for the last one itself; null exactly while it is not in the list.</summary>
    public TcpConnection? Next;

    /// <summary>Since when it waits, in loop milliseconds.</summary>
    public long SinceMs;
}
