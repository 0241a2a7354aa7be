using System;

namespace NativeProxy.Upstreams;

/// <summary>
/// Takes the server with the fewest running requests, over all workers, in proportion to its weight; among equals it goes round as
/// <see cref="RoundRobinBalancer"/> does (nginx's least_conn). Pure but for the servers' working values; thread: the loop.
/// </summary>
internal static class LeastConnectionsBalancer
{
    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        UpstreamServer? least = null;
        foreach (UpstreamServer server in servers)
        {
            if (!server.CanTakeNow || server == except)
                continue;
            server.LoadNow = server.RunningCount;
            if (least is null || IsLessLoaded(server, least))
                least = server;
        }
        return least is null ? except is { CanTakeNow: true } ? except : null : PickAmongEquals(servers, except, least);
    }

    /// <summary>Whether a has fewer requests per unit of weight than b, by <see cref="UpstreamServer.LoadNow"/>.</summary>
    internal static bool IsLessLoaded(UpstreamServer a, UpstreamServer b) => (long)a.LoadNow * b.Weight < (long)b.LoadNow * a.Weight;

    /// <summary>One step of the smooth round robin over those that are loaded as <paramref name="least"/> is.</summary>
    private static UpstreamServer PickAmongEquals(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, UpstreamServer least)
    {
        UpstreamServer best = least;
        int weightSum = 0;
        foreach (UpstreamServer server in servers)
        {
            if (!server.CanTakeNow || server == except || IsLessLoaded(least, server))
                continue;
            weightSum += server.Weight;
            server.CurrentWeight += server.Weight;
            if (server.CurrentWeight > best.CurrentWeight)
                best = server;
        }
        best.CurrentWeight -= weightSum;
        return best;
    }
}
