using System.Collections.Generic;
using BenchmarkDotNet.Attributes;
using NativeProxy.Timers;

namespace NativeProxy.Benchmarks;

/// <summary>
/// One request's use of the timer among many connections: put the deadline off, let a millisecond pass. Against a heap, in which a
/// deadline cannot be moved: there each one is entered anew and the old entries fall out when their time has come.
/// </summary>
[MemoryDiagnoser]
public class TimingWheelBenchmarks
{
    private const long TimeoutMs = 75_000;

    private TimerNode[] _nodes = [];
    private TimingWheel _wheel = new(0);
    private PriorityQueue<int, long> _heap = new();
    private long[] _deadlines = [];
    private long _nowMs;
    private int _next;

    [Params(1_000, 50_000)]
    public int Connections { get; set; } = 1_000;

    [GlobalSetup]
    public void Setup()
    {
        var owner = new NoOwner();
        _nowMs = 0;
        _next = 0;
        _wheel = new TimingWheel(0);
        _heap = new PriorityQueue<int, long>();
        _nodes = new TimerNode[Connections];
        _deadlines = new long[Connections];
        for (int i = 0; i < Connections; i++)
        {
            _nodes[i] = new TimerNode(owner);
            _wheel.Arm(_nodes[i], TimeoutMs);
            _deadlines[i] = TimeoutMs;
            _heap.Enqueue(i, TimeoutMs);
        }
    }

    [Benchmark]
    public long Wheel()
    {
        TimerNode node = _nodes[Next()];
        _wheel.Disarm(node);
        _wheel.Arm(node, _nowMs + TimeoutMs);
        _wheel.AdvanceTo(++_nowMs);
        return _wheel.NextWakeMs;
    }

    [Benchmark(Baseline = true)]
    public long Heap()
    {
        int connection = Next();
        _deadlines[connection] = _nowMs + TimeoutMs;
        _heap.Enqueue(connection, _nowMs + TimeoutMs);
        _nowMs++;
        while (_heap.TryPeek(out int due, out long atMs) && atMs <= _nowMs)
        {
            _heap.Dequeue();
            if (_deadlines[due] <= _nowMs)
                _heap.Enqueue(due, _deadlines[due] = _nowMs + TimeoutMs);
        }
        return _nowMs;
    }

    private int Next() => _next = _next + 1 == _nodes.Length ? 0 : _next + 1;

    private sealed class NoOwner : ITimerOwner
    {
        public void OnTimer(TimerNode node, long nowMs)
        {
        }
    }
}
