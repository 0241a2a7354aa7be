using System;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// The servers of a group in their order, seen together: what runs on them, and what somebody may hope for who goes to whichever has room. Owner: an
/// <see cref="UpstreamGroup"/>; thread: the loop. Never chooses one.
/// </summary>
internal sealed class GroupServers : IQueueOwner
{
    /// <summary>The servers; another array after a reload.</summary>
    public UpstreamServer[] All { get; set; } = [];

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
        foreach (UpstreamServer server in All)
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
        foreach (UpstreamServer server in All)
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
