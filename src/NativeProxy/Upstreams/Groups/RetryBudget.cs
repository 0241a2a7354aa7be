using System;
using NativeProxy.Config;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// How many requests of one group, on one worker, are tried a second time where the first server may have begun to serve them: a share of the
/// requests of the last seconds, so that servers in trouble are not asked twice as much for long, while all that ran on a server that falls can go
/// elsewhere (as Linkerd counts; a share of what runs at that moment would be too little: of two servers one has half). Tries where nothing was
/// processed, after a failed connect or on a connection that was closed already, cost nothing. Owner: an <see cref="UpstreamGroup"/>; thread: the
/// loop.
/// </summary>
internal sealed class RetryBudget
{
    /// <summary>The share is one of the last one to two periods.</summary>
    public const int PeriodMs = 5000;

    private long _periodEndMs;
    private int _requestCount;
    private int _requestCountBefore;
    private int _retryCount;
    private int _retryCountBefore;

    /// <summary>A request begins.</summary>
    public void CountRequest(long nowMs)
    {
        if (nowMs >= _periodEndMs)
            NextPeriod(nowMs);
        _requestCount++;
    }

    /// <summary>What was counted last is no request of a client, but the second one for the same.</summary>
    public void UncountRequest() => _requestCount--;

    /// <summary>Takes a place, one for all tries of an exchange. False when there is none.</summary>
    /// <param name="isIn">Whether the exchange has one; becomes true when it does.</param>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="retry">Settings of the group.</param>
    /// <param name="counters">Of the worker.</param>
    public bool TryTake(ref bool isIn, long nowMs, in UpstreamRetrySettings retry, LoopCounters counters)
    {
        isIn = isIn || TryTake(nowMs, retry.BudgetPercent, retry.BudgetMin);
        if (!isIn)
            counters.Add(CounterId.RetriesOverBudget);
        return isIn;
    }

    /// <summary>Takes a place for a second try. False when there is none: the request fails.</summary>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="percent">How many of a hundred requests may be tried again.</param>
    /// <param name="countMin">So many may be in any case.</param>
    public bool TryTake(long nowMs, int percent, int countMin)
    {
        if (nowMs >= _periodEndMs)
            NextPeriod(nowMs);
        long share = ((long)_requestCount + _requestCountBefore) * percent / 100;
        if (_retryCount + _retryCountBefore >= Math.Max(countMin, share))
            return false;
        _retryCount++;
        return true;
    }

    private void NextPeriod(long nowMs)
    {
        bool isNext = nowMs - _periodEndMs < PeriodMs;
        _requestCountBefore = isNext ? _requestCount : 0;
        _retryCountBefore = isNext ? _retryCount : 0;
        _requestCount = _retryCount = 0;
        _periodEndMs = nowMs + PeriodMs;
    }
}
