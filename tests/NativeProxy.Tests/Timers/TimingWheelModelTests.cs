using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Timers;

/// <summary>Random operations against a list of deadlines that is searched naively; the seed is in the failing test's name.</summary>
public sealed class TimingWheelModelTests
{
    [Theory]
    [InlineData(1, 9, 16)]
    [InlineData(2, 6, 1)]
    [InlineData(3, 6, 16)]
    [InlineData(4, 7, 4)]
    [InlineData(5, 10, 32)]
    [InlineData(6, 6, 64)]
    public void RandomOperations_FireExactlyWhatANaiveListFires(int seed, int slotsLog2, int tickMs) =>
        new Model(seed, slotsLog2, tickMs).Run(20_000);

    private sealed class Model : ITimerOwner
    {
        private const int NodeCount = 200;

        private readonly Random _dice;
        private readonly TimingWheel _wheel;
        private readonly TimerNode[] _nodes = new TimerNode[NodeCount];
        private readonly Dictionary<TimerNode, long> _expected = [];
        private readonly HashSet<TimerNode> _mayNotFireAgain = [];
        private readonly int _turnMs;
        private readonly int _tickMs;
        private long _nowMs;

        public Model(int seed, int slotsLog2, int tickMs)
        {
            _dice = new Random(seed);
            _nowMs = _dice.Next(0, 1_000_000);
            _wheel = new TimingWheel(_nowMs, slotsLog2, tickMs);
            _tickMs = tickMs;
            _turnMs = tickMs << slotsLog2;
            for (int i = 0; i < NodeCount; i++)
                _nodes[i] = new TimerNode(this);
        }

        public void Run(int steps)
        {
            int firedCount = 0;
            for (int i = 0; i < steps; i++)
            {
                if (_dice.Next(4) != 0)
                {
                    ChangeOneNode();
                    continue;
                }

                _nowMs = Math.Max(_nowMs, _nowMs + RandomStepMs());
                _mayNotFireAgain.Clear();
                _wheel.AdvanceTo(_nowMs);
                firedCount += _mayNotFireAgain.Count;

                // What is still due was armed by an owner during the call, after that node had fired or while unlinked.
                Assert.All(_expected.Where(e => e.Value <= _nowMs), e => Assert.Contains(e.Key, _armedInside));
                _armedInside.Clear();
                CheckWake();
            }

            Assert.True(firedCount > steps / 20, "the run fired too little to prove anything");
        }

        private readonly HashSet<TimerNode> _armedInside = [];

        public void OnTimer(TimerNode node, long nowMs)
        {
            Assert.Equal(_nowMs, nowMs);
            Assert.False(node.IsArmed);
            Assert.True(_expected.Remove(node, out long deadlineMs), "fired though not armed");
            Assert.True(deadlineMs <= nowMs, "fired early");
            Assert.True(_mayNotFireAgain.Add(node), "fired twice in one advance");
            if (_dice.Next(3) == 0)
            {
                TimerNode? armed = ChangeOneNode();
                if (armed is not null)
                    _armedInside.Add(armed);
            }
        }

        private TimerNode? ChangeOneNode()
        {
            TimerNode node = _nodes[_dice.Next(NodeCount)];
            switch (_dice.Next(6))
            {
                case 0:
                    _wheel.Disarm(node);
                    _expected.Remove(node);
                    return null;
                case 1:
                    _wheel.Remove(node);
                    _expected.Remove(node);
                    return null;
                default:
                    long deadlineMs = _nowMs + RandomDelayMs();
                    _wheel.Arm(node, deadlineMs);
                    _expected[node] = deadlineMs;
                    return node;
            }
        }

        private long RandomDelayMs() => _dice.Next(5) switch
        {
            0 => _dice.Next(-50, 3),
            1 => _dice.Next(0, 3 * _tickMs),
            2 => _dice.Next(0, _turnMs),
            3 => _turnMs + _dice.Next(-_tickMs, _tickMs),
            _ => _dice.Next(0, 5 * _turnMs),
        };

        private long RandomStepMs() => _dice.Next(6) switch
        {
            0 => 0,
            1 => -_dice.Next(100),
            2 => _dice.Next(0, _tickMs + 1),
            3 => _dice.Next(0, _turnMs / 4),
            4 => _dice.Next(50) == 0 ? 3L * _turnMs : 1,
            _ => Math.Max(0, Math.Min(_wheel.NextWakeMs, _nowMs + _turnMs) - _nowMs),
        };

        private void CheckWake()
        {
            Assert.True(_wheel.LinkedCount >= _expected.Count);
            if (_expected.Count == 0)
                return;

            long earliestMs = Math.Max(_expected.Values.Min(), _nowMs);
            Assert.True(_wheel.NextWakeMs <= earliestMs + _tickMs, "the loop would oversleep");
        }
    }
}
