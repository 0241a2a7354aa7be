using NativeProxy.Foundation;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Timers;

namespace NativeProxy.Ledger;

/// <summary>
/// Where every closed connection of one worker is entered, of both sides: into the sums of the metrics, into the ring that the admin
/// endpoint shows, and, where the operator wants it, into the log. Owner: the worker; thread: the loop. An entry costs two copies of the
/// record; it never formats, never allocates, never blocks.
/// </summary>
internal sealed class CloseLedger(LoopCounters counters, CloseRing recent, LogRing? log, LoopClock clock)
{
    /// <summary>Where closes are logged; null when they are not. A reload may change it.</summary>
    public LogRing? Log { get; set; } = log;

    /// <summary>A page for the clients of a listener.</summary>
    public LedgerPage ForListener(string name) => new(this, ConnectionSide.Client, name, server: "");

    /// <summary>A page for the connections to a server.</summary>
    public LedgerPage ForServer(string upstream, string server) => new(this, ConnectionSide.Server, upstream, server);

    internal void Enter(ref CloseRecord record, bool isLogged)
    {
        record.ClosedWallMs = clock.WallMs;
        Count(record);
        recent.Add(record);
        if (isLogged && Log is not null)
            CloseRecordCodec.TryWrite(Log, record);
    }

    /// <summary>Sums from which averages can be computed: divided by the closes.</summary>
    private void Count(in CloseRecord record)
    {
        bool isClient = record.Side == ConnectionSide.Client;
        counters.Add((isClient ? CounterId.ClientClosedByProxy : CounterId.ServerClosedByProxy) + (int)record.By);
        counters.Add(isClient ? CounterId.ClientConnectionUses : CounterId.ServerConnectionUses, record.Uses);
        if (record.SetupMs > 0)
            counters.Add(isClient ? CounterId.ClientConnectionSetupMs : CounterId.ServerConnectionSetupMs, record.SetupMs);
        counters.Add(isClient ? CounterId.ClientConnectionActiveMs : CounterId.ServerConnectionActiveMs, record.ActiveMs);
        counters.Add(isClient ? CounterId.ClientConnectionIdleMs : CounterId.ServerConnectionIdleMs, record.IdleMs);
        counters.Add(isClient ? CounterId.ClientConnectionCloseMs : CounterId.ServerConnectionCloseMs, record.CloseMs);
        counters.Add(isClient ? CounterId.ClientConnectionLifeMs : CounterId.ServerConnectionLifeMs, record.LifeMs);
    }
}
