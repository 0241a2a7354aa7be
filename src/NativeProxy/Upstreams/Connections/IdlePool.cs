using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Idle connections of one server on one loop: last in, first out, so that the most recently used is taken and the others grow old
/// and time out. The server is half of its key (address and TCP options); the other half is the identity under which a connection was opened, by
/// which it is asked for. A connection that carries authentication has a further one, its one client, and is never among the lent ones
/// (<see cref="ServerConnections.Pinned"/>). Linked through the connections, all identities in one order, so that bound and age hold for them
/// together. Never opens or closes a socket; thread: the loop.
/// </summary>
internal sealed class IdlePool
{
    private NewestFirst<UpstreamConnection> _order;

    public int Count => _order.Count;

    /// <summary>The least recently used connection, the one to evict.</summary>
    public UpstreamConnection? Oldest => _order.Oldest;

    /// <summary>Puts a connection on top.</summary>
    public void Push(UpstreamConnection connection) => _order.Add(connection);

    /// <summary>
    /// Takes the most recently used connection with this identity, or null. Where all have the same it is the first one looked at; else at most
    /// <c>keepalive.max_idle</c> are.
    /// </summary>
    public UpstreamConnection? Pop(ConnectionIdentity identity)
    {
        UpstreamConnection? connection = _order.Newest;
        while (connection is not null && connection.Identity != identity)
            connection = connection.Older;
        if (connection is not null)
            _order.Remove(connection);
        return connection;
    }

    /// <summary>Takes a connection out, wherever it stands.</summary>
    public void Remove(UpstreamConnection connection) => _order.Remove(connection);
}
