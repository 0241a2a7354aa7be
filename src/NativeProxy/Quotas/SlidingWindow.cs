using System;

namespace NativeProxy.Quotas;

/// <summary>
/// No more than so many in any period: the count of the present period, and that of the one before in the part in which it still lies within the last
/// period, as if its requests had come evenly. Its state is the number of the period and both counts. The number is cut to 18 bits: a key of which
/// nothing is heard for exactly that many periods (3 days of seconds) is taken for one of now, and is as new a period later.
/// </summary>
internal sealed class SlidingWindow : RateRule
{
    /// <summary>More have no room in the state.</summary>
    public const int CountLimit = (1 << CountBits) - 1;

    private const int CountBits = 17;
    private const long CountMask = (1L << CountBits) - 1;
    private const long NumberMask = (1L << (StateBits - (2 * CountBits))) - 1;

    private readonly int _count;
    private readonly long _periodUs;

    /// <param name="count">How many, 1 to <see cref="CountLimit"/>.</param>
    /// <param name="periodMs">In which time, at most an hour.</param>
    public SlidingWindow(int count, long periodMs)
    {
        _count = count;
        _periodUs = periodMs * 1000;
    }

    public override int CountMax => _count;

    public override long Apply(long state, long nowUs, RateUse use, long waitUsMax, out RateVerdict verdict)
    {
        Window window = WindowOf(state, nowUs);
        long waitUs = WaitOf(window);
        if (use == RateUse.Count || (use != RateUse.Look && waitUs == 0))
            window.Count = Math.Min(window.Count + 1, CountLimit);
        verdict = new RateVerdict
        {
            WaitUs = waitUs,
            Left = (int)(Math.Max(0, (_count * _periodUs) - Weight(window)) / _periodUs),
            AsNewAfterUs = AsNewAfter(window),
        };
        long after = (window.Number << (2 * CountBits)) | ((long)window.Before << CountBits) | (uint)window.Count;
        return window.Count == 0 && window.Before == 0 ? 0 : use == RateUse.Look ? state : after;
    }

    public override long AsNewAfterUs(long state, long nowUs) => AsNewAfter(WindowOf(state, nowUs));

    private Window WindowOf(long state, long nowUs)
    {
        long number = (nowUs / _periodUs) & NumberMask;
        long stored = state >> (2 * CountBits);
        int count = (int)(state & CountMask);
        int before = (int)((state >> CountBits) & CountMask);
        if (stored == number)
            return new Window { Number = number, Count = count, Before = before, IntoUs = nowUs % _periodUs };

        // Another worker's clock is a moment ahead.
        if (stored == ((number + 1) & NumberMask))
            return new Window { Number = stored, Count = count, Before = before };
        return new Window { Number = number, Before = number == ((stored + 1) & NumberMask) ? count : 0, IntoUs = nowUs % _periodUs };
    }

    /// <summary>What lies within the last period, times the period.</summary>
    private long Weight(in Window window) => (window.Count * _periodUs) + (window.Before * (_periodUs - window.IntoUs));

    /// <summary>When one more has room.</summary>
    private long WaitOf(in Window window)
    {
        long over = Weight(window) + _periodUs - (_count * _periodUs);
        if (over <= 0)
            return 0;

        // Either what came before moves out of the last period, or all of it has, and then so much of the present one.
        if (window.Count < _count)
            return Math.Max(1, RoundUp(over, window.Before));
        return _periodUs - window.IntoUs + Math.Max(0, RoundUp((window.Count + 1L - _count) * _periodUs, window.Count));
    }

    private long AsNewAfter(in Window window) =>
        window.Count > 0 ? (2 * _periodUs) - window.IntoUs : window.Before > 0 ? _periodUs - window.IntoUs : 0;

    private static long RoundUp(long value, long divisor) => (value + divisor - 1) / divisor;

    /// <summary>A state, seen at a time.</summary>
    private struct Window
    {
        public long Number;
        public int Count;
        public int Before;
        public long IntoUs;
    }
}
