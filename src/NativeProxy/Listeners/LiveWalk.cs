using NativeProxy.Clients;

namespace NativeProxy.Listeners;

/// <summary>
/// A walk through the live connections of one listener, from the one that came last on, over several turns of the loop: the listener tells it who
/// leaves, so that it never stands on one that is gone. Connections that come meanwhile are left out. Owner: who walks; thread: the loop.
/// </summary>
/// <param name="listener">Whose connections.</param>
internal sealed class LiveWalk(Listener listener)
{
    private ClientConnection? _next;

    /// <summary>Whose connections.</summary>
    public Listener Listener => listener;

    /// <summary>Goes to the first one, and has the listener tell it who leaves, until <see cref="End"/>.</summary>
    public void Begin()
    {
        _next = listener.NewestLive;
        listener.Walk = this;
    }

    /// <summary>The next one, or null when there are no more.</summary>
    public ClientConnection? Next()
    {
        ClientConnection? connection = _next;
        _next = connection?.Older;
        return connection;
    }

    /// <summary>A connection leaves the order.</summary>
    public void Leaves(ClientConnection connection)
    {
        if (_next == connection)
            _next = connection.Older;
    }

    /// <summary>Another object has the connection from now on.</summary>
    public void IsReplaced(ClientConnection connection, ClientConnection other)
    {
        if (_next == connection)
            _next = other;
    }

    /// <summary>The walk is over.</summary>
    public void End() => listener.Walk = null;
}
