using System;
using NativeProxy.Buffers;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// Copies figures that are kept elsewhere (log, buffers, heap, timers, idle connections) into the worker's counters once a second, so that the admin
/// endpoint, which may run in another process, can show them. Thread: the loop.
/// </summary>
internal sealed class WorkerGauges : ITimerOwner
{
    private const int RefreshMs = 1000;

    private readonly EventLoop _loop;
    private readonly LoopCounters _counters;
    private readonly BufferPools _pools;
    private readonly TrafficPlan _traffic;
    private readonly LogRing? _logRing;
    private readonly LogWriter? _logWriter;
    private readonly TimerNode _timer;

    public WorkerGauges(EventLoop loop, LoopCounters counters, BufferPools pools, TrafficPlan traffic, LogRing? logRing, LogWriter? logWriter)
    {
        _loop = loop;
        _counters = counters;
        _pools = pools;
        _traffic = traffic;
        _logRing = logRing;
        _logWriter = logWriter;
        _timer = new TimerNode(this);
    }

    public void Start() => OnTimer(_timer, _loop.Clock.NowMs);

    public void OnTimer(TimerNode node, long nowMs)
    {
        _counters.Set(CounterId.BufferBytesHeld, _pools.HeldBytes);
        _counters.Set(CounterId.BufferBlocksLent, _pools.LentCount);
        SetIdle();
        SetLent();
        _traffic.LookForPressure();
        _traffic.ShowTallies();
        _counters.Set(CounterId.TlsBytes, TlsLoop.BytesOfThread);
        _counters.Set(CounterId.TimersLinked, _loop.Wheel.LinkedCount);
        _counters.Set(CounterId.HeapAllocatedBytes, GC.GetTotalAllocatedBytes());
        _counters.Set(CounterId.HeapCollections, GC.CollectionCount(0));
        if (_logRing is not null && _logWriter is not null)
        {
            _counters.Set(CounterId.LogLinesDropped, _logRing.DroppedCount);
            LogFigures figures = _logWriter.Figures;
            _counters.Set(CounterId.LogLinesWritten, figures.LinesWritten);
            _counters.Set(CounterId.LogLinesLost, figures.LinesLost);
            _counters.Set(CounterId.SpansSent, figures.SpansSent);
            _counters.Set(CounterId.SpansLost, figures.SpansLost);
        }
        _counters.Add(CounterId.FigureRefreshes);
        _loop.Wheel.Arm(_timer, nowMs + RefreshMs);
    }

    private void SetIdle()
    {
        long busyClients = _counters.Read(CounterId.RequestsInFlight) - _counters.Read(CounterId.RequestsBehindOthers);
        long idleClients = Math.Max(0, _counters.Read(CounterId.ClientConnectionsOpen) - busyClients);
        _counters.Set(CounterId.ClientConnectionsIdle, idleClients);
        _counters.Set(CounterId.IdleClientBytes, idleClients * _loop.IdleConnectionBytes);
        _counters.Set(CounterId.IdleServerBytes, _counters.Read(CounterId.ServerConnectionsIdle) * _loop.IdleConnectionBytes);
    }

    private void SetLent()
    {
        _counters.Set(CounterId.BufferBytesReceiveTails, _pools.LentBytesTo(Borrower.ReceiveTail));
        _counters.Set(CounterId.BufferBytesSendQueues, _pools.LentBytesTo(Borrower.SendQueue));
        _counters.Set(CounterId.BufferBytesReplayCopies, _pools.LentBytesTo(Borrower.ReplayCopy));
        _counters.Set(CounterId.BufferBytesLogTexts, _pools.LentBytesTo(Borrower.LogText));
    }
}
