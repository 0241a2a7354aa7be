using System;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Timers;

/// <summary>The wheel under many timers, and what it costs.</summary>
public sealed class TimingWheelLoadTests
{
    private const int TickMs = 16;

    [Fact]
    public void AMillionNodes_AllFireOnceInTheirTick()
    {
        const int Count = 1_000_000;
        TimingWheel wheel = new(nowMs: 0);
        Tally tally = new();
        Random dice = new(11);
        TimerNode[] nodes = new TimerNode[Count];
        for (int i = 0; i < Count; i++)
        {
            nodes[i] = new TimerNode(tally);
            wheel.Arm(nodes[i], dice.Next(1, 75_000));
        }

        Assert.Equal(Count, wheel.LinkedCount);
        for (long nowMs = TickMs; nowMs <= 75_000 + TickMs; nowMs += TickMs)
            wheel.AdvanceTo(nowMs);

        Assert.Equal(Count, tally.FiredCount);
        Assert.Equal(0, tally.LateCount);
        Assert.Equal(0, wheel.LinkedCount);
    }

    private sealed class Tally : ITimerOwner
    {
        public int FiredCount;
        public int LateCount;

        public void OnTimer(TimerNode node, long nowMs)
        {
            FiredCount++;
            LateCount += nowMs - node.DeadlineMs is < 0 or >= TickMs ? 1 : 0;
        }
    }

    [Fact]
    public void ArmingAndFiring_AllocatesNothing()
    {
        TimingWheel wheel = new(nowMs: 0);
        Tally tally = new();
        TimerNode node = new(tally);
        long nowMs = 0;
        Run(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(10_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(10_100, tally.FiredCount);

        void Run(int times)
        {
            for (int i = 0; i < times; i++)
            {
                wheel.Arm(node, nowMs + 30);
                wheel.Arm(node, nowMs + 40);
                wheel.AdvanceTo(nowMs += 40);
            }
        }
    }
}
