using System.Collections.Generic;
using System.Linq;
using NativeProxy.Hosting.Supervision;
using Xunit;

namespace NativeProxy.Tests.Hosting;

[Trait("promise", "B17")]
public sealed class RestartDelayTests
{
    private const long LongLifeMs = 60_000;
    private readonly RestartDelay _delay = new();
    private long _nowMs = 1_000_000;

    [Fact]
    public void WorkerThatServed_IsStartedAgainAtOnce_HoweverOften() =>
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(0, Life(servedMs: LongLifeMs)));

    [Fact]
    public void TenKillsInARow_DelayNothing() => Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(0, Life(servedMs: 100)));

    [Fact]
    public void WorkerThatNeverServes_WaitsTwiceAsLongEachTime_UpToTenSeconds()
    {
        var delays = new List<long>();
        for (int i = 0; i < 10; i++)
            delays.Add(Life(servedMs: null));

        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000], delays);
        Assert.Equal(_nowMs + 10_000, _delay.DueMs);
    }

    [Fact]
    public void OneThatServes_BeginsTheDelaysAnew()
    {
        Life(servedMs: null);
        Life(servedMs: null);
        Life(servedMs: LongLifeMs);

        Assert.Equal(100, Life(servedMs: null));
    }

    /// <summary>A request that crashes whoever reads it must not keep the processors busy with starts.</summary>
    [Fact]
    public void WorkerThatServesAndDiesAtOnceForEver_WaitsInTheEnd()
    {
        long[] delays = [.. Enumerable.Range(0, 25).Select(_ => Life(servedMs: 5))];

        Assert.Equal(20, delays.Count(static delay => delay == 0));
        Assert.Equal([100, 200, 400, 800, 1600], delays[20..]);
        Assert.Equal(0, Life(servedMs: LongLifeMs));
    }

    private long Life(long? servedMs)
    {
        _delay.Started();
        if (servedMs is { } ms)
        {
            _delay.Served(_nowMs);
            _nowMs += ms;
        }
        return _delay.Ended(_nowMs);
    }
}
