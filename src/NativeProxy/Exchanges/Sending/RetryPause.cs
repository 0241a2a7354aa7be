using System;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The pause before the same server is asked again (<c>retry.backoff</c>): doubled with each try, half of it by chance, so that exchanges which
/// failed together do not come back together. Owner: a <see cref="ServerLink"/>; thread: the loop. Never asks a server.
/// </summary>
/// <param name="waiter">Whose turn it is when the pause is over.</param>
/// <param name="loop">The loop.</param>
internal sealed class RetryPause(Action waiter, EventLoop loop) : ITimerOwner
{
    /// <summary>Longest pause, whatever the number of tries.</summary>
    public const long MsMax = 60_000;

    private TimerNode? _timer;

    /// <summary>True when the pause has begun, until <see cref="End"/>.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Begins.</summary>
    /// <param name="baseMs">The pause after the first try.</param>
    /// <param name="tryCount">Tries so far, at least 1.</param>
    public void Begin(long baseMs, int tryCount)
    {
        IsOn = true;
        long ms = Math.Min(baseMs << Math.Min(tryCount - 1, 10), MsMax);
        loop.Wheel.Arm(_timer ??= new TimerNode(this), loop.Clock.NowMs + (ms / 2) + Random.Shared.NextInt64((ms / 2) + 1));
    }

    /// <summary>It is over, or nobody waits for its end any more.</summary>
    public void End()
    {
        IsOn = false;
        if (_timer is not null)
            loop.Wheel.Disarm(_timer);
    }

    public void OnTimer(TimerNode node, long nowMs) => waiter();
}
