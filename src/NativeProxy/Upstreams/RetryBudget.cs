using System;

namespace NativeProxy.Upstreams;

/// <summary>
/// How many requests of one group on one worker may at once be second tries of what a server may have begun to serve: a share of those that run, so
/// that servers in trouble are not asked twice as much (Envoy's retry_budget). Tries where nothing was processed, after a failed connect or
/// on a connection that was closed already, cost nothing. Owner: an <see cref="UpstreamGroup"/>; thread: the loop.
/// </summary>
internal sealed class RetryBudget
{
    /// <summary>Second tries under way.</summary>
    public int TakenCount { get; private set; }

    /// <summary>Takes a place for a second try. False when there is none: the request fails.</summary>
    /// <param name="runningCount">Requests of the group that run now, the failed one included.</param>
    /// <param name="percent">How many of a hundred of them may be second tries.</param>
    /// <param name="countMin">So many may be in any case.</param>
    public bool TryTake(int runningCount, int percent, int countMin)
    {
        if (TakenCount >= Math.Max(countMin, (long)runningCount * percent / 100))
            return false;
        TakenCount++;
        return true;
    }

    /// <summary>A second try has ended.</summary>
    public void GiveBack() => TakenCount--;
}
