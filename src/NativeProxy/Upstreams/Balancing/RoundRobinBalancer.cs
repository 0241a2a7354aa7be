using System;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Weighted round robin in the order of a <see cref="TurnTable"/>, over all workers where they share the count of turns. A turn whose server cannot
/// take the request is given up for all, so that what is left keeps its proportions. Thread: the loop.
/// </summary>
/// <param name="counter">Counts the turns.</param>
/// <param name="turns">The order, as indices into the servers.</param>
internal sealed class RoundRobinBalancer(TurnCounter counter, ushort[] turns)
{
    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except) =>
        PickBelow(servers, except, loadMax: null) ?? (except is { CanTakeNow: true } ? except : null);

    /// <summary>Whose turn it is of those that are loaded no more than another one; null when none of them can take a request.</summary>
    /// <param name="servers">The servers; those that can take a request have their load in <see cref="ServerLoad.Now"/>.</param>
    /// <param name="except">One that is not picked.</param>
    /// <param name="loadMax">The other one; null = whatever their load.</param>
    internal UpstreamServer? PickBelow(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except, UpstreamServer? loadMax)
    {
        if (turns.Length <= 1)
            return turns.Length == 0 ? null : One(servers[turns[0]], except, loadMax);

        // A second try goes to whoever would be next and takes no turn: else a server that refuses would be everybody's first.
        bool takesTurn = except is null;
        ulong turn = takesTurn ? counter.Next() : counter.Peek();
        int at = (int)(turn % (ulong)turns.Length);
        UpstreamServer? slow = null;
        for (int passed = 0; passed < turns.Length; passed++)
        {
            UpstreamServer server = servers[turns[at]];
            if (One(server, except, loadMax) is not null && (server.Standing.SharePercent >= 100 || !GivesUp(server, turn + (ulong)passed, ref slow)))
            {
                if (passed > 0 && takesTurn)
                    counter.Skip(passed);
                return server;
            }
            if (++at == turns.Length)
                at = 0;

            // A long round is not walked in vain.
            if (passed == servers.Length && !HasAny(servers, except))
                return null;
        }
        return slow;
    }

    /// <summary>
    /// Whether a server that starts slowly gives up this turn: as many of them as its share is short of, spread by the turns' numbers, so that
    /// workers need not agree.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="turn">Number of the turn.</param>
    /// <param name="slow">Becomes the first server that gave one up: nobody else may be there.</param>
    private static bool GivesUp(UpstreamServer server, ulong turn, ref UpstreamServer? slow)
    {
        int percent = server.Standing.SharePercent;
        if (ConsistentHashBalancer.Mix(turn) % 100 < (ulong)percent)
            return false;
        slow ??= server;
        return true;
    }

    /// <summary>The server, if it may be picked.</summary>
    private static UpstreamServer? One(UpstreamServer server, UpstreamServer? except, UpstreamServer? loadMax) =>
        server != except && server.CanTakeNow && (loadMax is null || !LeastConnectionsBalancer.IsLessLoaded(loadMax, server)) ? server : null;

    private static bool HasAny(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        foreach (UpstreamServer server in servers)
        {
            if (server != except && server.CanTakeNow)
                return true;
        }
        return false;
    }
}
