using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// The connection objects of one server on one loop, and of these the ones that nobody uses: idle ones, those that wait for their one client, and
/// those without a socket. Owner: an <see cref="UpstreamServer"/>; thread: the loop. Never decides which may be kept.
/// </summary>
internal sealed class ServerConnections
{
    /// <summary>The first object without a socket; the others follow by <see cref="Ordered{T}.Older"/>.</summary>
    private UpstreamConnection? _free;

    /// <summary>All objects that were ever made: as many as had a socket at once.</summary>
    private readonly List<UpstreamConnection> _all = [];

    public IdlePool Idle { get; } = new();

    /// <summary>Keeps the answers that are refused, and records connections; null when nobody does.</summary>
    public Recorder? Recorder { get; set; }

    /// <summary>Name of the upstream that the server is of, for the recorder.</summary>
    public string? Upstream { get; set; }

    /// <summary>Why connections of the server are broken off just now; else None.</summary>
    public ServerCloseReason BreakReason { get; private set; }

    /// <summary>
    /// Connections that wait each for the one client that authenticated on it; they count as open, but are nobody else's and give no
    /// room. The limits of the pool do not hold for them.
    /// </summary>
    public IdlePool Pinned { get; } = new();

    /// <summary>An object for a fresh connection; it comes back by <see cref="Recycle"/>.</summary>
    public UpstreamConnection Take(UpstreamServer server, EventLoop loop)
    {
        UpstreamConnection connection = _free ?? Make(server, loop);
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

    /// <summary>
    /// Ends what runs on all that are in use, as if the server had broken them off: what may go to another server does, the rest is cut.
    /// </summary>
    public void BreakOff(ServerCloseReason reason)
    {
        BreakReason = reason;
        foreach (UpstreamConnection connection in _all.ToArray())
        {
            if (connection.State == UpstreamConnectionState.Busy)
                ((IConnectionOwner)connection).OnFailed(connection.Tcp!, SocketError.ConnectionAborted);
        }
        BreakReason = ServerCloseReason.None;
    }

    /// <summary>Closes those that wait at an address that the server has left.</summary>
    public void PurgeLeft()
    {
        PurgeLeft(Pinned);
        PurgeLeft(Idle);
    }

    /// <summary>Closes those that wait for a client that has left.</summary>
    public void PurgeOf(AnnouncedClient client)
    {
        UpstreamConnection? next = Idle.Oldest;
        while (next is { } connection)
        {
            next = connection.Newer;
            if (connection.Identity.Client == client)
                connection.EndWaiting(ServerCloseReason.AnnouncedClientLeft, reset: false);
        }
    }

    private UpstreamConnection Make(UpstreamServer server, EventLoop loop)
    {
        var connection = new UpstreamConnection(server, loop);
        _all.Add(connection);
        return connection;
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
