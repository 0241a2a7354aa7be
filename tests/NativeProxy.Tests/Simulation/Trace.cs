using System;
using System.Text;

namespace NativeProxy.Tests.Simulation;

/// <summary>What a line of the trace tells.</summary>
internal enum TraceKind : byte
{
    Turn,
    Accepted,
    ConnectBegins,
    ConnectEnds,
    ProxySends,
    ProxyReceives,
    ProxyShutsSending,
    ProxyCloses,
    ProxyResets,
    ClientWrites,
    ClientReads,
    ClientEnds,
    ClientResets,
    ServerWrites,
    ServerReads,
    ServerEnds,
    ServerResets,
    RequestSent,
    RequestSeen,
    RequestSeenWhole,
    ReplyBegins,
    ReplySeen,
    ReplySeenWhole,
    OwnReplySeen,
    Reloaded,
    Quiet,
    ServerHealth,
}

/// <summary>Everything that happened in a run: a hash over all of it, and the last lines for whoever looks for the cause of a failure.</summary>
internal sealed class Trace(SimulatedTime time)
{
    private const int KeptLines = 400;

    private readonly (long AtMs, TraceKind Kind, long Who, long A, long B)[] _lines = new (long, TraceKind, long, long, long)[KeptLines];

    public ulong Hash { get; private set; }

    public long Count { get; private set; }

    public void Note(TraceKind kind, long who, long a = 0, long b = 0)
    {
        Hash = Dice.Mix(Hash ^ (ulong)time.NowMs ^ ((ulong)kind << 56));
        Hash = Dice.Mix(Hash ^ (ulong)who) + Dice.Mix((ulong)a + ((ulong)b << 32));
        _lines[Count++ % KeptLines] = (time.NowMs, kind, who, a, b);
    }

    public string Tail()
    {
        var text = new StringBuilder();
        for (long i = Math.Max(0, Count - KeptLines); i < Count; i++)
        {
            (long atMs, TraceKind kind, long who, long a, long b) = _lines[i % KeptLines];
            text.AppendLine($"{atMs,8} ms  {kind,-18} {who,6}  {a} {b}");
        }
        return text.ToString();
    }
}
