using System;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Takes the server that a key belongs to, by weighted rendezvous hashing: every pair of key and server has a fixed lot, drawn from an exponential
/// distribution whose rate is the server's weight, and the lowest lot wins. So a key keeps its server while that one is usable, a server that goes
/// moves its own keys only, and one that comes takes no more than its share, exactly by weight, which points on a ring only come near. Lots depend
/// on key, name and weight alone: all workers, and the next start, draw the same. Looks at each server once. Pure; thread: the loop.
/// </summary>
internal static class ConsistentHashBalancer
{
    /// <summary>
    /// The server for this key, not <paramref name="except"/> unless there is no other; null when none takes requests. It may be at its limit: the
    /// request then waits for it rather than going elsewhere.
    /// </summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, ulong key)
    {
        UpstreamServer? best = null;
        double lowest = double.PositiveInfinity;
        foreach (UpstreamServer server in servers)
        {
            if (server.Standing.TakesRequests && server != except)
                TakeIfLower(server, key, ref best, ref lowest);
        }
        return best ?? (except is { Standing.TakesRequests: true } ? except : null);
    }

    /// <summary>
    /// The server for this key of those that have room and not more than their share of the load: the requests that run, this one included, in
    /// proportion to the weights, times the factor (consistent hashing with bounded loads, Mirrokni et al. 2016; HAProxy's hash-balance-factor). So
    /// a key that everybody asks for spills over to the server that would be its next. Null when none has room.
    /// </summary>
    /// <param name="servers">The servers.</param>
    /// <param name="except">One that is not picked unless there is no other.</param>
    /// <param name="key">What is looked for.</param>
    /// <param name="loadFactorPercent">Percent of the mean load that a server may have, above 100.</param>
    public static UpstreamServer? PickBounded(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, ulong key, int loadFactorPercent)
    {
        long weightSum = 0;
        long load = 1;
        foreach (UpstreamServer server in servers)
        {
            if (!server.Standing.TakesRequests || server == except)
                continue;
            server.Load.Now = server.Load.RunningCount;
            load += server.Load.Now;
            weightSum += server.Standing.Share;
        }

        UpstreamServer? best = null;
        UpstreamServer? fallback = null;
        double lowest = double.PositiveInfinity;
        double lowestFallback = double.PositiveInfinity;
        foreach (UpstreamServer server in servers)
        {
            if (!server.CanTakeNow || server == except)
                continue;

            // What the share rounds down to is let in as well: of small loads it would be nothing.
            if ((server.Load.Now + 1) * weightSum * 100 < (load * server.Standing.Share * loadFactorPercent) + (weightSum * 100))
                TakeIfLower(server, key, ref best, ref lowest);
            else
                TakeIfLower(server, key, ref fallback, ref lowestFallback);
        }
        return best ?? fallback ?? (except is { CanTakeNow: true } ? except : null);
    }

    private static void TakeIfLower(UpstreamServer server, ulong key, ref UpstreamServer? best, ref double lowest)
    {
        double lot = Lot(key, server.Load.NameHash) / server.Standing.Share;
        if (lot < lowest || best is null)
            (best, lowest) = (server, lot);
    }

    /// <summary>The pair's fixed number between 0 and infinity, exponentially distributed.</summary>
    private static double Lot(ulong key, ulong nameHash)
    {
        ulong mixed = Mix(key ^ Mix(nameHash));

        // 53 bits and a half: never 0 and never 1.
        double uniform = ((mixed >> 11) + 0.5) * (1.0 / (1UL << 53));
        return -Math.Log(uniform);
    }

    /// <summary>Spreads every bit over all others (the finaliser of MurmurHash3).</summary>
    internal static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51_AFD7_ED55_8CCD;
        value = (value ^ (value >> 33)) * 0xC4CE_B9FE_1A85_EC53;
        return value ^ (value >> 33);
    }
}
