using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The server connection on which a client has authenticated (NTLM, Negotiate), and which therefore no other client may ever get: between
/// two requests it waits here instead of in a pool, and when either connection ends the other one does too (Squid's pinning). Owner: one
/// <see cref="ClientConnection"/>, which keeps the object for its next client. Thread: the loop. One at a time: a client that
/// authenticates to another upstream (forward proxy) loses the older one. It also knows in whose name connections are opened for the client.
/// </summary>
internal sealed class PinnedServer(ClientConnection client) : IPinOwner, IClientBond
{
    /// <summary>Not null exactly while the connection waits for a request.</summary>
    private UpstreamConnection? _connection;
    private UpstreamGroup? _group;
    private AnnouncedClient? _announced;

    /// <summary>True when the connection ended while it waited: whoever was authenticated is so no longer, and must see that.</summary>
    public bool IsLost { get; private set; }

    /// <summary>True once the client has authenticated on a server connection: its requests are served one after another.</summary>
    public bool IsHeld => _group is not null;

    /// <summary>What a client connection has for itself, made when it is first asked for.</summary>
    public static PinnedServer Of(ClientConnection connection) => (PinnedServer)(connection.Bond ??= new PinnedServer(connection));

    /// <summary>True when requests to this group go over this connection and no other.</summary>
    public bool IsFor(UpstreamGroup group) => _group == group;

    /// <summary>An exchange has ended cleanly on a connection that carries authentication: it waits for the client's next request.</summary>
    public void Keep(UpstreamConnection connection, UpstreamGroup group)
    {
        _connection?.Discard(ServerCloseReason.PinnedClientLeft, reset: false);
        _connection = connection;
        _group = group;
    }

    /// <summary>Lends the connection to the next exchange. False when it is lost.</summary>
    /// <param name="stream">Whose it will be.</param>
    /// <param name="server">To which server it goes.</param>
    public bool TryTake(ServerStream stream, out UpstreamServer? server)
    {
        UpstreamConnection? connection = _connection;
        _connection = null;
        server = connection?.Server;
        return connection is not null && stream.TryTakePinned(connection);
    }

    /// <summary>In whose name a request goes to servers that are told of their clients.</summary>
    /// <param name="asking">Who asks, which may be another than before where a trusted proxy speaks for many.</param>
    public AnnouncedClient Announce(in PeerAddress asking)
    {
        if (_announced is { } known && known.Is(asking))
            return known;
        _announced?.Leave();
        return _announced = new AnnouncedClient(asking, client.Local);
    }

    /// <summary>The client sends no more requests.</summary>
    public void Release()
    {
        _announced?.Leave();
        _announced = null;
        UpstreamConnection? connection = _connection;
        _connection = null;
        _group = null;
        IsLost = false;
        connection?.Discard(ServerCloseReason.PinnedClientLeft, reset: false);
    }

    public void OnPinEnded()
    {
        _connection = null;
        IsLost = true;
        client.OnBondEnded();
    }
}
