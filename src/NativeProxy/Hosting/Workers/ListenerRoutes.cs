using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using NativeProxy.Config;
using NativeProxy.Credentials;
using NativeProxy.Metrics;
using NativeProxy.Passthrough;
using NativeProxy.Routing;
using NativeProxy.Routing.Limiting;
using NativeProxy.Routing.Matching;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Hosting.Workers;

/// <summary>Finds the upstream and the routes of each listener in the settings. Owner: a <see cref="TrafficPlan"/>; thread: the loop.</summary>
/// <param name="loop">The loop.</param>
/// <param name="settings">Valid settings.</param>
/// <param name="groups">The upstreams of this loop.</param>
internal sealed class ListenerRoutes(EventLoop loop, ProxySettings settings, IReadOnlyCollection<UpstreamGroup> groups)
{
    /// <summary>One for all listeners of the loop, made when one of them has routes.</summary>
    private MatchRoom? _room;
    private readonly SharedRules _shared = new();

    /// <summary>Makes the limits of its routes.</summary>
    public required LimitPlan Limits { get; init; }

    /// <summary>How long the requests of a route of that name took.</summary>
    public required Func<string, LatencyRow?> Latency { get; init; }

    /// <summary>Gives the number under which the log knows a name; null when nothing is logged.</summary>
    public required Func<string, int>? Register { get; init; }

    /// <summary>Who may ask by the routes that were made.</summary>
    public IReadOnlyCollection<LoginRule> Logins => _shared.Logins;

    /// <summary>Where requests of a listener go that no route takes; null when it says of none.</summary>
    public UpstreamGroup? UpstreamOf(in ListenerSettings listener) => listener.Upstream.Length > 0 ? Find(listener.Upstream) : null;

    /// <summary>The routes of a listener; null when it has neither routes nor policies, names an upstream, and nobody probes it.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="logId">Under which the log knows it.</param>
    public RoutePlan? Of(in ListenerSettings listener, int logId)
    {
        if (listener.Mode != ListenerMode.Http)
            return null;
        ImmutableArray<NamedRoute>.Builder routes = ImmutableArray.CreateBuilder<NamedRoute>();
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            if (LooksAt(settings.Routes[i], listener))
                routes.Add(new NamedRoute(settings.Routes[i].NameAt(i), settings.Routes[i]));
        }
        if (routes.Count == 0 && listener.Policies.IsEmpty && UpstreamOf(listener) is not null && !listener.Monitor.IsOn)
            return null;
        _room ??= new MatchRoom(HeadBytesMax());
        return new RoutePlan(routes.DrainToImmutable(), name => Find(name)!, new UpstreamGroup(loop, listener.Name, logId), settings.Policies, _room)
        {
            Latency = Latency,
            Register = Register,
            Shared = _shared,
        };
    }

    /// <summary>Where the connections of a listener in mode "tcp" go; null in another mode.</summary>
    public TcpTerms? TcpOf(in ListenerSettings listener)
    {
        if (listener.Mode != ListenerMode.Tcp)
            return null;
        var routes = new List<TcpRoute>();
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            RouteSettings route = settings.Routes[i];
            string upstream = route.Upstream.Length > 0 ? route.Upstream : listener.Upstream;
            if (LooksAt(route, listener))
                routes.Add(new TcpRoute(route.NameAt(i), new TcpConditions(route), Find(upstream)!));
        }
        return new TcpTerms(new TcpRoutes([.. routes], UpstreamOf(listener)), listener);
    }

    private bool LooksAt(in RouteSettings route, in ListenerSettings listener)
    {
        foreach (ListenerSettings one in settings.ListenersOf(route))
        {
            if (one.Name == listener.Name)
                return true;
        }
        return false;
    }

    private UpstreamGroup? Find(string name)
    {
        foreach (UpstreamGroup group in groups)
        {
            if (group.Name == name)
                return group;
        }
        return null;
    }

    private int HeadBytesMax()
    {
        long bytesMax = 0;
        foreach (ListenerSettings listener in settings.Listeners)
            bytesMax = Math.Max(bytesMax, listener.Limits.HeaderBytes);
        return (int)bytesMax;
    }
}
