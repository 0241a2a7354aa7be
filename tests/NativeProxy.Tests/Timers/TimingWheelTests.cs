using System;
using System.Collections.Generic;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Timers;

/// <summary>The wheel's promises, one each, on a clock that is moved by hand.</summary>
public sealed class TimingWheelTests
{
    private const int TickMs = 16;
    private const int SlotCount = 512;
    private const int TurnMs = TickMs * SlotCount;

    private sealed class Recorder : ITimerOwner
    {
        public readonly List<(TimerNode Node, long NowMs)> Fired = [];
        public Action<TimerNode, long>? Reaction;

        public void OnTimer(TimerNode node, long nowMs)
        {
            Fired.Add((node, nowMs));
            Reaction?.Invoke(node, nowMs);
        }
    }

    private readonly Recorder _owner = new();

    private TimerNode Node() => new(_owner);

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(TurnMs - 1)]
    [InlineData(TurnMs)]
    [InlineData(TurnMs + 1)]
    [InlineData((3 * TurnMs) + 5)]
    public void ArmedNode_DoesNotFireOneMillisecondEarlyAndFiresOnTime(long delayMs)
    {
        TimingWheel wheel = new(nowMs: 1003);
        TimerNode node = Node();
        wheel.Arm(node, 1003 + delayMs);

        for (long nowMs = 1003; nowMs < 1003 + delayMs; nowMs++)
            wheel.AdvanceTo(nowMs);

        Assert.Empty(_owner.Fired);
        wheel.AdvanceTo(1003 + delayMs);
        Assert.Equal([(node, 1003 + delayMs)], _owner.Fired);
        Assert.False(node.IsArmed);
        Assert.Equal(0, wheel.LinkedCount);
    }

    [Fact]
    public void FiredNode_DoesNotFireAgain()
    {
        TimingWheel wheel = new(nowMs: 0);
        wheel.Arm(Node(), 40);
        wheel.AdvanceTo(40);
        wheel.AdvanceTo(40);
        wheel.AdvanceTo(40 + TurnMs);
        Assert.Single(_owner.Fired);
    }

    [Fact]
    public void DeadlineInThePast_FiresAtTheNextAdvance()
    {
        TimingWheel wheel = new(nowMs: 5000);
        wheel.Arm(Node(), 10);
        Assert.True(wheel.NextWakeMs <= 5000);
        wheel.AdvanceTo(5000);
        Assert.Single(_owner.Fired);
    }

    [Fact]
    public void NodeRearmedLater_FiresOnlyAtTheLaterDeadline()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, 100);
        wheel.Arm(node, 10_000);
        wheel.AdvanceTo(9_999);
        Assert.Empty(_owner.Fired);
        wheel.AdvanceTo(10_000);
        Assert.Single(_owner.Fired);
    }

    [Fact]
    public void NodeRearmedLater_StaysInItsSlot()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, 100);
        int list = node.ListIndex;
        wheel.Arm(node, 5_000);
        Assert.Equal(list, node.ListIndex);
        Assert.Equal(1, wheel.LinkedCount);
    }

    [Fact]
    public void NodeRearmedEarlier_FiresAtTheEarlierDeadline()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, 10_000);
        wheel.Arm(node, 100);
        wheel.AdvanceTo(100);
        Assert.Equal([(node, 100L)], _owner.Fired);
        wheel.AdvanceTo(20_000);
        Assert.Single(_owner.Fired);
    }

    [Fact]
    public void NodeRearmedEarlierWithinTheCurrentTick_FiresInThatTick()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, 14);
        wheel.Arm(node, 3);
        wheel.AdvanceTo(3);
        Assert.Single(_owner.Fired);
    }

    [Fact]
    public void DisarmedNode_NeverFiresAndIsDroppedWhenItsSlotIsVisited()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, 100);
        wheel.Disarm(node);
        Assert.Equal(1, wheel.LinkedCount);
        wheel.AdvanceTo(200);
        Assert.Empty(_owner.Fired);
        Assert.Equal(0, wheel.LinkedCount);
        Assert.Equal(long.MaxValue, wheel.NextWakeMs);
    }

    [Fact]
    public void NodeDisarmedAndArmedAgain_FiresOnceAtTheNewDeadline()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, 100);
        wheel.Disarm(node);
        wheel.Arm(node, 50);
        wheel.AdvanceTo(50);
        wheel.AdvanceTo(100);
        Assert.Equal([(node, 50L)], _owner.Fired);
    }

    [Fact]
    public void RemovedNode_IsUnlinkedAtOnce()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode first = Node();
        TimerNode middle = Node();
        TimerNode last = Node();
        wheel.Arm(first, 100);
        wheel.Arm(middle, 100);
        wheel.Arm(last, 100);
        wheel.Remove(middle);
        Assert.Equal(2, wheel.LinkedCount);
        Assert.False(middle.IsArmed);
        Assert.Null(middle.Next);
        wheel.AdvanceTo(100);
        Assert.Equal(2, _owner.Fired.Count);
        Assert.DoesNotContain(_owner.Fired, fired => fired.Node == middle);
    }

    [Fact]
    public void RemovingAnUnlinkedNode_ChangesNothing()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Remove(node);
        wheel.Arm(node, 10);
        wheel.AdvanceTo(10);
        wheel.Remove(node);
        Assert.Equal(0, wheel.LinkedCount);
    }

    [Fact]
    public void JumpOfHours_FiresEveryDueNodeOnceAndNoOther()
    {
        TimingWheel wheel = new(nowMs: 0);
        const long HourMs = 3_600_000;
        for (int i = 0; i < 5_000; i++)
            wheel.Arm(Node(), i * 2_000L);

        wheel.AdvanceTo(HourMs);
        Assert.Equal(1_801, _owner.Fired.Count);
        Assert.All(_owner.Fired, fired => Assert.True(fired.Node.DeadlineMs <= HourMs));
        Assert.Equal(5_000 - 1_801, wheel.LinkedCount);
    }

    [Fact]
    public void TimeGoingBack_IsIgnored()
    {
        TimingWheel wheel = new(nowMs: 1_000);
        TimerNode node = Node();
        wheel.Arm(node, 1_500);
        wheel.AdvanceTo(1_400);
        wheel.AdvanceTo(200);
        Assert.Empty(_owner.Fired);
        wheel.AdvanceTo(1_500);
        Assert.Equal([(node, 1_500L)], _owner.Fired);
    }

    [Fact]
    public void NextWake_OfAnEmptyWheel_IsNever() => Assert.Equal(long.MaxValue, new TimingWheel(nowMs: 77).NextWakeMs);

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(TurnMs - 1)]
    [InlineData(TurnMs)]
    [InlineData(100 * TurnMs)]
    public void NextWake_IsAtMostOneTickAfterTheEarliestDeadline(long delayMs)
    {
        TimingWheel wheel = new(nowMs: 12_345);
        wheel.Arm(Node(), 12_345 + delayMs);
        wheel.Arm(Node(), 12_345 + (200 * TurnMs));
        Assert.True(wheel.NextWakeMs <= 12_345 + delayMs + TickMs);
    }

    [Fact]
    public void SleepingUntilNextWakeEachTime_ReachesADeadlineFarAwayInFewWakes()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode node = Node();
        wheel.Arm(node, (20 * TurnMs) + 7);
        int wakes = 0;
        while (node.IsArmed)
        {
            wheel.AdvanceTo(wheel.NextWakeMs);
            wakes++;
        }

        Assert.InRange(wakes, 1, 22);
        Assert.InRange(_owner.Fired[0].NowMs, (20 * TurnMs) + 7, (20 * TurnMs) + 7 + TickMs);
    }

    [Fact]
    public void OwnerRearmingItselfIntoThePast_FiresOncePerAdvance()
    {
        TimingWheel wheel = new(nowMs: 0);
        _owner.Reaction = (node, _) => wheel.Arm(node, 1);
        wheel.Arm(Node(), 10);
        wheel.AdvanceTo(100);
        Assert.Single(_owner.Fired);
        wheel.AdvanceTo(100);
        Assert.Equal(2, _owner.Fired.Count);
    }

    [Fact]
    public void OwnerDisarmingAnotherDueNode_KeepsItFromFiring()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode one = Node();
        TimerNode other = Node();
        _owner.Reaction = (node, _) => wheel.Disarm(node == one ? other : one);
        wheel.Arm(one, 10);
        wheel.Arm(other, 10);
        wheel.AdvanceTo(10);
        Assert.Single(_owner.Fired);
        Assert.Equal(0, wheel.LinkedCount);
    }

    [Fact]
    public void OwnerRemovingAllOtherDueNodes_KeepsThemFromFiring()
    {
        TimingWheel wheel = new(nowMs: 0);
        List<TimerNode> nodes = [];
        for (int i = 0; i < 10; i++)
        {
            nodes.Add(Node());
            wheel.Arm(nodes[i], 10);
        }

        _owner.Reaction = (_, _) => nodes.ForEach(wheel.Remove);
        wheel.AdvanceTo(10);
        Assert.Single(_owner.Fired);
        Assert.Equal(0, wheel.LinkedCount);
    }

    [Fact]
    public void OwnerMovingAnotherDueNodeLater_DelaysIt()
    {
        TimingWheel wheel = new(nowMs: 0);
        TimerNode one = Node();
        TimerNode other = Node();
        _owner.Reaction = (node, nowMs) =>
        {
            if (nowMs == 10)
                wheel.Arm(node == one ? other : one, 500);
        };
        wheel.Arm(one, 10);
        wheel.Arm(other, 10);
        wheel.AdvanceTo(10);
        Assert.Single(_owner.Fired);
        wheel.AdvanceTo(500);
        Assert.Equal(2, _owner.Fired.Count);
    }

    [Fact]
    public void AdvancingFromATimer_IsRefusedAsABug()
    {
        TimingWheel wheel = new(nowMs: 0);
        _owner.Reaction = (_, nowMs) => wheel.AdvanceTo(nowMs + 1);
        wheel.Arm(Node(), 10);
        Assert.Throws<InvalidOperationException>(() => wheel.AdvanceTo(10));
    }

    [Fact]
    public void OwnerThatThrows_DoesNotLoseTheOtherDueNodes()
    {
        TimingWheel wheel = new(nowMs: 0);
        _owner.Reaction = (_, _) => throw new FormatException();
        wheel.Arm(Node(), 10);
        wheel.Arm(Node(), 10);
        Assert.Throws<FormatException>(() => wheel.AdvanceTo(10));
        _owner.Reaction = null;
        wheel.AdvanceTo(10 + TickMs);
        Assert.Equal(2, _owner.Fired.Count);
    }
}
