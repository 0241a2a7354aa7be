using System;
using NativeProxy.Http;

namespace NativeProxy.Routing;

/// <summary>Where the paths of rewriting routes are made, one at a time. Owner: a <see cref="RouteTable"/>; thread: the loop.</summary>
/// <param name="pathBytesMax">Longest path that is made or looked at; a longer one refuses its request.</param>
internal sealed class PathRewriteRoom(int pathBytesMax)
{
    private readonly byte[] _other = new byte[pathBytesMax];

    /// <summary>Where the first one is made.</summary>
    public byte[] One { get; } = new byte[pathBytesMax];

    /// <summary>What the expression of a rewriting has found.</summary>
    public PathCaptures Captures { get; } = new(pathBytesMax);

    /// <summary>What the expression of a route has found.</summary>
    public PathCaptures OfRoute { get; } = new(pathBytesMax);

    /// <summary>Where the next one is made, of one that lies in the other half.</summary>
    public byte[] Other(ReadOnlySpan<byte> path) => path.Overlaps(One) ? _other : One;
}
