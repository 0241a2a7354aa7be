using System;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Takes the server that the client's address belongs to, by weighted rendezvous hashing: every pair of address and server has a fixed
/// lot, drawn from an exponential distribution whose rate is the server's weight, and the lowest lot wins. So an address keeps its
/// server while that one is usable, a server that goes moves its own addresses only, and one that comes takes no more than its share.
/// Lots depend on address, name and weight alone: all workers, and the next start, draw the same. Pure; thread: the loop.
/// </summary>
internal static class SourceHashBalancer
{
    /// <summary>
    /// The server for this address, not <paramref name="except"/> unless there is no other; null when none takes requests. It may be at
    /// its limit: the request then waits for it rather than going elsewhere.
    /// </summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, ulong clientKey)
    {
        UpstreamServer? best = null;
        double lowest = double.PositiveInfinity;
        foreach (UpstreamServer server in servers)
        {
            if (!server.Standing.TakesRequests || server == except)
                continue;
            double lot = Lot(clientKey, server.Load.NameHash) / server.Standing.Weight;
            if (lot < lowest || best is null)
                (best, lowest) = (server, lot);
        }
        return best ?? (except is { Standing.TakesRequests: true } ? except : null);
    }

    /// <summary>What stands for a client in <see cref="Pick"/>: its address without the port.</summary>
    public static ulong KeyOf(in PeerAddress client)
    {
        Span<byte> bytes = stackalloc byte[16];
        return StableHash.Of(bytes[..client.WriteBytes(bytes)]);
    }

    /// <summary>The pair's fixed number between 0 and infinity, exponentially distributed.</summary>
    private static double Lot(ulong clientKey, ulong nameHash)
    {
        ulong mixed = Mix(clientKey ^ Mix(nameHash));

        // 53 bits and a half: never 0 and never 1.
        double uniform = ((mixed >> 11) + 0.5) * (1.0 / (1UL << 53));
        return -Math.Log(uniform);
    }

    /// <summary>Spreads every bit over all others (the finaliser of MurmurHash3).</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51_AFD7_ED55_8CCD;
        value = (value ^ (value >> 33)) * 0xC4CE_B9FE_1A85_EC53;
        return value ^ (value >> 33);
    }
}
