using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// The servers of a group by rank: levels of priority, 0 first, then the backups, each of which is a rank of its own unless all of them serve at
/// once. Says which ranks are asked now. Owner: a <see cref="GroupServers"/>; thread: the loop. Never chooses a server.
/// </summary>
internal sealed class ServerTiers
{
    private readonly UpstreamServer[] _byRank;

    /// <summary>Where each rank ends in <see cref="_byRank"/>.</summary>
    private readonly int[] _ends;

    /// <summary>The first rank of backups; the number of ranks when there are none.</summary>
    private readonly int _firstBackupRank;
    private readonly int _failoverBelowPercent;

    /// <param name="servers">The servers, in the order of the file.</param>
    /// <param name="settings">Those of their group.</param>
    public ServerTiers(UpstreamServer[] servers, in UpstreamSettings settings)
    {
        var ranks = new (bool IsBackup, int Level, int Index)[servers.Length];
        for (int i = 0; i < ranks.Length; i++)
            ranks[i] = (servers[i].Standing.IsBackup, servers[i].Standing.Priority, i);
        Array.Sort(ranks);
        _byRank = Array.ConvertAll(ranks, rank => servers[rank.Index]);
        _failoverBelowPercent = settings.FailoverBelowPercent;
        var ends = new List<int>();
        for (int i = 1; i <= ranks.Length; i++)
        {
            bool isLast = i == ranks.Length || ranks[i].IsBackup != ranks[i - 1].IsBackup
                || (ranks[i].IsBackup ? !settings.AllBackups : ranks[i].Level != ranks[i - 1].Level);
            if (!isLast)
                continue;
            _firstBackupRank += ranks[i - 1].IsBackup ? 0 : 1;
            ends.Add(i);
        }
        _ends = ends.Count == 0 ? [0] : [.. ends];
    }

    /// <summary>How many ranks there are.</summary>
    public int Count => _ends.Length;

    /// <summary>The servers of a rank and of all before it.</summary>
    public ReadOnlySpan<UpstreamServer> UpTo(int rank) => _byRank.AsSpan(0, _ends[rank]);

    /// <summary>
    /// The last rank that is asked now, along with those before it: the first with a server that takes requests, and the next ones as long as too few
    /// of its servers do. A backup is asked only when nobody else is up. The last one when nobody takes requests at all.
    /// </summary>
    /// <param name="except">A server that has just failed and counts as down.</param>
    public int Active(UpstreamServer? except)
    {
        bool hasUsable = false;
        int start = 0;
        for (int rank = 0; rank < _ends.Length - 1; rank++)
        {
            int percent = UsablePercent(start, _ends[rank], except);
            hasUsable |= percent > 0;
            if (percent > 0 && percent >= _failoverBelowPercent)
                return rank;
            if (hasUsable && rank + 1 >= _firstBackupRank)
                return rank;
            start = _ends[rank];
        }
        return _ends.Length - 1;
    }

    /// <summary>0 only when none is; any number above it where one is enough.</summary>
    private int UsablePercent(int start, int end, UpstreamServer? except)
    {
        int usable = 0;
        int all = 0;
        for (int i = start; i < end; i++)
        {
            UpstreamServer server = _byRank[i];
            if (server.Standing.Weight == 0)
                continue;
            all++;
            if (server == except || !server.Standing.TakesRequests)
                continue;
            if (_failoverBelowPercent == 0)
                return 100;
            usable++;
        }
        return usable == 0 ? 0 : Math.Max(1, usable * 100 / all);
    }
}
