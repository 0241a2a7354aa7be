using System;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>
/// Where the connections of a listener in mode "tcp" go: to the upstream of the first route whose conditions all hold, else to the listener's own.
/// Immutable; thread: the loop. Never reads a byte of a connection.
/// </summary>
/// <param name="routes">In the order of the file.</param>
/// <param name="fallback">Where connections go that no route takes; null when they are closed.</param>
internal sealed class TcpRoutes(TcpRoute[] routes, UpstreamGroup? fallback)
{
    /// <summary>True when some route looks at the name in a ClientHello.</summary>
    public bool LookAtNames { get; } = Array.Exists(routes, static route => route.Conditions.LooksAtName);

    /// <summary>
    /// True when where a connection goes depends on the name in its ClientHello. A route before that takes it by client and port alone lets a server
    /// speak first.
    /// </summary>
    /// <param name="client">Who connects.</param>
    /// <param name="port">To which port.</param>
    public bool NeedName(in PeerAddress client, int port)
    {
        foreach (TcpRoute route in routes)
        {
            if (route.Conditions.MayHold(client, port))
                return route.Conditions.LooksAtName;
        }
        return false;
    }

    /// <summary>Where a connection goes; null = nowhere.</summary>
    /// <param name="client">Who connects.</param>
    /// <param name="port">To which port.</param>
    /// <param name="name">The name in its ClientHello; empty when there is none.</param>
    /// <param name="taken">Name of the route that takes it; null when none does.</param>
    public UpstreamGroup? Find(in PeerAddress client, int port, ReadOnlySpan<byte> name, out string? taken)
    {
        foreach (TcpRoute route in routes)
        {
            if (route.Conditions.MayHold(client, port) && route.Conditions.HoldsName(name))
            {
                taken = route.Name;
                return route.Upstream;
            }
        }
        taken = null;
        return fallback;
    }
}
