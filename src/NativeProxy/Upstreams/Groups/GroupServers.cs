using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// The servers of a group in their order, seen together: what runs on them, and what somebody may hope for who goes to whichever has room. Owner: an
/// <see cref="UpstreamGroup"/>; thread: the loop. Never chooses one.
/// </summary>
internal sealed class GroupServers : IQueueOwner
{
    private ServerTiers _tiers = new([], default);
    private bool _usesAllWhenDown;
    private int _panicBelowPercent;
    private long _slowStartMs;
    private int _fullLoad = 1;

    /// <summary>The servers in the order of the file; another array after a reload.</summary>
    public UpstreamServer[] All { get; private set; } = [];

    /// <summary>They by rank.</summary>
    public ServerTiers Tiers => _tiers;

    /// <summary>True when more than a look at the server itself says whether it gets requests, or how many.</summary>
    public bool NeedsLook { get; private set; }

    /// <summary>True when the limits of servers grow with the load of the group.</summary>
    public bool HasRamp { get; private set; }

    /// <summary>True while the servers are not known, since a name is being looked up: exchanges wait in line for them.</summary>
    public bool IsPending { get; set; }

    /// <summary>True when some server takes requests at all; false means that waiting is of no use.</summary>
    public bool HasAny => HasOtherThan(null);

    /// <summary>Connections lent to exchanges.</summary>
    public int LentCount
    {
        get
        {
            int count = 0;
            foreach (UpstreamServer server in All)
                count += server.LentCount;
            return count;
        }
    }

    /// <summary>Exchanges that wait for a certain server.</summary>
    public int WaitingCount
    {
        get
        {
            int count = 0;
            foreach (UpstreamServer server in All)
                count += server.Limit.Queue.Count;
            return count;
        }
    }

    /// <summary>Other servers and settings.</summary>
    /// <param name="servers">The servers, in the order of the file.</param>
    /// <param name="settings">What the file says of them.</param>
    public void Set(UpstreamServer[] servers, in UpstreamSettings settings)
    {
        bool hasWarm = All.Length > 0 && settings.SlowStartMs > 0;
        foreach (UpstreamServer server in servers)
        {
            if (hasWarm && Array.IndexOf(All, server) < 0)
                server.Standing.BeginSlowly();
            server.Standing.IsForced = false;
        }
        All = servers;
        _tiers = new ServerTiers(servers, settings);
        _usesAllWhenDown = settings.WhenAllDown == WhenAllDown.UseAll;
        _panicBelowPercent = settings.PanicBelowPercent;
        _slowStartMs = settings.SlowStartMs;
        _fullLoad = Math.Max(1, settings.FullLoad);
        HasRamp = Array.Exists(servers, static server => server.Limit.RequestsMin > 0);
        NeedsLook = _usesAllWhenDown || _panicBelowPercent > 0 || _slowStartMs > 0 || HasRamp;
    }

    /// <summary>Looks at the servers before a choice, where <see cref="NeedsLook"/> says so.</summary>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="load">Requests of the group in flight, where somebody counts them.</param>
    /// <returns>True when some server may have more requests than at the last look.</returns>
    public bool Look(long nowMs, int load)
    {
        bool hasGrown = false;
        int all = 0;
        int up = 0;
        foreach (UpstreamServer server in All)
        {
            server.Standing.FollowSlowStart(nowMs, _slowStartMs);
            hasGrown |= server.Limit.Follow(load, _fullLoad);
            if (server.Standing.Weight == 0 || !server.Standing.IsInService)
                continue;
            all++;
            up += server.IsUp && !server.Standing.IsEjected ? 1 : 0;
        }
        bool isForced = up == 0 ? _usesAllWhenDown || _panicBelowPercent > 0 : up * 100 < all * _panicBelowPercent;
        foreach (UpstreamServer server in All)
            server.Standing.IsForced = isForced && server.Standing.IsInService;
        return hasGrown;
    }

    /// <summary>True when a server other than this one takes requests.</summary>
    public bool HasOtherThan(UpstreamServer? failed)
    {
        foreach (UpstreamServer server in All)
        {
            if (server != failed && server.Standing.TakesRequests)
                return true;
        }
        return false;
    }

    /// <summary>The first usable server with this value in the stickiness cookie, or null.</summary>
    /// <param name="value">What the cookie says of its server.</param>
    /// <param name="isDown">There is none because the server of this value is down.</param>
    public UpstreamServer? FindByCookie(ReadOnlySpan<byte> value, out bool isDown)
    {
        isDown = false;
        foreach (UpstreamServer server in All)
        {
            if (server is not { Standing.IsRetired: false, Cookie: { } cookie } || !cookie.Value.SequenceEqual(value))
                continue;
            isDown = !server.Standing.IsUsable;
            if (!isDown)
                return server;
        }
        return null;
    }

    /// <summary>A server that is no backup is there again: what runs on backups goes to others, or is cut.</summary>
    public void CloseBackups()
    {
        foreach (UpstreamServer server in All)
        {
            if (!server.Standing.IsBackup)
                continue;
            server.Connections.Purge(ServerCloseReason.BackupRelieved);
            server.Connections.BreakOff(ServerCloseReason.BackupRelieved);
        }
    }

    /// <summary>Puts a server behind the others.</summary>
    public void MoveToEnd(UpstreamServer server)
    {
        int index = Array.IndexOf(All, server);
        if (index < 0)
            return;
        Array.Copy(All, index + 1, All, index, All.Length - index - 1);
        All[^1] = server;
    }

    /// <inheritdoc/>
    public QueueOutlook Outlook()
    {
        if (IsPending)
            return QueueOutlook.Full;
        QueueOutlook outlook = QueueOutlook.Useless;
        foreach (UpstreamServer server in _tiers.UpTo(_tiers.Active(except: null)))
        {
            if (!server.Standing.TakesRequests)
                continue;
            if (server.CanTakeNow && server.HasRoom)
                return QueueOutlook.Room;
            outlook = server.CanTakeNow ? QueueOutlook.IdleElsewhere : outlook == QueueOutlook.Useless ? QueueOutlook.Full : outlook;
        }
        return outlook;
    }

    /// <inheritdoc/>
    public void AskForIdle()
    {
        foreach (UpstreamServer server in _tiers.UpTo(_tiers.Active(except: null)))
        {
            if (!server.CanTakeNow)
                continue;
            server.Limit.AskForIdle();
            return;
        }
    }

    /// <inheritdoc/>
    public void MendPlaces(long nowMs)
    {
        foreach (UpstreamServer server in All)
            server.Limit.MendPlaces(nowMs);
    }
}
