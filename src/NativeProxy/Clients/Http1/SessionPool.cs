using NativeProxy.Metrics;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// The session and stream objects for the HTTP/1 connections of one frontend, lent again and again. Owner: the listener; thread: the loop. Bounded
/// by the connections and their requests in flight.
/// </summary>
internal sealed class SessionPool(Frontend frontend) : Sessions(frontend)
{
    private Http1ClientStream? _freeStream;

    internal Http1ClientStream LendStream()
    {
        Http1ClientStream stream = _freeStream ?? new Http1ClientStream(this);
        _freeStream = stream.Behind;
        stream.Behind = null;
        Frontend.Counters.Add(CounterId.RequestsInFlight);
        return stream;
    }

    internal void Return(Http1ClientStream stream)
    {
        Frontend.Counters.Add(CounterId.RequestsInFlight, -1);
        stream.Behind = _freeStream;
        _freeStream = stream;
    }

    protected override Session Make() => new ClientSession(this);
}
