using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Idle connections of one server on one loop: last in, first out, so that the most recently used is taken and the others grow old
/// and time out. Its key is the server: address and TCP options, which is all that tells two unauthenticated connections apart, for the
/// proxy speaks to a server under one identity. A connection that carries authentication has another key, its one client, and is never
/// among the lent ones (<see cref="UpstreamServer.Pinned"/>). Linked through the connections. Never opens or closes a socket; thread: the loop.
/// </summary>
internal sealed class IdlePool
{
    private NewestFirst<UpstreamConnection> _order;

    public int Count => _order.Count;

    /// <summary>The least recently used connection, the one to evict.</summary>
    public UpstreamConnection? Oldest => _order.Oldest;

    /// <summary>Puts a connection on top.</summary>
    public void Push(UpstreamConnection connection) => _order.Add(connection);

    /// <summary>Takes the most recently used connection, or null.</summary>
    public UpstreamConnection? Pop() => _order.TakeNewest();

    /// <summary>Takes a connection out, wherever it stands.</summary>
    public void Remove(UpstreamConnection connection) => _order.Remove(connection);
}
