using System.Collections.Generic;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Transport.Saea;
using Xunit;

namespace NativeProxy.Tests.Clients;

/// <summary>On a loop that was never started: the wheel is advanced by hand.</summary>
public class SessionTimerTests
{
    private readonly EventLoop _loop = new SaeaEventLoop(0, 1, new BufferPools(0));
    private readonly Firings _firings = new();
    private readonly SessionTimer _timer;

    public SessionTimerTests() => _timer = new SessionTimer(_firings);

    [Fact]
    public void Arm_FiresAtTheDeadlineAndNotBefore()
    {
        long startMs = _loop.Clock.NowMs;
        _timer.Arm(_loop, SessionTimeout.KeepAlive, 1000);

        _loop.Wheel.AdvanceTo(startMs + 999);
        Assert.Empty(_firings.At);
        _loop.Wheel.AdvanceTo(startMs + 1000);

        Assert.Equal([startMs + 1000], _firings.At);
        Assert.Equal(SessionTimeout.KeepAlive, _timer.Pending);
    }

    [Fact]
    public void ArmAgain_ReplacesDeadlineAndMeaning()
    {
        long startMs = _loop.Clock.NowMs;
        _timer.Arm(_loop, SessionTimeout.RequestHeader, 1000);
        _timer.Arm(_loop, SessionTimeout.Send, 2000);

        _loop.Wheel.AdvanceTo(startMs + 1999);
        Assert.Empty(_firings.At);
        _loop.Wheel.AdvanceTo(startMs + 2000);

        Assert.Single(_firings.At);
        Assert.Equal(SessionTimeout.Send, _timer.Pending);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void NoTime_MeansNoDeadline(long timeoutMs)
    {
        _timer.Arm(_loop, SessionTimeout.Send, 1000);

        _timer.Arm(_loop, SessionTimeout.RequestBody, timeoutMs);

        Assert.Equal(SessionTimeout.None, _timer.Pending);
        _loop.Wheel.AdvanceTo(_loop.Clock.NowMs + 10_000);
        Assert.Empty(_firings.At);
    }

    [Fact]
    public void Disarm_IsHarmlessTwice()
    {
        _timer.Arm(_loop, SessionTimeout.Linger, 1000);
        _timer.Disarm(_loop);
        _timer.Disarm(_loop);

        _loop.Wheel.AdvanceTo(_loop.Clock.NowMs + 10_000);

        Assert.Empty(_firings.At);
        Assert.Equal(SessionTimeout.None, _timer.Pending);
    }

    [Fact]
    public void Remove_LeavesNothingInTheWheel()
    {
        _timer.Arm(_loop, SessionTimeout.Linger, 1000);
        Assert.Equal(1, _loop.Wheel.LinkedCount);

        _timer.Remove(_loop);

        Assert.Equal((0, SessionTimeout.None), (_loop.Wheel.LinkedCount, _timer.Pending));
    }

    private sealed class Firings : ITimerOwner
    {
        public List<long> At { get; } = [];

        public void OnTimer(TimerNode node, long nowMs) => At.Add(nowMs);
    }
}
