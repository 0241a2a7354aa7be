using NativeProxy.Foundation;

namespace NativeProxy.Upstreams;

/// <summary>
/// Idle connections of one server on one loop: last in, first out, so that the most recently used is taken and the others grow old
/// and time out. Its key is the server: address and TCP options, which is all that tells two unauthenticated connections apart, for the
/// proxy speaks to a server under one identity. A connection that carries authentication has another key, its one client, and is never
/// among the lent ones (<see cref="UpstreamServer.Pinned"/>). Linked through the connections. Never opens or closes a socket; thread: the loop.
/// </summary>
internal sealed class IdlePool
{
    private UpstreamConnection? _newest;

    public int Count { get; private set; }

    /// <summary>The least recently used connection, the one to evict.</summary>
    public UpstreamConnection? Oldest { get; private set; }

    /// <summary>Puts a connection on top.</summary>
    public void Push(UpstreamConnection connection)
    {
        connection.OlderIdle = _newest;
        connection.NewerIdle = null;
        if (_newest is null)
            Oldest = connection;
        else
            _newest.NewerIdle = connection;
        _newest = connection;
        Count++;
    }

    /// <summary>Takes the most recently used connection, or null.</summary>
    public UpstreamConnection? Pop()
    {
        UpstreamConnection? connection = _newest;
        if (connection is not null)
            Remove(connection);
        return connection;
    }

    /// <summary>Takes a connection out, wherever it stands.</summary>
    public void Remove(UpstreamConnection connection)
    {
        Check.That(Count > 0, "a connection left an empty pool");
        if (connection.NewerIdle is null)
            _newest = connection.OlderIdle;
        else
            connection.NewerIdle.OlderIdle = connection.OlderIdle;
        if (connection.OlderIdle is null)
            Oldest = connection.NewerIdle;
        else
            connection.OlderIdle.NewerIdle = connection.NewerIdle;
        connection.NewerIdle = connection.OlderIdle = null;
        Count--;
    }
}
