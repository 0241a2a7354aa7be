using System;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Takes the server with the fewest running requests, over all workers, in proportion to its weight; equals take turns as with
/// <see cref="RoundRobinBalancer"/> (nginx's least_conn). Pure but for the servers' working values and the count of turns; thread: the loop.
/// </summary>
internal static class LeastConnectionsBalancer
{
    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, RoundRobinBalancer turns)
    {
        UpstreamServer? least = null;
        int equals = 0;
        foreach (UpstreamServer server in servers)
        {
            if (server == except || !server.CanTakeNow)
                continue;
            server.Load.Now = server.Load.RunningCount;
            if (least is null || IsLessLoaded(server, least))
                (least, equals) = (server, 1);
            else if (!IsLessLoaded(least, server))
                equals++;
        }
        if (least is null)
            return except is { CanTakeNow: true } ? except : null;
        return equals == 1 ? least : turns.PickBelow(servers, except, least) ?? least;
    }

    /// <summary>Whether a has fewer requests per unit of weight than b, by <see cref="ServerLoad.Now"/>.</summary>
    internal static bool IsLessLoaded(UpstreamServer a, UpstreamServer b) =>
        (long)a.Load.Now * b.Standing.Share < (long)b.Load.Now * a.Standing.Share;
}
