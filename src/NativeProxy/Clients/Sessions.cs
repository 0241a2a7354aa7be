namespace NativeProxy.Clients;

/// <summary>
/// The session objects for the connections of one frontend, lent again and again. Owner: the listener; thread: the loop. Bounded by the connections.
/// </summary>
internal abstract class Sessions(Frontend frontend)
{
    private ClientConnection? _firstFree;

    public Frontend Frontend => frontend;

    /// <summary>Those of the listener that took this one's place at a reload, or null.</summary>
    public Sessions? Successor { get; set; }

    /// <summary>Lends a session for a connection; it begins with <see cref="Session.Begin"/>.</summary>
    public Session Lend()
    {
        var session = (Session?)_firstFree;
        _firstFree = session?.Older;
        return session ?? Make();
    }

    /// <summary>Takes back a session whose socket is gone, and which is in no order.</summary>
    public void Return(Session session)
    {
        session.Older = _firstFree;
        _firstFree = session;
    }

    protected abstract Session Make();
}
