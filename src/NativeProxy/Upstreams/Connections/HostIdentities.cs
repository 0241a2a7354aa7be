using System;
using System.Collections.Generic;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// As whom connections to one server are opened whose TLS name is the host of the request: one identity for each host, so that no request goes over
/// the connection of another name. Owner: an <see cref="UpstreamServer"/>; thread: the loop.
/// </summary>
/// <param name="make">What secures connections in the name of a host.</param>
internal sealed class HostIdentities(Func<string, ConnectionSecurity> make)
{
    /// <summary>
    /// Hosts that are remembered; beyond it the one that came first is forgotten, with its kept connections left to their idle time.
    /// </summary>
    private const int CountMax = 1024;

    private readonly Dictionary<string, ConnectionIdentity> _known = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>The identity for a host.</summary>
    /// <param name="host">In lower case, without a port.</param>
    public ConnectionIdentity Of(string host)
    {
        if (_known.TryGetValue(host, out ConnectionIdentity? identity))
            return identity;
        if (_known.Count == CountMax)
            _known.Remove(_order.Dequeue());
        identity = new ConnectionIdentity(make(host));
        _known.Add(host, identity);
        _order.Enqueue(host);
        return identity;
    }
}
