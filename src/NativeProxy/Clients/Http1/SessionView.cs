namespace NativeProxy.Clients.Http1;

/// <summary>What an operator is told of an HTTP/1 client connection. Pure; thread: the loop.</summary>
internal static class SessionView
{
    /// <summary>Fills in what is known.</summary>
    /// <param name="facts">Begun with this connection.</param>
    /// <param name="session">The connection.</param>
    /// <param name="first">The request that is being answered; null between two requests.</param>
    /// <param name="deadlines">Since when it waits for what.</param>
    /// <param name="isTunnel">Its bytes are no longer HTTP.</param>
    public static void Describe(
        SessionFacts facts, ClientSession session, Http1ClientStream? first, in SessionDeadlines deadlines, bool isTunnel)
    {
        if (first is not null)
        {
            first.User.Describe(facts);
        }
        else if (session.HasReadAhead)
        {
            facts.Is(SessionState.ReadingHead, deadlines.RequestStartedMs);
        }
        else
        {
            SessionState state = session.Tcp!.HasQueuedBytes ? SessionState.WaitingForClientToRead : SessionState.Idle;
            facts.Is(state, session.RequestCount > 0 ? deadlines.IdleSinceMs : 0);
        }
        if (isTunnel)
            facts.Is(SessionState.Tunnel, facts.SinceMs);
    }
}
