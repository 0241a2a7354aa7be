using System.Linq;
using NativeProxy.Quotas;

namespace NativeProxy.Tests.Quotas;

/// <summary>One key under a rule, and a clock that the test moves.</summary>
internal sealed class RateClock(RateRule rule)
{
    private long _state;

    public long NowMs { get; set; } = 10_000_000;

    public long State => _state;

    public RateVerdict Ask(RateUse use = RateUse.Take, long waitMsMax = 0)
    {
        _state = rule.Apply(_state, NowMs * 1000, use, waitMsMax * 1000, out RateVerdict verdict);
        return verdict;
    }

    /// <summary>How many of so many pass now.</summary>
    public int Passing(int count) => Enumerable.Range(0, count).Count(_ => Ask().Passes);
}
