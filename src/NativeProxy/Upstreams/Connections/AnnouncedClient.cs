using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.ProxyProtocol;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// A client of HTTP whom servers hear of by a PROXY header: connections that begin with it are opened in its name, carry its requests and nobody
/// else's, and end when it leaves (HAProxy's private connections of <c>send-proxy</c>). Made when its first request goes to such a server; thread:
/// the loop.
/// </summary>
/// <param name="client">Who it is.</param>
/// <param name="local">What it has connected to.</param>
internal sealed class AnnouncedClient(PeerAddress client, PeerAddress local)
{
    /// <summary>One for each security that its servers ask for.</summary>
    private readonly List<ConnectionIdentity> _identities = [];

    /// <summary>Servers that may have idle connections of it.</summary>
    private readonly List<UpstreamServer> _servers = [];

    /// <summary>It sends no more requests: what comes back is closed.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>Whether a request comes from this client.</summary>
    public bool Is(in PeerAddress asking) => asking.Port == client.Port && asking.AddressBytes == client.AddressBytes && asking.Bits == client.Bits;

    /// <summary>As whom connections to a server are opened; null = as nobody in particular, since that server is told nothing.</summary>
    /// <param name="server">The server.</param>
    /// <param name="security">What secures them.</param>
    public ConnectionIdentity? IdentityAt(UpstreamServer server, ConnectionSecurity? security)
    {
        if (server.Terms.ProxyHeader == ProxyHeaderVersion.Off)
            return null;
        if (!_servers.Contains(server))
            _servers.Add(server);
        foreach (ConnectionIdentity known in _identities)
        {
            if (known.Security == security)
                return known;
        }
        var identity = new ConnectionIdentity(security) { Client = this };
        _identities.Add(identity);
        return identity;
    }

    /// <summary>What a server is told, before all else. Returns its length; nothing where a reload has just ended that.</summary>
    /// <param name="version">In which version.</param>
    /// <param name="target">At least <see cref="ProxyHeaderWriter.BytesMax"/>.</param>
    public int WriteHeader(ProxyHeaderVersion version, Span<byte> target) => version switch
    {
        ProxyHeaderVersion.V1 => ProxyHeaderWriter.WriteV1(client, local, target),
        ProxyHeaderVersion.V2 => ProxyHeaderWriter.WriteV2(client, local, target),
        _ => 0,
    };

    /// <summary>The client sends no more requests: its idle connections close now, those in use after their exchange.</summary>
    public void Leave()
    {
        HasLeft = true;
        foreach (UpstreamServer server in _servers)
            server.Connections.PurgeOf(this);
        _servers.Clear();
    }
}
