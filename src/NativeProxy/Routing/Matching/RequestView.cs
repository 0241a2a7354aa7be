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

    /// <summary>Path and query as they came.</summary>
    public required ReadOnlySpan<byte> Target { get; init; }

    /// <summary>How many bytes of the target are its path.</summary>
    public required int PathBytes { get; init; }

    /// <summary>What follows the '?', or empty.</summary>
    public required ReadOnlySpan<byte> Query { get; init; }

    /// <summary>Where values are decoded; as long as the head.</summary>
    public required MatchRoom Room { get; init; }

    /// <summary>What routes look at of a request.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="room">Where values are decoded.</param>
    public static RequestView Of(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, MatchRoom room)
    {
        ReadOnlySpan<byte> target = head.PathAndQuery.Of(bytes);
        int pathBytes = PathText.PathBytes(target);
        return new RequestView
        {
            Bytes = bytes,
            Head = head,
            Client = client,
            Host = HostText.Of(bytes, head),
            Target = target,
            PathBytes = pathBytes,
            Query = pathBytes == target.Length ? default : target[(pathBytes + 1)..],
            Room = room,
        };
    }
}
