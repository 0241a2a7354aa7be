using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// Counts the turns of a round robin: for all workers together where they share a board, so that what they choose is one sequence. One atomic
/// addition per turn. Thread: the loop.
/// </summary>
internal sealed unsafe class TurnCounter
{
    private readonly long* _shared;
    private long _own;

    /// <summary>A counter of one worker alone.</summary>
    public TurnCounter(long start = 0) => _own = start;

    /// <param name="shared">The number in memory that all workers map.</param>
    public TurnCounter(long* shared) => _shared = shared;

    /// <summary>The number of the next turn.</summary>
    public ulong Next() => (ulong)(_shared is null ? ++_own : Interlocked.Increment(ref *_shared)) - 1;

    /// <summary>The number of the turn that comes next, which stays the next one.</summary>
    public ulong Peek() => (ulong)(_shared is null ? _own : Volatile.Read(ref *_shared));

    /// <summary>Gives up the turns that come now, because nobody can take them.</summary>
    public void Skip(int count)
    {
        if (_shared is null)
            _own += count;
        else
            Interlocked.Add(ref *_shared, count);
    }
}
