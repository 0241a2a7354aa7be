using NativeProxy.Config;
using NativeProxy.Metrics;

namespace NativeProxy.Clients;

/// <summary>
/// The clients of one listener that have sent FIN behind requests that are not answered yet, and are answered all the same: which policy allows
/// it, and how many there may be at once. Owner: a <see cref="Frontend"/>; thread: the loop. Never ends a connection.
/// </summary>
/// <param name="policy">What FIN means on this listener.</param>
/// <param name="countMax">Most of them at once.</param>
/// <param name="counters">Where they are counted.</param>
internal sealed class HalfClosedClients(HalfClosePolicy policy, int countMax, LoopCounters counters)
{
    private int _count;

    /// <summary>A client has sent FIN: true when it is to be answered, which ends with <see cref="Ended"/>.</summary>
    /// <param name="isWorthwhile">Somebody probably waits for the answer, or the cache does (policy <c>auto</c>).</param>
    public bool TryAnswer(bool isWorthwhile)
    {
        if (!WouldAnswer(isWorthwhile))
            return false;
        _count++;
        counters.Add(CounterId.ClientsHalfClosed);
        return true;
    }

    /// <summary>True when <see cref="TryAnswer"/> would be; nothing is counted.</summary>
    /// <param name="isWorthwhile">As for it.</param>
    public bool WouldAnswer(bool isWorthwhile) => _count < countMax && policy switch
    {
        HalfClosePolicy.Finish => true,
        HalfClosePolicy.Auto => isWorthwhile,
        _ => false,
    };

    /// <summary>A client for which <see cref="TryAnswer"/> was true is gone.</summary>
    public void Ended()
    {
        _count--;
        counters.Add(CounterId.ClientsHalfClosed, -1);
    }
}
