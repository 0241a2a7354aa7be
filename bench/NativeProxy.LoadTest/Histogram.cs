using System;
using System.Numerics;

namespace NativeProxy.LoadTest;

/// <summary>
/// Counts values in log-linear buckets, as HdrHistogram does: exact up to 255, above that 128 buckets per power of two, so that a value is
/// known to within 1/128 (0.8 %). No allocation after construction, never loses a value. Thread: one writer; merge after it has ended.
/// </summary>
internal sealed class Histogram
{
    private const int StepsBits = 7;
    private const int Steps = 1 << StepsBits;
    private const int BucketCount = (64 - StepsBits) * Steps;

    private readonly long[] _counts = new long[BucketCount];

    public long Count { get; private set; }

    public long Max { get; private set; }

    /// <summary>Negative values count as 0.</summary>
    public void Record(long value)
    {
        value = Math.Max(0, value);
        _counts[BucketOf(value)]++;
        Count++;
        if (value > Max)
            Max = value;
    }

    public void Add(Histogram other)
    {
        for (int i = 0; i < BucketCount; i++)
            _counts[i] += other._counts[i];
        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
        Max = 0;
    }

    /// <summary>
    /// The highest value of the bucket that holds the given share of the values (nearest rank), never above <see cref="Max"/>;
    /// 0 when nothing was recorded.
    /// </summary>
    /// <param name="percent">0 to 100.</param>
    public long Percentile(double percent)
    {
        if (Count == 0)
            return 0;
        long rank = Math.Clamp((long)Math.Ceiling(percent / 100 * Count), 1, Count);
        long seen = 0;
        for (int i = 0; i < BucketCount; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
                return Math.Min(HighestOf(i), Max);
        }
        return Max;
    }

    /// <summary>Bucket of a value: below 2*Steps the value itself, then the exponent and the top bits.</summary>
    internal static int BucketOf(long value)
    {
        int exponent = Math.Max(0, BitOperations.Log2((ulong)value | 1) - StepsBits);
        return (exponent << StepsBits) + (int)(value >> exponent);
    }

    /// <summary>The highest value that falls into a bucket.</summary>
    internal static long HighestOf(int bucket)
    {
        if (bucket < 2 * Steps)
            return bucket;
        int exponent = (bucket >> StepsBits) - 1;
        long top = (bucket & (Steps - 1)) + Steps;
        return (((top + 1) << exponent) - 1) & long.MaxValue;
    }
}
