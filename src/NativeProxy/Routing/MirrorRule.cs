using System;
using NativeProxy.Config;

namespace NativeProxy.Routing;

/// <summary>Which requests of a route are copied, and where the copies go. Immutable; thread: the loop.</summary>
/// <param name="route">The way of the copies.</param>
/// <param name="settings">What the file says.</param>
internal sealed class MirrorRule(Route route, RouteMirrorSettings settings)
{
    /// <summary>The way of the copies.</summary>
    public Route Route => route;

    /// <summary>Longest body that is copied.</summary>
    public int BodyBytesMax => settings.BodyBytes;

    /// <summary>Whether the next request is one of those that are copied.</summary>
    public bool TakesNext() => settings.Percent >= 100 || Random.Shared.Next(100) < settings.Percent;
}
