using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Buffers;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Workers;
using NativeProxy.Ledger;
using NativeProxy.Quotas;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Verdict;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// What a worker consists of, on a <see cref="SimulatedEventLoop"/>: the real listeners, sessions and upstreams. Decides what happens next, in
/// the proxy or around it, moves time when nothing is due, and has the books checked after each turn.
/// </summary>
internal sealed class SimulatedProxy : IDisposable
{
    /// <summary>Longest virtual time in which everything comes to rest once the clients are gone: all timeouts are shorter.</summary>
    private const int RestMsMax = 20_000;

    /// <summary>Steps without time passing: something goes round in circles.</summary>
    private const int StepsPerMsMax = 300_000;

    private readonly ChaosWorld _world;
    private readonly CounterBoard _board = CounterBoard.CreatePrivate(1);
    private readonly CloseBoard _closes = CloseBoard.CreatePrivate(1);
    private readonly LogRing _logRing = new(1 << 16);
    private readonly TrafficPlan _traffic;
    private bool _isApplied;
    private int _stepsAtOnce;

    /// <param name="world">Around it.</param>
    /// <param name="bufferBytes">Budget of the buffers.</param>
    /// <param name="isCompletionBased">Which of the two real engines the simulated one is like.</param>
    /// <param name="recordings">What is recorded of traffic; null when nobody does that.</param>
    public SimulatedProxy(ChaosWorld world, long bufferBytes, bool isCompletionBased, RecorderBoard? recordings = null)
    {
        _world = world;
        Loop = new SimulatedEventLoop(new BufferPools(bufferBytes), world.Time, world.Network, world.Dice, world.Trace, isCompletionBased);
        Accounts = new Accounts(Loop, Counters);
        var accessLog = new ExchangeLog(_logRing, new LogNames(), Loop.Clock, wantsFields: true);
        var ledger = new CloseLedger(Counters, _closes.Ring(0), _logRing, Loop.Clock);
        var boards = new SharedBoards(Servers, ChangeBoard.CreatePrivate(), Limits, LatencyBoard.CreatePrivate(1)) { Recordings = recordings };
        _traffic = new TrafficPlan(Loop, new WorkerPlace(0, 1, 0, 1), Counters, boards, world.Security ?? TrafficSecurity.None, accessLog, ledger,
            socketsMax: 0, static _ => { });
    }

    public SimulatedEventLoop Loop { get; }

    public Accounts Accounts { get; }

    /// <summary>When the last client connection of a drain was gone; -1 before.</summary>
    public long DrainedAtMs { get; private set; } = -1;

    public LoopCounters Counters => _board.Row(0);

    public ServerBoard Servers { get; } = ServerBoard.CreatePrivate(1);

    public LimitBoard Limits { get; } = LimitBoard.CreatePrivate(workers: 1);

    /// <summary>How likely, in 1/1000, a turn takes some time.</summary>
    public int SlowTurns { get; set; } = 20;

    /// <summary>At the start and at a reload: takes settings over, in a turn of its own.</summary>
    public void Apply(Func<ProxySettings> draw) => Post(() =>
    {
        ProxySettings settings = draw();

        // The same seed gives the same run.
        settings = settings with { Upstreams = [.. settings.Upstreams.Select(static upstream => upstream with { FirstTurn = FirstTurn.First })] };
        Servers.Publish(settings);
        Limits.Publish(settings);
        ServerEndPoints endPoints = LiteralAddresses.Of(settings);

        // The simulated engine has no use for the socket itself.
        List<ListeningSocket> sockets = _isApplied ? [] : [new ListeningSocket(settings.Listeners[0].Bind[0], null!)];
        _isApplied = true;
        _traffic.Apply(settings, endPoints, sockets, TlsPolicies.None);
    });

    public void FollowHealth() => Post(_traffic.FollowHealth);

    public void LookForPressure() => Post(_traffic.LookForPressure);

    /// <summary>Stops accepting, lets everything end, and states that nothing is left.</summary>
    public void DrainAndCheck()
    {
        BeginDrain();
        CheckDrained();
    }

    /// <summary>Stops accepting.</summary>
    public void BeginDrain() => Post(() => _traffic.Drain(() => DrainedAtMs = _world.Time.NowMs));

    /// <summary>Ends what the drain has left, and states that nothing is left then. Returns how many connections it were.</summary>
    public int CutAndCheck()
    {
        int count = -1;
        Post(() => count = _traffic.Cut(int.MaxValue));
        CheckDrained();
        return count;
    }

    /// <summary>The ledger's entries: side, reason and who ended the connection; the oldest first.</summary>
    public List<string> Closes()
    {
        var lines = new List<string>();
        for (int age = 0; _closes.Ring(0).TryRead(age, out CloseRecord record); age++)
        {
            string reason = record.Side == ConnectionSide.Client
                ? CloseReasons.CodeOf((CloseReason)record.Reason)
                : ServerCloseReasons.CodeOf((ServerCloseReason)record.Reason);
            lines.Insert(0, $"{record.Side} {reason} {record.By}");
        }
        return lines;
    }

    private void CheckDrained()
    {
        StepUntil(() => DrainedAtMs >= 0 && Loop.Sockets.Count == 0, "drained");
        StepUntil(() => Loop.WakeAtMs == long.MaxValue && !Loop.HasWork, "no timer is left");
        Accounts.CheckEmpty();
        Evidence.Require(_world.Security is null or { LentCount: 0 }, "a layer has not come back");
    }

    public void StepUntil(Func<bool> condition, string what)
    {
        long latestMs = _world.Time.NowMs + RestMsMax;
        while (!condition())
        {
            // Only long timers of the proxy may take longer than that.
            bool isOverdue = _world.Time.NowMs > latestMs && Loop.WakeAtMs > latestMs + (2 * RestMsMax);
            if (!Step() || isOverdue || _world.Time.NowMs > latestMs + 1_000_000)
                Evidence.Fail($"not reached: {what}{Environment.NewLine}{Accounts.Describe()}");
        }
    }

    /// <summary>
    /// One thing happens: outside of the proxy, or a turn of its loop. When nothing is due, time moves. False when there is nothing any more.
    /// </summary>
    public bool Step()
    {
        long nowMs = _world.Time.NowMs;
        bool isLoopDue = Loop.HasWork || Loop.WakeAtMs <= nowMs;
        bool isAgendaDue = _world.Agenda.NextAtMs <= nowMs;
        if (!isLoopDue && !isAgendaDue)
            return TryMoveTime();
        Evidence.Require(++_stepsAtOnce < StepsPerMsMax, "the loop goes round in circles");
        if (isAgendaDue && (!isLoopDue || _world.Dice.PerMille(500)))
        {
            _world.Agenda.TryRunOne();
            return true;
        }
        Loop.Turn();
        Accounts.CheckStep();
        while (_logRing.TryPeek(out _))
            _logRing.Release();
        if (_world.Dice.PerMille(SlowTurns))
            MoveTime(nowMs + _world.Dice.Below(_world.Dice.Pick(3, 3, 3, 100)));
        return true;
    }

    public void Dispose()
    {
        _logRing.Dispose();
        Servers.Dispose();
        Limits.Dispose();
        _closes.Dispose();
        _board.Dispose();
    }

    private void Post(Action action) => Loop.Post(new ActionWork(action));

    private bool TryMoveTime()
    {
        long nextMs = Math.Min(_world.Agenda.NextAtMs, Loop.WakeAtMs);
        if (nextMs == long.MaxValue)
            return false;
        MoveTime(nextMs);
        return true;
    }

    private void MoveTime(long nowMs)
    {
        if (nowMs > _world.Time.NowMs)
            _stepsAtOnce = 0;
        _world.Time.MoveTo(nowMs);
    }

    /// <summary>Work for the loop.</summary>
    private sealed class ActionWork(Action action) : LoopWork
    {
        public override void Run() => action();
    }
}
