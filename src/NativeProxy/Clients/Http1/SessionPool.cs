using NativeProxy.Metrics;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// The session and stream objects for the HTTP/1 connections of one frontend, lent again and again. Owner: the listener; thread: the loop. Bounded
/// by the connections and their requests in flight.
/// </summary>
internal sealed class SessionPool(Frontend frontend)
{
    private ClientConnection? _firstFree;
    private Http1ClientStream? _freeStream;

    public Frontend Frontend => frontend;

    /// <summary>The pool of the listener that took this one's place at a reload, or null.</summary>
    public SessionPool? Successor { get; set; }

    /// <summary>Lends a session for a connection; it begins with <see cref="ClientSession.Begin"/>.</summary>
    public ClientSession Lend()
    {
        var session = (ClientSession?)_firstFree;
        _firstFree = session?.Older;
        return session ?? new ClientSession(this);
    }

    /// <summary>Takes back a session whose socket is gone, and which is in no order.</summary>
    public void Return(ClientSession session)
    {
        session.Older = _firstFree;
        _firstFree = session;
    }

    internal Http1ClientStream LendStream()
    {
        Http1ClientStream stream = _freeStream ?? new Http1ClientStream(this);
        _freeStream = stream.Behind;
        stream.Behind = null;
        frontend.Counters.Add(CounterId.RequestsInFlight);
        return stream;
    }

    internal void Return(Http1ClientStream stream)
    {
        frontend.Counters.Add(CounterId.RequestsInFlight, -1);
        stream.Behind = _freeStream;
        _freeStream = stream;
    }
}
