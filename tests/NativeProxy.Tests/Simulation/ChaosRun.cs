using System;
using System.Collections.Generic;
using NativeProxy.Buffers;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Simulation.Peers;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation;

/// <summary>What came of a run.</summary>
internal sealed record ChaosResult(ulong TraceHash, long TraceCount, int Requests, int Delivered, int Complete, int OwnReplies, long VirtualMs,
    IReadOnlyDictionary<CounterId, long> Counters);

/// <summary>What came of a run over hours: bytes of buffers by the hour.</summary>
internal sealed record DayResult(int Requests, int Complete, IReadOnlyList<long> HeldBytes);

/// <summary>A run broke a promise; the message has all that is needed to run it again.</summary>
internal sealed class ChaosFailure(ulong seed, int exchanges, Exception cause, string tail)
    : Exception($"seed {seed}, {exchanges} exchanges: {cause.Message}{Environment.NewLine}{tail}{Environment.NewLine}{cause.StackTrace}", cause);

/// <summary>
/// One run from one seed: a <see cref="SimulatedProxy"/> with clients on one side and servers on the other, in rounds, after each of which
/// everything must come to rest.
/// </summary>
internal sealed class ChaosRun : IDisposable
{
    /// <summary>Requests between two pauses.</summary>
    private const int RoundRequests = 250;

    private readonly ChaosWorld _world;
    private readonly ChaosConfig _config;
    private readonly SimulatedProxy _proxy;
    private int _clientCount;
    private bool _connectsClients;
    private int _requestsWanted;

    private ChaosRun(ulong seed, FaultMix? faults, Sabotage sabotage, bool isLayered)
    {
        _world = new ChaosWorld(seed, faults, isLayered) { Sabotage = sabotage };
        Dice dice = _world.Dice;
        _config = new ChaosConfig(dice, _world.Faults.IsCalm, isLayered);
        _config.Teach(_world.Evidence);
        _world.Network.DelayMsMax = dice.Pick(0, 1, 3, 20);
        _world.Network.WholeArrivals = dice.Pick(950, 600, 100);
        _world.Network.WindowBytesMin = dice.Pick(1, 64, 2048, 65536);
        _proxy = new SimulatedProxy(_world, _config.BufferBytes, _config.IsCompletionBased);
        for (int i = 0; i < _config.ServerCount; i++)
            _world.Network.AddServer(_config.ServerEndPoint(i), new SimulatedServer(_world, _config.ServerConnectionsMax));
    }

    /// <summary>Runs until this many requests were sent, and then until nothing is left.</summary>
    /// <param name="seed">Where everything comes from.</param>
    /// <param name="exchanges">Requests of all clients together.</param>
    /// <param name="faults">What goes wrong; null = drawn from the seed.</param>
    /// <param name="sabotage">What is deliberately wrong.</param>
    /// <param name="isLayered">Whether both sides of the proxy speak in records.</param>
    public static ChaosResult Run(ulong seed, int exchanges, FaultMix? faults = null, Sabotage sabotage = Sabotage.None, bool isLayered = false)
    {
        using var run = new ChaosRun(seed, faults, sabotage, isLayered);
        try
        {
            return run.Go(exchanges);
        }
        catch (Exception cause)
        {
            throw new ChaosFailure(seed, exchanges, cause, run._world.Trace.Tail());
        }
    }

    /// <summary>
    /// Runs until this many requests were sent, and is cut right then, with whatever runs. Returns how many client connections that were.
    /// </summary>
    public static int RunAndCut(ulong seed, int exchanges, bool isLayered = false)
    {
        using var run = new ChaosRun(seed, faults: null, Sabotage.None, isLayered);
        try
        {
            return run.GoUntilCut(exchanges);
        }
        catch (Exception cause)
        {
            throw new ChaosFailure(seed, exchanges, cause, run._world.Trace.Tail());
        }
    }

    /// <summary>Runs for so many hours of virtual time, in rounds after each of which everything comes to rest, with pauses between them.</summary>
    public static DayResult RunForHours(ulong seed, int hours, int roundsPerHour, int roundRequests, bool isLayered = false)
    {
        using var run = new ChaosRun(seed, faults: null, Sabotage.None, isLayered);
        try
        {
            return run.GoForHours(hours, roundsPerHour, roundRequests);
        }
        catch (Exception cause)
        {
            throw new ChaosFailure(seed, hours * roundsPerHour * roundRequests, cause, run._world.Trace.Tail());
        }
    }

    public void Dispose() => _proxy.Dispose();

    private ChaosResult Go(int exchanges)
    {
        _proxy.Apply(_config.Draw);
        _proxy.StepUntil(() => _world.Network.Listening is not null, "the proxy listens");
        for (int wanted = 0; wanted < exchanges;)
        {
            wanted = Math.Min(wanted + RoundRequests, exchanges);
            RunRound(wanted);
        }
        _proxy.DrainAndCheck();
        Evidence evidence = _world.Evidence;
        var counters = new Dictionary<CounterId, long>();
        foreach (CounterInfo info in CounterTable.Rows)
            counters[info.Id] = _proxy.Counters.Read(info.Id);
        return new ChaosResult(
            _world.Trace.Hash, _world.Trace.Count, evidence.RequestCount, evidence.DeliveredCount, evidence.CompleteCount, evidence.OwnReplyCount,
            _world.Time.NowMs, counters);
    }

    private DayResult GoForHours(int hours, int roundsPerHour, int roundRequests)
    {
        const int HourMs = 3_600_000;
        var held = new List<long>();
        _proxy.Apply(_config.Draw);
        _proxy.StepUntil(() => _world.Network.Listening is not null, "the proxy listens");
        for (int round = 0; round < hours * roundsPerHour;)
        {
            RunRound(_world.Evidence.RequestCount + roundRequests);
            round++;
            PauseUntil((long)round * HourMs / roundsPerHour);
            if (round % roundsPerHour == 0)
                held.Add(_proxy.Loop.Pools.HeldBytes);
        }
        _proxy.DrainAndCheck();
        return new DayResult(_world.Evidence.RequestCount, _world.Evidence.CompleteCount, held);
    }

    /// <summary>Nobody comes until then; the proxy still does whatever its timers say.</summary>
    private void PauseUntil(long nowMs)
    {
        bool isOver = false;
        _world.Agenda.After((int)Math.Max(0, nowMs - _world.Time.NowMs), () => isOver = true);
        while (!isOver)
            _proxy.Step();
        _proxy.Accounts.CheckQuiet();
    }

    private int GoUntilCut(int exchanges)
    {
        _proxy.Apply(_config.Draw);
        _proxy.StepUntil(() => _world.Network.Listening is not null, "the proxy listens");
        SendClients(exchanges);
        while (_connectsClients)
            _proxy.Step();

        // From now on requests may remain without an answer, whatever the seed says.
        _world.Evidence.IsCalm = false;
        _proxy.BeginDrain();
        int count = _proxy.CutAndCheck();
        _proxy.Accounts.CheckLedger();

        // They judge what they have got when they come to its end.
        while (_clientCount > 0)
        {
            if (!_proxy.Step())
                Evidence.Fail("clients wait and nothing happens any more");
        }
        return count;
    }

    private void SendClients(int requestsWanted)
    {
        _requestsWanted = requestsWanted;
        _connectsClients = true;
        PlanClients();
    }

    /// <summary>Lets clients come until so many requests were sent in all, and then everything come to rest.</summary>
    private void RunRound(int requestsWanted)
    {
        SendClients(requestsWanted);
        while (_connectsClients || _clientCount > 0)
        {
            if (!_proxy.Step())
                Evidence.Fail("clients wait and nothing happens any more");
        }
        if (_world.Sabotage == Sabotage.LeakedBuffer)
            _proxy.Loop.Pools.TryLend(Borrower.LogText, 100, out _);
        if (_world.Sabotage == Sabotage.SilentClose)
            _proxy.Counters.Add(CounterId.ClientConnectionsAccepted);
        _proxy.StepUntil(() => _proxy.Accounts.IsQuiet, "everything comes to rest");
        _world.Trace.Note(TraceKind.Quiet, requestsWanted);
        _proxy.Accounts.CheckQuiet();
    }

    private void PlanClients()
    {
        while (_clientCount < _config.ClientCount && (_connectsClients = _world.Evidence.RequestCount < _requestsWanted))
        {
            _clientCount++;
            _world.Agenda.After(_world.Dice.Below(_world.Dice.Pick(2, 20, 60)), Connect);
        }
    }

    private void Connect()
    {
        SimulatedSocket? socket = _world.Network.ConnectClient();
        if (socket is null)
            ClientEnded();
        else
            new SimulatedClient(_world, socket, ClientEnded).Start();
        Disturb();
    }

    private void ClientEnded()
    {
        _clientCount--;
        _world.Agenda.After(0, PlanClients);
    }

    /// <summary>What an operator and the health checks do.</summary>
    private void Disturb()
    {
        Dice dice = _world.Dice;
        if (dice.PerMille(_world.Faults.Reload))
        {
            _world.Trace.Note(TraceKind.Reloaded, _clientCount);
            _proxy.Apply(_config.Draw);
        }
        if (dice.PerMille(300))
            _proxy.LookForPressure();
        if (!dice.PerMille(_world.Faults.ServerDown))
            return;
        int server = dice.Below(_config.ServerCount);
        bool isUp = dice.PerMille(600);
        _world.Trace.Note(TraceKind.ServerHealth, server, isUp ? 1 : 0);
        _proxy.Servers.Find(ChaosConfig.Upstream, _config.ServerName(server), _config.ServerEndPoint(server).ToString())!.IsUp = isUp;
        _proxy.FollowHealth();
    }
}
