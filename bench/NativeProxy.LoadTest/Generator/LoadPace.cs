using System;
using System.Collections.Generic;

namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// Decides when the connections of one thread open and send: a closed loop sends when an answer is complete, an open loop when the
/// schedule says so, a herd and a burst once. Keeps the budget of requests. Thread: that of its <see cref="LoadThread"/>.
/// </summary>
internal sealed class LoadPace
{
    /// <summary>Connections opened at once, so that a backlog of a few hundred is not overrun.</summary>
    private const int OpeningMax = 64;

    private readonly LoadPlan _plan;
    private readonly LoadConnection[] _connections;
    private readonly double _rate;
    private readonly double _phase;
    private readonly Queue<LoadConnection> _free = new();
    private SendSchedule? _schedule;
    private long _requestsLeft;
    private long _sent;
    private int _begun;
    private long _stoppedNs = long.MaxValue;

    public LoadPace(LoadPlan plan, LoadConnection[] connections, int threadIndex)
    {
        _plan = plan;
        _connections = connections;
        _rate = plan.RatePerSecond / plan.Threads;
        _phase = (double)threadIndex / plan.Threads;
        _requestsLeft = plan.IsHerd || plan.IsBurst ? connections.Length
            : plan.RequestsMax == 0 ? LoadPlan.RequestsCeiling / plan.Threads
            : (plan.RequestsMax * (threadIndex + 1) / plan.Threads) - (plan.RequestsMax * threadIndex / plan.Threads);
    }

    /// <summary>Connections that are open; of a herd those that have their one answer.</summary>
    public int SettledCount { get; private set; }

    private bool IsOpenLoop => _rate > 0;

    /// <summary>Whether nothing is left to send or to wait for. A herd stays until it is stopped.</summary>
    public bool IsFinished(long answeredCount) =>
        answeredCount >= _sent && (_stoppedNs != long.MaxValue || (_requestsLeft == 0 && !_plan.IsHerd));

    public void OpenMore()
    {
        while (_begun < _connections.Length && _begun - SettledCount < OpeningMax)
            _connections[_begun++].Open();
    }

    public void OnOpened(LoadConnection connection, long nowNs)
    {
        if (!_plan.IsHerd && SettledCount < _connections.Length)
            SettledCount++;
        OnFree(connection, nowNs, isFirst: true);
    }

    public void OnFree(LoadConnection connection, long nowNs) => OnFree(connection, nowNs, isFirst: false);

    /// <summary>Open loop: sends what is due, as far as connections are free.</summary>
    public void SendDue(long nowNs)
    {
        if (!IsOpenLoop || _stoppedNs != long.MaxValue)
            return;
        if (_schedule is null && SettledCount == _connections.Length)
            _schedule = new SendSchedule(_rate, nowNs, _phase);
        if (_schedule is not { } schedule)
            return;
        while (_requestsLeft > 0 && schedule.IsDue(nowNs) && TryTakeFree() is { } connection)
            Send(connection, 1, schedule.Take());
        _schedule = schedule;
    }

    /// <summary>Time until <see cref="SendDue"/> has something to do; long.MaxValue when only events matter.</summary>
    public long NextDueInNs(long nowNs) =>
        _schedule is { } schedule && _free.Count > 0 && _requestsLeft > 0 && _stoppedNs == long.MaxValue
            ? Math.Max(0, schedule.NextNs - nowNs)
            : long.MaxValue;

    public void Stop(long nowNs) => _stoppedNs = nowNs;

    /// <summary>Records the age of each request that was due before the stop and has no answer. Returns how many.</summary>
    public long RecordUnfinished(Histogram latencyNs, long nowNs)
    {
        long count = 0;
        foreach (LoadConnection connection in _connections)
        {
            for (int i = 0; i < connection.InFlightCount; i++, count++)
                latencyNs.Record(nowNs - connection.StartNsAt(i));
        }
        if (_schedule is not { } schedule || _requestsLeft == 0)
            return count;
        for (long due = schedule.Backlog(Math.Min(_stoppedNs, nowNs)); due > 0; due--, count++)
            latencyNs.Record(nowNs - schedule.Take());
        return count;
    }

    private void OnFree(LoadConnection connection, long nowNs, bool isFirst)
    {
        if (_plan.IsHerd && !isFirst)
        {
            SettledCount++;
            return;
        }
        if (_plan.IsBurst && !isFirst)
            return;
        if (IsOpenLoop)
        {
            if (!connection.IsQueued)
                _free.Enqueue(connection);
            connection.IsQueued = true;
            return;
        }
        int count = (int)Math.Min(_plan.Pipeline, _requestsLeft);
        if (count > 0 && _stoppedNs == long.MaxValue)
            Send(connection, count, nowNs);
    }

    private void Send(LoadConnection connection, int count, long startNs)
    {
        _requestsLeft -= count;
        _sent += count;
        connection.Send(count, startNs);
    }

    private LoadConnection? TryTakeFree()
    {
        while (_free.TryDequeue(out LoadConnection? connection))
        {
            connection.IsQueued = false;
            if (connection.IsFree)
                return connection;
        }
        return null;
    }
}
