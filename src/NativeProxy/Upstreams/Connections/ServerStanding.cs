using System;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Whether a server gets requests at all: its weight, its addresses, its health, and whether it is still in the configuration. Owner: an
/// <see cref="UpstreamServer"/>; thread: the loop. Never counts connections and never closes one.
/// </summary>
internal sealed class ServerStanding(params EndPoint[] endPoints)
{
    private ServerSlot? _slot;
    private bool _hasAddress = endPoints.Length > 0;
    private bool _wasUp = true;
    private bool _hasReturned;
    private SlowStart _slowStart;
    private int _sharePercent = 100;
    private int _limitPercent = 100;

    /// <summary>By whose clock it is seen whether the server is left out still; null where none ever is.</summary>
    public EventLoop? Loop { get; init; }

    /// <summary>Failures of requests on the server, over all workers; null when nobody shares anything.</summary>
    public ServerEjection? Ejection => _slot?.Ejection;

    /// <summary>Where the server is reached.</summary>
    public ServerAddressRing Addresses { get; } = new(endPoints);

    /// <summary>Share of the traffic relative to the other servers; 0 = none.</summary>
    public int Weight { get; private set; }

    /// <summary>It serves only when all that are no backups are down.</summary>
    public bool IsBackup { get; private set; }

    /// <summary>Level of the server; those of the lowest one serve.</summary>
    public int Priority { get; private set; }

    /// <summary>
    /// What balancers weigh, in proportion to the other servers: the weight, less of it while the server starts slowly, or its agent says so.
    /// </summary>
    public int Share => Weight * SharePercent;

    /// <summary>Percent of its weight that count now: of a slow start, and what its agent and an operator say.</summary>
    public int SharePercent => _sharePercent;

    /// <summary>Percent of its limit that count now.</summary>
    public int LimitPercent => _limitPercent;

    /// <summary>Number of the server on the board that all workers share; -1 when it is not there.</summary>
    public int Place => _slot?.Index ?? -1;

    /// <summary>Gets requests although it is down, because too few servers are up.</summary>
    public bool IsForced { get; set; }

    /// <summary>May get the request that is given a server now, although it is left out: the only others that would have it have failed it.</summary>
    public bool IsOnTrial { get; set; }

    /// <summary>It has been given such a request, and has neither answered nor failed since.</summary>
    public bool IsTried { get; set; }

    /// <summary>It gets only requests whose cookie names it: it wants that itself, or an operator does.</summary>
    public bool IsLeaving => _slot is { IsLeaving: true } or { Operator: OperatorState.Drain };

    /// <summary>False while an operator has taken it out, whatever its health: then it gets nothing even when all others are down.</summary>
    public bool IsInService => _slot is not { Operator: not OperatorState.Ready };

    /// <summary>True once the server or its group is no longer in the configuration: nothing is pooled any more.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>False while the server fails its health checks, its name stands for no address, or an operator works on it.</summary>
    public bool IsUp => _hasAddress && _slot is not ({ IsUp: false } or { Operator: OperatorState.Maintenance });

    /// <summary>True when an exchange whose cookie names this server may go to it, or wait for it.</summary>
    public bool IsUsable => !IsRetired && _hasAddress && (IsForced || (IsUp && (IsOnTrial || !IsEjected)));

    /// <summary>
    /// True when the server gets requests at all, now or once it has room; one that is leaving gets only those whose cookie names it.
    /// </summary>
    public bool TakesRequests => Weight > 0 && _hasAddress
        && (_slot is not { IsOpen: false } || IsForced || (IsUp && !IsLeaving && (IsOnTrial || !IsEjected)));

    /// <summary>True when connections may be opened ahead of requests: the server gets some, and not only because too few servers are up.</summary>
    public bool MayBeWarmed => !IsRetired && IsUp && TakesRequests && !IsEjected && !IsLeaving;

    /// <summary>True while the server is left out for requests that failed on it.</summary>
    public bool IsEjected => _slot is { Ejection: { MayBeOn: true } ejection } && ejection.IsOn(Loop!.Clock.NowMs);

    /// <summary>Takes over settings.</summary>
    /// <param name="weight">Share of the traffic.</param>
    /// <param name="slot">Where all workers see the server's health; null when nobody checks it.</param>
    /// <param name="priority">Level of the server.</param>
    /// <param name="isBackup">It serves only when all others are down.</param>
    public void Apply(int weight, ServerSlot? slot, int priority = 0, bool isBackup = false)
    {
        Weight = weight;
        (Priority, IsBackup) = (priority, isBackup);
        _slot = slot;
        IsTried = false;
    }

    /// <summary>Where the server is reached from now on. False when nothing has changed.</summary>
    public bool ChangeAddresses(EndPoint[] endPoints)
    {
        bool hasChanged = Addresses.Replace(endPoints);
        _hasAddress = Addresses.Count > 0;
        return hasChanged;
    }

    /// <summary>Looks again at the server's health. True when it was up at the last look and is down now.</summary>
    public bool HasGoneDown()
    {
        bool isUp = IsUp;
        bool hasGoneDown = _wasUp && !isUp;
        _hasReturned |= !_wasUp && isUp;
        _wasUp = isUp;
        Weigh();
        return hasGoneDown;
    }

    /// <summary>True when it has been seen to come up since this was asked last.</summary>
    public bool TakeReturn()
    {
        bool hasReturned = _hasReturned;
        _hasReturned = false;
        return hasReturned;
    }

    /// <summary>The server is new among others that are warm.</summary>
    public void BeginSlowly() => _slowStart.Begin();

    /// <summary>Looks how far a slow start is.</summary>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="lengthMs">How long it takes; 0 = servers do not start slowly.</param>
    public void FollowSlowStart(long nowMs, long lengthMs)
    {
        _limitPercent = _slowStart.Look(IsUp && !IsEjected, nowMs, lengthMs);
        Weigh();
    }

    /// <summary>The server or its group leaves the configuration.</summary>
    /// <param name="leavesGroup">The server is no longer one of its group: it gets nothing more.</param>
    public void Retire(bool leavesGroup)
    {
        IsRetired = true;
        if (leavesGroup)
            Weight = 0;
    }

    /// <summary>The slot may soon be another server's.</summary>
    public void LeaveBoard() => _slot = null;

    private void Weigh() => _sharePercent = _slot is { SharePercent: < 100 and var percent }
        ? Math.Max(1, _limitPercent * percent / 100)
        : _limitPercent;
}
