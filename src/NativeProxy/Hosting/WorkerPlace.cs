using System;

namespace NativeProxy.Hosting;

/// <summary>Which worker of how many this is.</summary>
/// <param name="Index">0-based.</param>
/// <param name="Count">At least 1.</param>
internal readonly record struct WorkerPlace(int Index, int Count)
{
    /// <summary>
    /// This worker's share of a limit that holds over all workers: the shares add up to it, and each worker has at least 1 (so that a
    /// limit below the number of workers is raised to it). 0 stays 0, no limit.
    /// </summary>
    public int ShareOf(int limit) => limit == 0 ? 0 : Math.Max(1, (limit / Count) + (Index < limit % Count ? 1 : 0));
}
