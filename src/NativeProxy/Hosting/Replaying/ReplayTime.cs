using System;

namespace NativeProxy.Hosting.Replaying;

/// <summary>Time that stands still until the replay moves it. It begins when the recording did.</summary>
internal sealed class ReplayTime(long beganWallMs) : TimeProvider
{
    /// <summary>Milliseconds since the beginning.</summary>
    public long NowMs { get; private set; }

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => NowMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(beganWallMs + NowMs);

    /// <summary>Never back.</summary>
    public void MoveTo(long nowMs) => NowMs = Math.Max(NowMs, nowMs);
}
