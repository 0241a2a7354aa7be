using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Balancing;

namespace NativeProxy.Routing;

/// <summary>
/// Where a `[[route]]` leads: one way, or several of which each request takes one by their shares: by lot, or the one that its key or its cookie
/// says. Owner: a <see cref="RouteMap"/>; thread: the loop.
/// </summary>
/// <param name="ways">The ways.</param>
/// <param name="shares">Their shares; the sum is not 0.</param>
internal sealed class RouteEnd(Route[] ways, int[] shares)
{
    private readonly long _sum = Sum(shares);

    /// <summary>The part of requests that decides; null for the lot. One without it draws.</summary>
    public RequestKey? Key { get; init; }

    /// <summary>Keeps the choice at the client; null when nothing does.</summary>
    public SplitCookie? Cookie { get; init; }

    /// <summary>The ways of those who are given the cookie; empty without one.</summary>
    public Route[] FirstWays { get; init; } = [];

    /// <summary>A single way.</summary>
    public static RouteEnd To(Route way) => new([way], [1]);

    /// <summary>The way of a request.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    public Route WayOf(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client)
    {
        if (ways.Length == 1)
            return ways[0];

        // A way that gets nothing is left by those who were on it.
        if (Cookie is not null && Cookie.WayOf(bytes, head.Fields) is >= 0 and var way && shares[way] > 0)
            return ways[way];
        ulong key = Key is null ? RequestKey.None : Key.Of(bytes, head, client);
        int drawn = WayAt(key == RequestKey.None ? Random.Shared.NextInt64(_sum) : PlaceOf(key));
        return Cookie is null ? ways[drawn] : FirstWays[drawn];
    }

    /// <summary>Where in the sum a key lies: when shares change, few keys move. Mixed, as the upstream may choose by the same key.</summary>
    private long PlaceOf(ulong key)
    {
        key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9;
        key = (key ^ (key >> 27)) * 0x94D049BB133111EB;
        return (long)Math.BigMul(key ^ (key >> 31), (ulong)_sum, out _);
    }

    private int WayAt(long place)
    {
        for (int i = 0; i < ways.Length - 1; i++)
        {
            place -= shares[i];
            if (place < 0)
                return i;
        }
        return ways.Length - 1;
    }

    private static long Sum(int[] shares)
    {
        long sum = 0;
        foreach (int share in shares)
            sum += share;
        return sum;
    }
}
