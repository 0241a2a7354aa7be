using NativeProxy.Config;
using NativeProxy.Routing;
using NativeProxy.Tls;
using NativeProxy.Tunnels;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Passthrough;

/// <summary>What a listener in mode "tcp" says about its connections. A reload makes another one.</summary>
/// <param name="routes">Where they go.</param>
/// <param name="listener">Of the listener.</param>
internal sealed class TcpTerms(TcpRoutes routes, in ListenerSettings listener)
{
    private readonly TunnelTimes _times = new(listener.Tcp.IdleTimeoutMs, listener.Tcp.HalfCloseTimeoutMs);

    /// <summary>Where connections go.</summary>
    public TcpRoutes Routes => routes;

    /// <summary>How long nothing may move on those to an upstream, which may know better what silence means there.</summary>
    public TunnelTimes TimesOf(UpstreamGroup upstream) =>
        upstream.Rules.IdleTimeoutMs is > 0 and var idleMs ? _times with { IdleMs = idleMs } : _times;

    /// <summary>Whether their bytes need not be read.</summary>
    public SplicePolicy Splice { get; } = listener.Tcp.Splice;

    /// <summary>How long a ClientHello may take, where one decides.</summary>
    public long InspectTimeoutMs { get; } = listener.Tcp.InspectTimeoutMs;

    /// <summary>Null where no name decides.</summary>
    public ClientHelloReader? Hellos { get; } = routes.LookAtNames ? new ClientHelloReader() : null;
}
