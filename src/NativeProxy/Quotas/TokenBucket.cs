using System;

namespace NativeProxy.Quotas;

/// <summary>
/// So many at once, then as many as come in by the rate: a bucket of tokens as the generic cell rate algorithm keeps it (ITU-T I.371, annex A). Its
/// state is the time when the bucket is full again, in microseconds.
/// </summary>
internal sealed class TokenBucket : RateRule
{
    private readonly long _tokenUs;
    private readonly int _burst;

    /// <param name="count">Tokens that come in in one period, 1 to 1,000,000.</param>
    /// <param name="periodMs">The period, at most an hour.</param>
    /// <param name="burst">How many the bucket holds, 1 to 1,000,000.</param>
    public TokenBucket(int count, long periodMs, int burst)
    {
        _tokenUs = ((periodMs * 1000) + count - 1) / count;
        _burst = burst;
    }

    public override int CountMax => _burst;

    private long BucketUs => _burst * _tokenUs;

    public override long Apply(long state, long nowUs, RateUse use, long waitUsMax, out RateVerdict verdict)
    {
        long full = Math.Max(state, nowUs);
        long next = full + _tokenUs;
        long waitUs = Math.Max(0, next - nowUs - BucketUs);
        bool counts = use switch
        {
            RateUse.Take => waitUs == 0,
            RateUse.Reserve => waitUs <= waitUsMax,
            RateUse.Look => false,
            _ => true,
        };

        // Who counts late does not sink deeper than an empty bucket.
        long after = !counts ? state : use == RateUse.Count ? Math.Min(next, Math.Max(full, nowUs + BucketUs)) : next;
        long fullAfterUs = Math.Max(0, after - nowUs);
        verdict = new RateVerdict
        {
            WaitUs = waitUs,
            Left = (int)(Math.Max(0, BucketUs - fullAfterUs) / _tokenUs),
            AsNewAfterUs = fullAfterUs,
        };
        return after;
    }

    public override long AsNewAfterUs(long state, long nowUs) => Math.Max(0, state - nowUs);
}
