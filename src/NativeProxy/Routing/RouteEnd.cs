using System;

namespace NativeProxy.Routing;

/// <summary>
/// Where a `[[route]]` leads: one way, or several of which each request takes one by their shares. Owner: a <see cref="RouteMap"/>; thread: the loop.
/// </summary>
/// <param name="ways">The ways.</param>
/// <param name="shares">Their shares; the sum is not 0.</param>
internal sealed class RouteEnd(Route[] ways, int[] shares)
{
    private readonly long _sum = Sum(shares);

    /// <summary>A single way.</summary>
    public static RouteEnd To(Route way) => new([way], [1]);

    /// <summary>The way of the next request.</summary>
    public Route Next()
    {
        if (ways.Length == 1)
            return ways[0];
        long at = Random.Shared.NextInt64(_sum);
        for (int i = 0; i < ways.Length - 1; i++)
        {
            at -= shares[i];
            if (at < 0)
                return ways[i];
        }
        return ways[^1];
    }

    private static long Sum(int[] shares)
    {
        long sum = 0;
        foreach (int share in shares)
            sum += share;
        return sum;
    }
}
