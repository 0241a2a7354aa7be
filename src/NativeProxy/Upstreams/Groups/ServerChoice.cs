using System;
using NativeProxy.Config;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// Which server of a group is next, by the balancing of its settings, and where to wait when none has room. Owner: an <see cref="UpstreamGroup"/>;
/// thread: the loop. Never lends a connection.
/// </summary>
internal sealed class ServerChoice
{
    private readonly GroupServers _servers;
    private readonly bool _keepsOrder;
    private readonly TurnCounter _ownTurns = new();
    private BalanceKind _balance;
    private RoundRobinBalancer _roundRobin;
    private RandomTwoBalancer? _randomTwo;

    /// <param name="servers">The servers of the group.</param>
    /// <param name="keepsOrder">They are tried in their order, whatever the settings say.</param>
    public ServerChoice(GroupServers servers, bool keepsOrder)
    {
        _servers = servers;
        _keepsOrder = keepsOrder;
        _roundRobin = new RoundRobinBalancer(_ownTurns, []);
    }

    /// <summary>Takes over settings, once the servers have theirs.</summary>
    /// <param name="balance">How servers are chosen.</param>
    /// <param name="turns">The count of turns of all workers; null when nobody shares it.</param>
    public void Apply(BalanceKind balance, TurnCounter? turns)
    {
        _balance = balance;
        _roundRobin = new RoundRobinBalancer(
            turns ?? _ownTurns, TurnTable.Of(Array.ConvertAll(_servers.All, static server => server.Standing.Weight)));
    }

    /// <summary>The server for the next try, not the one that has just failed unless it is the only one; null when none has room.</summary>
    /// <param name="except">The one that has just failed.</param>
    /// <param name="clientKey">Hash of the client's address.</param>
    /// <param name="queue">Where to wait; becomes that of a server when it is this one or none.</param>
    /// <param name="isItsTurn">The exchange has waited and was first in line; else it may not overtake those who wait.</param>
    public UpstreamServer? Pick(UpstreamServer? except, ulong clientKey, ref WaitQueue queue, bool isItsTurn)
    {
        UpstreamServer[] all = _servers.All;
        if (_keepsOrder)
            return FirstBalancer.Pick(all, except);
        switch (_balance)
        {
            case BalanceKind.LeastConnections:
                return LeastConnectionsBalancer.Pick(all, except, _roundRobin);
            case BalanceKind.RandomTwo:
                _randomTwo ??= new RandomTwoBalancer((ulong)Random.Shared.NextInt64());
                return _randomTwo.Pick(all, except);
            case BalanceKind.First:
                return FirstBalancer.Pick(all, except);
            case BalanceKind.SourceHash:
                UpstreamServer? own = SourceHashBalancer.Pick(all, except, clientKey);

                // In a retired group nobody waits for one server: whoever has room ends what is still there.
                return own is { Standing.IsUsable: true } ? Only(own, ref queue, isItsTurn) : _roundRobin.Pick(all, except);
            default:
                return _roundRobin.Pick(all, except);
        }
    }

    /// <summary>This server and no other; null when it has no room, and is to be waited for.</summary>
    public static UpstreamServer? Only(UpstreamServer server, ref WaitQueue queue, bool isItsTurn)
    {
        ServerLimit limit = server.Limit;
        queue = limit.Queue;
        return limit.ConnectionsMax == 0 || ((isItsTurn || !limit.Queue.HasWaiters) && limit.HasRoom) ? server : null;
    }
}
