using NativeProxy.Metrics;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// How many requests of a group are in flight, at servers or waiting for one, over all workers: counted only where something is decided by it. Owner:
/// an <see cref="UpstreamGroup"/>; thread: the loop. Never ends a request.
/// </summary>
internal sealed class GroupLoad
{
    private SharedCount? _shared;
    private int _ownCount;
    private bool _isCounted;

    /// <summary>Requests at most; 0 = no limit.</summary>
    private int _requestsMax;

    /// <summary>What is shown of the group to the operator; null where nobody can look.</summary>
    public LatencyRow? Tally { get; set; }

    /// <summary>Requests in flight, as far as they were counted.</summary>
    public int Count => _shared?.Count ?? _ownCount;

    /// <summary>Takes over settings; what was counted before goes on.</summary>
    /// <param name="isCounted">Whether requests are counted from now on.</param>
    /// <param name="requestsMax">How many there may be; 0 = no limit.</param>
    /// <param name="shared">Where all workers count; null = this loop counts alone.</param>
    public void Apply(bool isCounted, int requestsMax, SharedCount? shared)
    {
        _shared?.GiveBack(_ownCount);
        _shared = shared;
        _shared?.TakeAnyway(_ownCount);
        (_isCounted, _requestsMax) = (isCounted, requestsMax);
    }

    /// <summary>The count may soon be another group's.</summary>
    public void LeaveBoard() => Apply(_isCounted, _requestsMax, shared: null);

    /// <summary>Counts a request, once, where requests are counted. False when there are as many as may be.</summary>
    /// <param name="isIn">Whether the request is counted already; becomes true when it is.</param>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="counters">Of the worker; null when it is asked for again at once.</param>
    public bool TryEnter(ref bool isIn, long nowMs, LoopCounters? counters = null) => isIn || !_isCounted || TryCount(ref isIn, nowMs, counters);

    /// <summary>A request has ended, which was counted or not.</summary>
    public void Leave(ref bool isIn)
    {
        if (!isIn)
            return;
        isIn = false;
        _ownCount--;
        _shared?.GiveBack(1);
    }

    private bool TryCount(ref bool isIn, long nowMs, LoopCounters? counters)
    {
        isIn = TryTake(nowMs);
        if (!isIn)
            counters?.Add(CounterId.RequestsOverUpstreamMax);
        return isIn;
    }

    private bool TryTake(long nowMs)
    {
        bool isLimited = _requestsMax > 0;
        if (_shared is null)
        {
            if (isLimited && _ownCount >= _requestsMax)
                return false;
        }
        else if (!isLimited)
        {
            _shared.TakeAnyway(1);
        }
        else if (!_shared.TryTake(_requestsMax))
        {
            _shared.Mend(nowMs);
            return false;
        }
        _ownCount++;
        return true;
    }
}
