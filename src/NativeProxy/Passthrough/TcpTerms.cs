using NativeProxy.Config;
using NativeProxy.Routing;
using NativeProxy.Tls;
using NativeProxy.Tunnels;

namespace NativeProxy.Passthrough;

/// <summary>What a listener in mode "tcp" says about its connections. A reload makes another one.</summary>
/// <param name="routes">Where they go.</param>
/// <param name="settings">Of the listener.</param>
internal sealed class TcpTerms(TcpRoutes routes, in ListenerTcpSettings settings)
{
    /// <summary>Where connections go.</summary>
    public TcpRoutes Routes => routes;

    /// <summary>How long nothing may move on them.</summary>
    public TunnelTimes Times { get; } = new(settings.IdleTimeoutMs, settings.HalfCloseTimeoutMs);

    /// <summary>How long a ClientHello may take, where one decides.</summary>
    public long InspectTimeoutMs { get; } = settings.InspectTimeoutMs;

    /// <summary>Null where no name decides.</summary>
    public ClientHelloReader? Hellos { get; } = routes.LookAtNames ? new ClientHelloReader() : null;
}
