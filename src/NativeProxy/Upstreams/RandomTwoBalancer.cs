using System;

namespace NativeProxy.Upstreams;

/// <summary>
/// Draws two different servers by weight and takes the one with fewer running requests per unit of weight: nearly as even as looking at
/// all of them, and without all workers running to the same one at once. Owns its dice; thread: the loop.
/// </summary>
internal sealed class RandomTwoBalancer(ulong seed)
{
    private ulong _dice = seed;

    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        UpstreamServer? one = Draw(servers, except, null);
        if (one is null)
            return except is { CanTakeNow: true } ? except : null;
        UpstreamServer? other = Draw(servers, except, one);
        if (other is null)
            return one;
        one.LoadNow = one.RunningCount;
        other.LoadNow = other.RunningCount;
        return LeastConnectionsBalancer.IsLessLoaded(other, one) ? other : one;
    }

    private UpstreamServer? Draw(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, UpstreamServer? drawn)
    {
        int weightSum = 0;
        foreach (UpstreamServer server in servers)
            weightSum += IsIn(server, except, drawn) ? server.Weight : 0;
        int mark = weightSum == 0 ? 0 : (int)(Roll() % (uint)weightSum);
        foreach (UpstreamServer server in servers)
        {
            if (IsIn(server, except, drawn) && (mark -= server.Weight) < 0)
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
