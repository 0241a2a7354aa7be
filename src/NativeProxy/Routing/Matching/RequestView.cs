using System;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>What routes look at of one request. Lent for one call.</summary>
internal readonly ref struct RequestView
{
    /// <summary>The head.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>What was read of it.</summary>
    public required RequestHead Head { get; init; }

    /// <summary>Who asks.</summary>
    public required PeerAddress Client { get; init; }

    /// <summary>The host as routes compare it, in any case; see <see cref="HostText.Of"/>. Empty when there is none.</summary>
    public required ReadOnlySpan<byte> Host { get; init; }

    /// <summary>The path as it is matched, without the query; empty for a target without one, such as "*".</summary>
    public required ReadOnlySpan<byte> Path { get; init; }

    /// <summary>What follows the '?', or empty.</summary>
    public required ReadOnlySpan<byte> Query { get; init; }

    /// <summary>Where values are decoded; as long as the head.</summary>
    public required MatchRoom Room { get; init; }

    /// <summary>The same request, its path read in another way.</summary>
    public RequestView With(ReadOnlySpan<byte> path) => new()
    {
        Bytes = Bytes, Head = Head, Client = Client, Host = Host, Path = path, Query = Query, Room = Room,
    };
}
