using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>One `[[route]]` of a listener in mode "tcp". Immutable; thread: the loop.</summary>
/// <param name="Name">By which it is recorded.</param>
/// <param name="Conditions">Which connections it takes.</param>
/// <param name="Upstream">Where they go.</param>
internal sealed record TcpRoute(string Name, TcpConditions Conditions, UpstreamGroup Upstream);
