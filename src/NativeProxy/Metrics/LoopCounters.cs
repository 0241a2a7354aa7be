using System.Runtime.CompilerServices;
using System.Threading;

namespace NativeProxy.Metrics;

/// <summary>
/// The counters of one loop: a row of plain longs that begins and ends on a cache line of its own. Owner: <see cref="CounterBoard"/>, which
/// must outlive every use. Exactly one thread writes a given counter; any thread or process may read.
/// </summary>
internal sealed unsafe class LoopCounters
{
    private readonly long* _row;

    internal LoopCounters(long* row) => _row = row;

    /// <summary>No interlocked instruction: the caller is the only writer, and readers see each aligned long whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(CounterId id, long amount = 1) => _row[(int)id] += amount;

    /// <summary>For gauges, and for counters that are kept elsewhere and copied here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(CounterId id, long value) => _row[(int)id] = value;

    public long Read(CounterId id) => Volatile.Read(ref _row[(int)id]);

    /// <summary>The process that counts here, for whoever looks its figures up; 0 = none yet. It stands behind the counters.</summary>
    public int ProcessId
    {
        get => (int)Volatile.Read(ref _row[CounterTable.Count]);
        set => Volatile.Write(ref _row[CounterTable.Count], value);
    }

    /// <summary>For a worker that takes over the row of one that crashed: counters go on, levels begin at zero.</summary>
    public void ClearGauges()
    {
        foreach (CounterInfo info in CounterTable.Rows)
        {
            if (info.Kind == CounterKind.Gauge)
                Set(info.Id, 0);
        }
    }
}
