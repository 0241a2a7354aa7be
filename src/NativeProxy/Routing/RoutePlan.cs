using System;
using System.Collections.Immutable;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Routing.Matching;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>A `[[route]]` and the name that it goes by.</summary>
/// <param name="Name">Its own, or one by its place in the file.</param>
/// <param name="Settings">What the file says.</param>
internal readonly record struct NamedRoute(string Name, RouteSettings Settings);

/// <summary>What a <see cref="RouteTable"/> is made of besides its listener.</summary>
/// <param name="Routes">Those that hold for the listener, in file order.</param>
/// <param name="Upstreams">Finds an upstream by its name; the settings have been checked, so that there is one.</param>
/// <param name="NoUpstream">Stands in the log for the upstream of what the proxy answers by itself; it has no servers.</param>
/// <param name="Policies">Those of the file.</param>
/// <param name="Room">Where texts are decoded.</param>
internal sealed record RoutePlan(
    ImmutableArray<NamedRoute> Routes, Func<string, UpstreamGroup> Upstreams, UpstreamGroup NoUpstream, ImmutableArray<PolicySettings> Policies,
    MatchRoom Room)
{
    /// <summary>How long the requests of a route of that name took; null when nobody wants to know.</summary>
    public Func<string, LatencyRow?>? Latency { get; init; }

    /// <summary>Gives the number under which the log knows a name; null when nothing is logged.</summary>
    public Func<string, int>? Register { get; init; }

    /// <summary>What routes of all listeners have in common.</summary>
    public required SharedRules Shared { get; init; }
}
