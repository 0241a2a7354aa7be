using System;

namespace NativeProxy.Upstreams;

/// <summary>
/// Smooth weighted round robin (nginx's algorithm): each pick raises every server by its weight, takes the highest and lowers that one
/// by the sum, so that 3:1 goes a a b a, not a a a b. Pure but for the servers' working values; thread: the loop.
/// </summary>
internal static class RoundRobinBalancer
{
    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        UpstreamServer? best = null;
        int weightSum = 0;
        foreach (UpstreamServer server in servers)
        {
            if (!server.CanTakeNow || server == except)
                continue;
            weightSum += server.Weight;
            server.CurrentWeight += server.Weight;
            if (best is null || server.CurrentWeight > best.CurrentWeight)
                best = server;
        }
        if (best is null)
            return except is { CanTakeNow: true } ? except : null;
        best.CurrentWeight -= weightSum;
        return best;
    }
}
