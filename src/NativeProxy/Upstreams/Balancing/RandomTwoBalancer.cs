using System;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Draws two different servers by weight and takes the one with fewer running requests per unit of weight: nearly as even as looking at
/// all of them, and without all workers running to the same one at once. Of two that are loaded the same, the one that was picked less often. One
/// that is loaded no more and has an idle connection ready is taken instead of one to which a connection would have to be opened, as long as it is
/// not far ahead. Owns its dice; thread: the loop.
/// </summary>
internal sealed class RandomTwoBalancer(ulong seed)
{
    /// <summary>
    /// Requests of this loop by which a server may be ahead of the one that was drawn, in proportion to their weights, when it is preferred for its
    /// ready connection.
    /// </summary>
    public const int LeadMax = 12;

    /// <summary>
    /// Requests of this loop by which a server may be behind the other one and be taken for it: what leads have cost it comes back. Workers do not
    /// know of each other's leads, and they add up: without this one of 20 spreads of 240 requests over 4 servers and 2 workers was uneven. A
    /// server that is farther behind is new or was away; it gets its share and no flood.
    /// </summary>
    public const int BehindMax = 2 * LeadMax;

    private ulong _dice = seed;

    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        UpstreamServer? drawn = PickOfTwo(servers, except);
        if (drawn is null)
            return except is { CanTakeNow: true } ? except : null;
        UpstreamServer picked = drawn.Idle.Count > 0 ? drawn : ReadyInsteadOf(drawn, servers, except) ?? drawn;
        picked.Load.PickedCount++;
        return picked;
    }

    private UpstreamServer? PickOfTwo(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        if (Draw(servers, except, null) is not { } one)
            return null;
        one.Load.Now = one.Load.RunningCount;
        if (Draw(servers, except, one) is not { } other)
            return one;
        other.Load.Now = other.Load.RunningCount;
        if (LeastConnectionsBalancer.IsLessLoaded(other, one))
            return other;
        return !LeastConnectionsBalancer.IsLessLoaded(one, other) && IsBehind(other, one) ? other : one;
    }

    private static bool IsBehind(UpstreamServer other, UpstreamServer one) =>
        IsAhead(one, other, 0) && !IsAhead(one, other, BehindMax);

    /// <summary>Whether a was picked more often than b, by more than the lead, in proportion to their weights.</summary>
    private static bool IsAhead(UpstreamServer a, UpstreamServer b, int lead) =>
        a.Load.PickedCount * b.Standing.Share > (b.Load.PickedCount + lead) * a.Standing.Share;

    /// <summary>
    /// The server with an idle connection, and no more load than the drawn one, that is least ahead of it; null when there is none.
    /// </summary>
    private static UpstreamServer? ReadyInsteadOf(UpstreamServer drawn, ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        UpstreamServer? best = null;
        foreach (UpstreamServer server in servers)
        {
            if (server.Idle.Count == 0 || server == except || !server.CanTakeNow
                || IsAhead(server, drawn, LeadMax))
            {
                continue;
            }

            server.Load.Now = server.Load.RunningCount;
            if (!LeastConnectionsBalancer.IsLessLoaded(drawn, server)
                && (best is null || IsAhead(best, server, 0)))
            {
                best = server;
            }
        }
        return best;
    }

    private UpstreamServer? Draw(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, UpstreamServer? drawn)
    {
        int weightSum = 0;
        foreach (UpstreamServer server in servers)
            weightSum += IsIn(server, except, drawn) ? server.Standing.Share : 0;
        int mark = weightSum == 0 ? 0 : (int)(Roll() % (uint)weightSum);
        foreach (UpstreamServer server in servers)
        {
            if (IsIn(server, except, drawn) && (mark -= server.Standing.Share) < 0)
                return server;
        }
        return null;
    }

    private static bool IsIn(UpstreamServer server, UpstreamServer? except, UpstreamServer? drawn) =>
        server.CanTakeNow && server != except && server != drawn;

    /// <summary>Next number of the sequence (splitmix64).</summary>
    private ulong Roll()
    {
        ulong value = _dice += 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
