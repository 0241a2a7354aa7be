using System;
using NativeProxy.Config;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// Which server of a group is next, of the ranks that are asked now, by the balancing of its settings, and where to wait when none has room. Owner:
/// an <see cref="UpstreamGroup"/>; thread: the loop. Never lends a connection.
/// </summary>
internal sealed class ServerChoice
{
    private readonly GroupServers _servers;
    private readonly bool _keepsOrder;
    private readonly TurnCounter _ownTurns = new();
    private TurnCounter _turns;
    private BalanceKind _balance;
    private int _hashLoadFactorPercent;

    /// <summary>The turns of each rank and those before it, made when it is first asked.</summary>
    private RoundRobinBalancer?[] _roundRobins = new RoundRobinBalancer?[1];

    /// <summary>The turns where nothing else decides; null where something may.</summary>
    private RoundRobinBalancer? _plainTurns;
    private RandomTwoBalancer? _randomTwo;
    private ModuloBalancer? _modulo;

    /// <param name="servers">The servers of the group.</param>
    /// <param name="keepsOrder">They are tried in their order, whatever the settings say.</param>
    public ServerChoice(GroupServers servers, bool keepsOrder)
    {
        _servers = servers;
        _keepsOrder = keepsOrder;
        _turns = _ownTurns;
    }

    /// <summary>Takes over settings, once the servers have theirs.</summary>
    /// <param name="settings">How servers are chosen.</param>
    /// <param name="turns">The count of turns of all workers; null when nobody shares it.</param>
    public void Apply(in UpstreamSettings settings, TurnCounter? turns)
    {
        _balance = settings.Balance;
        _hashLoadFactorPercent = settings.HashLoadFactorPercent;
        _turns = turns ?? _ownTurns;
        ServerTiers tiers = _servers.Tiers;
        _roundRobins = new RoundRobinBalancer?[tiers.Count];
        _modulo = settings is { Balance: BalanceKind.Hash, HashType: HashType.Modulo } ? new ModuloBalancer(tiers.UpTo(tiers.Count - 1)) : null;
        _plainTurns = _balance == BalanceKind.RoundRobin && tiers.Count == 1 && !_keepsOrder ? TurnsOf(0) : null;
    }

    /// <summary>The server for the next try, not the one that has just failed unless it is the only one; null when none has room.</summary>
    /// <param name="except">The one that has just failed.</param>
    /// <param name="hashKey">The part of the request by which servers are chosen.</param>
    /// <param name="queue">Where to wait; becomes that of a server when it is this one or none.</param>
    /// <param name="isItsTurn">The exchange has waited and was first in line; else it may not overtake those who wait.</param>
    public UpstreamServer? Pick(UpstreamServer? except, ulong hashKey, ref WaitQueue queue, bool isItsTurn)
    {
        if (_plainTurns is not null)
            return _plainTurns.Pick(_servers.All, except);
        if (_keepsOrder)
            return FirstBalancer.Pick(_servers.All, except);
        int rank = _servers.Tiers.Active(except);
        ReadOnlySpan<UpstreamServer> asked = _servers.Tiers.UpTo(rank);
        switch (_balance)
        {
            case BalanceKind.LeastConnections:
                return LeastConnectionsBalancer.Pick(asked, except, TurnsOf(rank));
            case BalanceKind.RandomTwo:
                _randomTwo ??= new RandomTwoBalancer((ulong)Random.Shared.NextInt64());
                return _randomTwo.Pick(asked, except);
            case BalanceKind.First:
                return FirstBalancer.Pick(asked, except);
            case BalanceKind.SourceHash or BalanceKind.Hash when hashKey != RequestKey.None:
                return PickByHash(rank, except, hashKey, ref queue, isItsTurn);
            default:
                return TurnsOf(rank).Pick(asked, except);
        }
    }

    /// <summary>
    /// The least loaded server of the ranks that are asked now which has room at once; null when none has. For who would have to wait for idle
    /// connections of other workers to one server while another one is free.
    /// </summary>
    public UpstreamServer? WithRoom()
    {
        UpstreamServer? best = null;
        foreach (UpstreamServer server in _servers.Tiers.UpTo(_servers.Tiers.Active(except: null)))
        {
            if (!server.CanTakeNow || !server.HasRoom)
                continue;
            server.Load.Now = server.Load.RunningCount;
            if (best is null || LeastConnectionsBalancer.IsLessLoaded(server, best))
                best = server;
        }
        return best;
    }

    /// <summary>This server and no other; null when it has no room, and is to be waited for.</summary>
    public static UpstreamServer? Only(UpstreamServer server, ref WaitQueue queue, bool isItsTurn)
    {
        ServerLimit limit = server.Limit;
        queue = limit.Queue;
        return limit.ConnectionsMax == 0 || ((isItsTurn || !limit.Queue.HasWaiters) && limit.HasRoom) ? server : null;
    }

    private UpstreamServer? PickByHash(int rank, UpstreamServer? except, ulong hashKey, ref WaitQueue queue, bool isItsTurn)
    {
        ReadOnlySpan<UpstreamServer> asked = _servers.Tiers.UpTo(rank);
        if (_modulo is null && _hashLoadFactorPercent > 0)
            return ConsistentHashBalancer.PickBounded(asked, except, hashKey, _hashLoadFactorPercent);
        UpstreamServer? own = _modulo is null ? ConsistentHashBalancer.Pick(asked, except, hashKey) : _modulo.Pick(asked, except, hashKey);

        // In a retired group nobody waits for one server: whoever has room ends what is still there. Nor where its line is full.
        WaitQueue line = queue;
        UpstreamServer? only = own is { Standing.IsUsable: true } ? Only(own, ref line, isItsTurn) : null;
        if (only is null && (own is not { Standing.IsUsable: true } || (!isItsTurn && own.Limit.IsQueueFull)))
            return TurnsOf(rank).Pick(asked, except);
        queue = line;
        return only;
    }

    private RoundRobinBalancer TurnsOf(int rank) => _roundRobins[rank] ??= new RoundRobinBalancer(_turns, TurnTableOf(rank));

    private ushort[] TurnTableOf(int rank)
    {
        ReadOnlySpan<UpstreamServer> asked = _servers.Tiers.UpTo(rank);
        var weights = new int[asked.Length];
        for (int i = 0; i < weights.Length; i++)
            weights[i] = asked[i].Standing.Weight;
        return TurnTable.Of(weights);
    }
}
