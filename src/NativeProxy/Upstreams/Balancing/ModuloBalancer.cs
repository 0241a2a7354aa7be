using System;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Takes a server by the remainder of a key, in proportion to weights, among those that are up, sorted by name (HAProxy's map-based hash, nginx's
/// hash without "consistent"): exactly even, but when a server comes or goes most keys move. Looks at each server twice at most. Immutable; thread:
/// the loop.
/// </summary>
internal sealed class ModuloBalancer
{
    private readonly int[] _byName;

    /// <param name="servers">Those that are asked for later, in the same order.</param>
    public ModuloBalancer(ReadOnlySpan<UpstreamServer> servers)
    {
        string[] names = new string[servers.Length];
        _byName = new int[servers.Length];
        for (int i = 0; i < servers.Length; i++)
            (names[i], _byName[i]) = (servers[i].Name, i);
        Array.Sort(names, _byName, StringComparer.Ordinal);
    }

    /// <summary>
    /// The server for this key, not <paramref name="except"/> unless there is no other; null when none takes requests. It may be at its limit.
    /// </summary>
    public UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, ulong key)
    {
        int weightSum = 0;
        foreach (UpstreamServer server in servers)
            weightSum += WeightOf(server, except);
        if (weightSum == 0)
            return except is { Standing.TakesRequests: true } ? except : null;
        int mark = (int)(ConsistentHashBalancer.Mix(key) % (uint)weightSum);
        foreach (int index in _byName)
        {
            if (index < servers.Length && (mark -= WeightOf(servers[index], except)) < 0)
                return servers[index];
        }
        return null;
    }

    private static int WeightOf(UpstreamServer server, UpstreamServer? except) =>
        server != except && server.Standing.TakesRequests ? server.Standing.Weight : 0;
}
