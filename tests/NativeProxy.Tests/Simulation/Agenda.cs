using System;
using System.Collections.Generic;

namespace NativeProxy.Tests.Simulation;

/// <summary>What will happen outside of the proxy, by time; things of the same millisecond happen in random order.</summary>
internal sealed class Agenda(SimulatedTime time, Dice dice)
{
    private readonly PriorityQueue<Action, (long AtMs, ulong Tie)> _items = new();

    public int Count => _items.Count;

    /// <summary>When the next thing is due; <see cref="long.MaxValue"/> when there is none.</summary>
    public long NextAtMs => _items.TryPeek(out _, out (long AtMs, ulong Tie) priority) ? priority.AtMs : long.MaxValue;

    public void After(long delayMs, Action action) => _items.Enqueue(action, (time.NowMs + delayMs, dice.Next()));

    /// <summary>Does the next thing that is due now; false when there is none.</summary>
    public bool TryRunOne()
    {
        if (NextAtMs > time.NowMs)
            return false;
        _items.Dequeue()();
        return true;
    }
}
