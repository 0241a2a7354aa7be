using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// The connection objects of one server on one loop that nobody uses: idle ones, those that wait for their one client, and those without a socket.
/// Owner: an <see cref="UpstreamServer"/>; thread: the loop. Never decides which may be kept.
/// </summary>
internal sealed class ServerConnections
{
    /// <summary>The first object without a socket; the others follow by <see cref="Ordered{T}.Older"/>.</summary>
    private UpstreamConnection? _free;

    public IdlePool Idle { get; } = new();

    /// <summary>
    /// Connections that wait each for the one client that authenticated on it; they count as open, but are nobody else's and give no
    /// room. The limits of the pool do not hold for them.
    /// </summary>
    public IdlePool Pinned { get; } = new();

    /// <summary>An object for a fresh connection; it comes back by <see cref="Recycle"/>.</summary>
    public UpstreamConnection Take(UpstreamServer server, EventLoop loop)
    {
        UpstreamConnection connection = _free ?? new UpstreamConnection(server, loop);
        _free = connection.Older;
        connection.Older = null;
        return connection;
    }

    /// <summary>The socket of a connection that was given up is gone.</summary>
    public void Recycle(UpstreamConnection connection)
    {
        connection.Older = _free;
        _free = connection;
    }

    /// <summary>Closes all that wait, pinned ones with those of their clients.</summary>
    public void Purge(ServerCloseReason reason)
    {
        while (Pinned.Oldest is { } pinned)
            pinned.EndWaiting(reason, reset: false);
        while (Idle.Oldest is { } idle)
            idle.EndWaiting(reason, reset: false);
    }

    /// <summary>Closes those that wait at an address that the server has left.</summary>
    public void PurgeLeft()
    {
        PurgeLeft(Pinned);
        PurgeLeft(Idle);
    }

    private static void PurgeLeft(IdlePool pool)
    {
        UpstreamConnection? next = pool.Oldest;
        while (next is { } connection)
        {
            next = connection.Newer;
            if (connection.Address.HasLeft)
                connection.EndWaiting(ServerCloseReason.AddressLeft, reset: false);
        }
    }
}
