using System;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Takes the server with the fewest running requests, over all workers, in proportion to its weight; equals take turns as with
/// <see cref="RoundRobinBalancer"/> (nginx's least_conn). Where it is the turn of one without an idle connection, an equal one that has one ready
/// takes it, which costs nobody a connect; what was taken so is given back when both are ready, and never is more than a few, so that the spread
/// stays even. Pure but for the servers' working values and the count of turns; thread: the loop.
/// </summary>
internal static class LeastConnectionsBalancer
{
    /// <summary>
    /// Turns that one server may have of another one's for its ready connection; of each worker, since none knows of the others' leads.
    /// </summary>
    public const int LeadMax = 4;

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
        if (equals == 1)
            return least;
        UpstreamServer next = turns.PickBelow(servers, except, least) ?? least;
        return next.Load.Lead <= 0 && next.Idle.Count > 0 ? next : ReadyInsteadOf(next, servers, except, least);
    }

    /// <summary>Who takes the turn of a server that has no idle connection, or has had too many turns: of its equals one that is ready.</summary>
    private static UpstreamServer ReadyInsteadOf(
        UpstreamServer next, ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, UpstreamServer least)
    {
        UpstreamServer? ready = null;
        foreach (UpstreamServer server in servers)
        {
            bool isEqual = server != next && server != except && server.CanTakeNow && !IsLessLoaded(least, server);
            if (isEqual && server.Idle.Count > 0 && (ready is null || server.Load.Lead < ready.Load.Lead))
                ready = server;
        }
        if (ready is null || (next.Idle.Count > 0 ? ready.Load.Lead >= 0 : ready.Load.Lead - next.Load.Lead >= LeadMax))
            return next;
        ready.Load.Lead++;
        next.Load.Lead--;
        return ready;
    }

    /// <summary>Whether a has fewer requests per unit of weight than b, by <see cref="ServerLoad.Now"/>.</summary>
    internal static bool IsLessLoaded(UpstreamServer a, UpstreamServer b) =>
        (long)a.Load.Now * b.Standing.Share < (long)b.Load.Now * a.Standing.Share;
}
