using System;
using System.Text.Json;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>
/// What all workers have counted of one server, upstream or listener, with its times; or of several together. A moment's view; any thread.
/// </summary>
internal sealed class TallySum
{
    private readonly long[] _buckets = new long[LatencyRow.BoundsMs.Length + 1];
    private readonly long[] _counts = new long[LatencyRow.TallyCount];
    private long _sumMs;

    /// <summary>Requests whose times are known.</summary>
    public long TimedCount
    {
        get
        {
            long sum = 0;
            foreach (long count in _buckets)
                sum += count;
            return sum;
        }
    }

    public long this[Tally kind] => _counts[(int)kind];

    /// <summary>What the board has under a name; null when it has nothing.</summary>
    public static TallySum? Of(LatencyBoard board, string name)
    {
        if (board.RowsOf(name) is not { } rows)
            return null;
        var sum = new TallySum();
        foreach (LatencyRow row in rows)
            sum.Add(row);
        return sum;
    }

    /// <summary>Takes what another one has, too.</summary>
    public void Add(TallySum other)
    {
        _sumMs += other._sumMs;
        for (int i = 0; i < _buckets.Length; i++)
            _buckets[i] += other._buckets[i];
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
    }

    /// <summary>
    /// The time that this share of the requests did not exceed, in ms: within a bucket as if its times lay evenly. Null when there was none. Of what
    /// took longer than the last bound no more is known than that.
    /// </summary>
    public double? PercentileMs(double share) => PercentileMs(_buckets, share);

    /// <summary>The same of counts by bucket, such as those of a short while.</summary>
    public static double? PercentileMs(ReadOnlySpan<long> buckets, double share)
    {
        long count = 0;
        foreach (long one in buckets)
            count += one;
        double rank = count * share;
        long below = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            if (buckets[i] > 0 && below + buckets[i] >= rank)
            {
                double from = i == 0 ? 0 : LatencyRow.BoundsMs[i - 1];
                double to = i == LatencyRow.BoundsMs.Length ? from : LatencyRow.BoundsMs[i];
                return Math.Round(from + ((to - from) * (rank - below) / buckets[i]), 1);
            }
            below += buckets[i];
        }
        return null;
    }

    /// <summary>Writes `responses`, by the class of their status.</summary>
    public void WriteResponses(Utf8JsonWriter json)
    {
        json.WriteStartObject("responses");
        json.WriteNumber("2xx", this[Tally.Responses2xx]);
        json.WriteNumber("3xx", this[Tally.Responses3xx]);
        json.WriteNumber("4xx", this[Tally.Responses4xx]);
        json.WriteNumber("5xx", this[Tally.Responses5xx]);
        json.WriteEndObject();
    }

    /// <summary>Writes what counts of the answers of servers: `responses`, `failed`, `retried`, `connections`, `queued`, `latency`.</summary>
    public void WriteServer(Utf8JsonWriter json)
    {
        WriteResponses(json);
        json.WriteNumber("failed", this[Tally.Failed]);
        json.WriteNumber("retried", this[Tally.Retried]);
        json.WriteStartObject("connections");
        json.WriteNumber("active", this[Tally.Active]);
        json.WriteNumber("idle", this[Tally.Idle]);
        json.WriteEndObject();
        json.WriteNumber("queued", this[Tally.Queued]);
        json.WriteStartObject("latency");
        json.WriteNumber("count", TimedCount);
        Write(json, "mean_ms", TimedCount == 0 ? null : Math.Round((double)_sumMs / TimedCount, 1));
        Write(json, "p50_ms", PercentileMs(0.5));
        Write(json, "p90_ms", PercentileMs(0.9));
        Write(json, "p99_ms", PercentileMs(0.99));
        json.WriteStartArray("buckets");
        foreach (long count in _buckets)
            json.WriteNumberValue(count);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Add(LatencyRow row)
    {
        _sumMs += row.SumMs;
        for (int i = 0; i < _buckets.Length; i++)
            _buckets[i] += row.CountIn(i);
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += row.Read((Tally)i);
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
