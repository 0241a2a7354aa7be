using NativeProxy.Config;

namespace NativeProxy.Routing;

/// <summary>How long the requests of a route may wait for what, in ms: as it says itself, or its policies, or its listener. Immutable.</summary>
/// <param name="settings">What they say together.</param>
internal sealed class RouteTimeouts(in RouteTimeoutSettings settings)
{
    /// <summary>Longest silence of a server that must act; 0 = that of the upstream.</summary>
    public long ResponseMs { get; } = settings.ResponseMs;

    /// <summary>Longest time of a connect; 0 = that of the upstream.</summary>
    public long ConnectMs { get; } = settings.ConnectMs;

    /// <summary>Longest wait for a server with room; 0 = that of the upstream.</summary>
    public long QueueMs { get; } = settings.QueueMs;

    /// <summary>Longest time from the head of a request to the end of its answer; 0 = no limit.</summary>
    public long TotalMs { get; } = settings.TotalMs;

    /// <summary>Longest time without a byte from either side of a tunnel; 0 = no limit.</summary>
    public long TunnelMs { get; } = settings.TunnelMs;
}
