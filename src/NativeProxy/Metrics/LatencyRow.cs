using System;
using System.Threading;

namespace NativeProxy.Metrics;

/// <summary>
/// One histogram of times as one worker writes it, and what is counted beside it: plain longs on cache lines of their own. Owner:
/// <see cref="LatencyBoard"/>, which must outlive every use. Exactly one thread writes; any thread or process may read.
/// </summary>
internal sealed unsafe class LatencyRow
{
    /// <summary>Longs of a row: a count for each bucket, one for what is longer, the sum; the tallies; each rounded up to whole lines.</summary>
    public const int Longs = 32;

    /// <summary>How many kinds of <see cref="Tally"/> there are.</summary>
    public const int TallyCount = (int)Tally.Refused + 1;

    private const int TalliesPlace = 16;
    private const int SumPlace = TalliesPlace - 1;

    private readonly long* _row;

    internal LatencyRow(long* row) => _row = row;

    /// <summary>Upper bounds of the buckets, in ms: the default ones of Prometheus' client libraries, which Caddy has, too.</summary>
    public static ReadOnlySpan<int> BoundsMs => [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

    /// <summary>The sum of all times, in ms.</summary>
    public long SumMs => Volatile.Read(ref _row[SumPlace]);

    /// <summary>Counts one. No interlocked instruction: the caller is the only writer.</summary>
    public void Add(long ms)
    {
        int bucket = 0;
        while (bucket < BoundsMs.Length && ms > BoundsMs[bucket])
            bucket++;
        _row[bucket]++;
        _row[SumPlace] += ms;
    }

    /// <summary>Counts one of a kind. No interlocked instruction: the caller is the only writer.</summary>
    public void Count(Tally kind) => _row[TalliesPlace + (int)kind]++;

    /// <summary>Shows how many there are of a kind.</summary>
    public void Show(Tally kind, long count) => Volatile.Write(ref _row[TalliesPlace + (int)kind], count);

    /// <summary>How many there are of a kind, as this row's worker says.</summary>
    public long Read(Tally kind) => Volatile.Read(ref _row[TalliesPlace + (int)kind]);

    /// <summary>Counts a final answer by the class of its status.</summary>
    public void CountStatus(int statusCode) => Count((Tally)((int)Tally.Responses2xx + Math.Clamp((statusCode / 100) - 2, 0, 3)));

    /// <summary>How many were counted in a bucket; the one behind the last bound has what is longer.</summary>
    public long CountIn(int bucket) => Volatile.Read(ref _row[bucket]);
}
