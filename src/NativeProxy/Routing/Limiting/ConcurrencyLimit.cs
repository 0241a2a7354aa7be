using NativeProxy.Quotas;

namespace NativeProxy.Routing.Limiting;

/// <summary>
/// How many requests of one route may be under way at once, over all workers. What a worker has under way is given back when it dies. Immutable but
/// for what its table counts; thread: the loop.
/// </summary>
/// <param name="counts">Where this worker counts.</param>
/// <param name="key">Stands for the route, the same one after a reload.</param>
/// <param name="countMax">From 1.</param>
/// <param name="logId">Under which the log names it; 0 = there is no log.</param>
internal sealed class ConcurrencyLimit(CountTable counts, ulong key, int countMax, int logId)
{
    /// <summary>Under which the log names it; 0 = there is no log.</summary>
    public int LogId => logId;

    /// <summary>Counts one more, if there are fewer than may be.</summary>
    public CountVerdict TryTake() => counts.TryTake(key, countMax);

    /// <summary>One that was taken is over.</summary>
    public void GiveBack() => counts.GiveBack(key);
}
