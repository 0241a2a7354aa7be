using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// As whom the proxy has opened a connection to a server, and on what conditions: all that makes two connections to one server so different that a
/// request of the one must not go over the other. An idle connection is lent, and a busy one followed, only under its own identity. Immutable;
/// compared by reference: two that say the same are strangers, which may cost a connection, but never lends one wrongly. So whoever makes them makes
/// each once and keeps it.
/// </summary>
/// <param name="security">What secures the connections that are opened under it; null = they are bare.</param>
internal sealed class ConnectionIdentity(ConnectionSecurity? security)
{
    /// <summary>Nobody in particular, unsecured, from any address: what nothing else was asked for has.</summary>
    public static readonly ConnectionIdentity Plain = new(security: null);

    /// <summary>What secures the connections that are opened under it; null = they are bare.</summary>
    public ConnectionSecurity? Security { get; } = security;

    /// <summary>The port that they go to, where that depends on the client; 0 = the server's own.</summary>
    public int Port { get; init; }

    /// <summary>In whose name they begin, by a PROXY header; null = in nobody's.</summary>
    public AnnouncedClient? Client { get; init; }

    /// <summary>
    /// Of a server: the identities that take its place where its TLS name is the host of the request; null where that is always the same.
    /// </summary>
    public HostIdentities? Hosts { get; init; }

    /// <summary>
    /// As whom connections to a server are opened for a request, and used again: in the name of its client, of its host, of both. Null = as the
    /// server's connections are by themselves.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="client">Whom it is told of; null = nobody.</param>
    /// <param name="host">For which it is asked in TLS; null = always the same.</param>
    public static ConnectionIdentity? For(UpstreamServer server, AnnouncedClient? client, string? host)
    {
        ConnectionIdentity? ofHost = host is null ? null : server.Identity.Hosts?.Of(host);
        return client is null ? ofHost : client.IdentityAt(server, (ofHost ?? server.Identity).Security) ?? ofHost;
    }

    /// <summary>The identity with this security: <see cref="Plain"/> without any, else another one each time.</summary>
    public static ConnectionIdentity With(ConnectionSecurity? security, HostIdentities? hosts = null) =>
        security is null ? Plain : new ConnectionIdentity(security) { Hosts = hosts };
}
