using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>
/// Where a request goes, and what holds for it on its way and for the answer: all that an exchange knows of the listener by which it came.
/// Immutable; one object for all requests that go there. Thread: the loop.
/// </summary>
internal sealed class Route
{
    /// <summary>Whose servers are asked, and whose cache.</summary>
    public required UpstreamGroup Upstream { get; init; }

    /// <summary>What becomes of the heads that pass.</summary>
    public required Forwarding Forwarding { get; init; }

    /// <summary>Longest body of a request; 0 = no limit.</summary>
    public required long RequestBodyBytesMax { get; init; }

    /// <summary>Longest body of a response; 0 = no limit.</summary>
    public required long ResponseBodyBytesMax { get; init; }

    /// <summary>Whether no trailer field passes, in either direction.</summary>
    public required bool DropsTrailers { get; init; }

    /// <summary>Longest time without a byte from either side of a tunnel; 0 = no limit.</summary>
    public required long TunnelTimeoutMs { get; init; }
}
