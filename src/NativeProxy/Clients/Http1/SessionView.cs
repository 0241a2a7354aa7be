using NativeProxy.Foundation;

namespace NativeProxy.Clients.Http1;

/// <summary>What an operator is told of an HTTP/1 client connection. Pure; thread: the loop.</summary>
internal static class SessionView
{
    /// <summary>Fills in what is known.</summary>
    /// <param name="facts">Begun with this connection.</param>
    /// <param name="session">The connection.</param>
    /// <param name="first">The request that is being answered; null between two requests.</param>
    /// <param name="deadlines">Since when it waits for what.</param>
    /// <param name="state">Where it stands.</param>
    public static void Describe(
        SessionFacts facts, ClientSession session, Http1ClientStream? first, in SessionDeadlines deadlines, ClientSessionState state)
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
            facts.Is(session.Tcp!.HasQueuedBytes ? SessionState.WaitingForClientToRead : SessionState.Idle,
                session.RequestCount > 0 ? deadlines.IdleSinceMs : 0);
        }
        deadlines.Tell(facts);
        if (state == ClientSessionState.Tunnelling)
            facts.Is(SessionState.Tunnel, facts.SinceMs);
    }
}
