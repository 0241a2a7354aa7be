using System.Collections.Concurrent;
using NativeProxy.Metrics;

namespace NativeProxy.Tests.Metrics;

/// <summary>Counters for one test that outlive it: a row is a bare pointer, and a loop that ends late must not write into freed memory.</summary>
internal static class LastingCounters
{
    private static readonly ConcurrentBag<CounterBoard> Boards = [];

    public static LoopCounters Create() => CreateBoard().Row(0);

    public static CounterBoard CreateBoard()
    {
        CounterBoard board = CounterBoard.CreatePrivate(1);
        Boards.Add(board);
        return board;
    }
}
