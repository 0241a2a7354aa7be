using System;

namespace NativeProxy.Tests.Simulation;

/// <summary>Time that stands still until the run moves it.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public long NowMs { get; private set; }

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => NowMs;

    public override DateTimeOffset GetUtcNow() => Start.AddMilliseconds(NowMs);

    public void MoveTo(long nowMs) => NowMs = Math.Max(NowMs, nowMs);
}
