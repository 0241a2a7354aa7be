using NativeProxy.Config;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// How connections are secured, by the settings; asked on the loop, at the start and at each reload. A connection of a server is used again only
/// while the same object is answered for it. This one secures none.
/// </summary>
internal class TrafficSecurity
{
    public static TrafficSecurity None { get; } = new();

    /// <summary>What the connections of a listener are secured with from their first byte; null = bare.</summary>
    public virtual ConnectionSecurity? OfListener(in ListenerSettings listener) => null;

    /// <summary>What the connections to a server are secured with; null = bare.</summary>
    public virtual ConnectionSecurity? OfServer(in UpstreamSettings upstream, in UpstreamServerSettings server) => null;
}
