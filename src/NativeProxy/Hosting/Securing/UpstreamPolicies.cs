using System;
using System.Collections.Generic;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Transport.Tls;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Hosting.Securing;

/// <summary>
/// How the servers of one upstream are secured: what they have in common, and for each of them the name by which it is asked for and verified, with a
/// session of its own. Asked on the loop, also for servers that come later.
/// </summary>
internal sealed class UpstreamPolicies(TlsClientPolicy common)
{
    private readonly Dictionary<string, TlsClientPolicy> _servers = new(StringComparer.Ordinal);

    /// <summary>That of a server; the same object each time.</summary>
    public TlsClientPolicy Of(in UpstreamSettings upstream, in UpstreamServerSettings server)
    {
        (string sent, string verified) = NamesOf(upstream.Tls, server);
        string key = $"{server.Name} {sent} {verified}";
        if (!_servers.TryGetValue(key, out TlsClientPolicy? policy))
            _servers.Add(key, policy = common.For(sent, verified));
        return policy;
    }

    /// <summary>Identities by the host that a request is for; each server has its own.</summary>
    public HostIdentities ByHost() => new(host => common.For(Sendable(host), host));

    /// <summary>
    /// The name that a server is asked for, empty = none, and the one that its certificate must be for: its own, that of the upstream, or the host of
    /// its address.
    /// </summary>
    public static (string Sent, string Verified) NamesOf(in UpstreamTlsSettings tls, in UpstreamServerSettings server)
    {
        string name = NameOf(tls, server);
        return (tls.Sni == ServerNameChoice.None ? "" : Sendable(name), name);
    }

    /// <summary>An address is no name that can be sent (RFC 6066 section 3).</summary>
    private static string Sendable(string name) => IPAddress.TryParse(name, out _) ? "" : name;

    private static string NameOf(in UpstreamTlsSettings tls, in UpstreamServerSettings server) =>
        server.TlsName.Length > 0 ? server.TlsName
        : tls.Name.Length > 0 ? tls.Name
        : ServerAddressText.TryParse(server.Address, out HostPort address, out _, out _) ? address.Host.ToLowerInvariant() : "localhost";
}
