namespace NativeProxy.Sessions;

/// <summary>
/// The live sessions of one listener, the one accepted last first; threaded through the sessions themselves. Owner: one
/// <see cref="HttpListener"/> (a mutable struct: keep it in a field, never copy it); thread: the loop.
/// </summary>
internal struct LiveSessions
{
    /// <summary>The one that was accepted last; the others follow by <see cref="ClientSession.NextLive"/>.</summary>
    public ClientSession? Newest { get; private set; }

    public int Count { get; private set; }

    public void Add(ClientSession session)
    {
        session.NextLive = Newest;
        session.PreviousLive = null;
        if (Newest is not null)
            Newest.PreviousLive = session;
        Newest = session;
        Count++;
    }

    /// <summary>Cuts this many sessions, or all there are; those whose sockets are going away do not count. Returns how many it were.</summary>
    public readonly int Cut(int countMax)
    {
        int count = 0;
        for (ClientSession? session = Newest; session is not null && count < countMax;)
        {
            ClientSession? next = session.NextLive;
            count += session.Cut() ? 1 : 0;
            session = next;
        }
        return count;
    }

    public void Remove(ClientSession session)
    {
        if (session.PreviousLive is null)
            Newest = session.NextLive;
        else
            session.PreviousLive.NextLive = session.NextLive;
        if (session.NextLive is not null)
            session.NextLive.PreviousLive = session.PreviousLive;
        session.PreviousLive = session.NextLive = null;
        Count--;
    }
}
