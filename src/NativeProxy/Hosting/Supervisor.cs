using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// The process that the operator starts: opens the listening sockets, starts one worker process per core, starts a crashed one again,
/// passes signals on, checks the health of the servers, and serves the admin endpoint over the boards that it shares with the workers. It
/// never carries traffic.
/// </summary>
internal sealed class Supervisor : IDisposable
{
    /// <summary>How long workers may take to end once they must: cutting what is left, then writing their logs. The rest is killed.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<WorkerSlot> _exited = new();
    private readonly List<WorkerSlot> _restarting = [];
    private readonly WorkerSlot[] _slots;
    private readonly Boards _boards;
    private readonly HealthChecks _health;
    private readonly ServerNames _names;
    private readonly ErrorLog _log;
    private readonly string _path;
    private ProxySettings _settings;
    private int _healthChangesSeen;

    private Supervisor(string path, ProxySettings settings, WorkerSlot[] slots, Boards boards, HealthChecks health, ServerNames names, ErrorLog log)
    {
        _path = path;
        _settings = settings;
        _slots = slots;
        _boards = boards;
        _health = health;
        _names = names;
        _log = log;
    }

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(string path, in ProxySettings settings, int workers, ErrorLog log)
    {
        var errors = new List<string>();
        List<ListeningSocket>[] sockets = ListeningSockets.Open(settings, new HashSet<string>(), workers, errors);
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors) : null;
        if (errors.Count > 0)
            return StartFailure.Report(log, errors);
        try
        {
            using Boards boards = Boards.CreateShared(workers);
            using var loop = new SupervisorLoop();
            var health = new HealthChecks(loop.Loop, boards.Servers, log, changed: static () => { });
            using var pidFile = new PidFile(settings.Runtime.PidFile);
            using var signals = new ProcessSignals();
            using var names = new ServerNames(boards.Counters.Row(0), log, () => signals.Add(OperatorWish.FollowNames));
            ServerEndPoints endPoints = names.Follow(settings);
            health.Apply(settings, endPoints);
            using var supervisor = new Supervisor(path, settings, MakeSlots(path, sockets, endPoints, boards), boards, health, names, log);
            supervisor.StartAll();
            boards.Counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            admin?.Start(loop.Loop, boards.Counters, boards.Servers, boards.Closes);
            log.Info(StartLine.Of(settings, workers));
            return supervisor.WaitForEnd(signals);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }

    public void Dispose()
    {
        foreach (WorkerSlot slot in _slots)
            slot.Dispose();
    }

    private static WorkerSlot[] MakeSlots(string path, List<ListeningSocket>[] sockets, ServerEndPoints endPoints, Boards boards)
    {
        var settings = new SettingsMessage(path, [], endPoints.ToLine(), File.ReadAllBytes(path));
        var slots = new WorkerSlot[sockets.Length];
        for (int i = 0; i < slots.Length; i++)
            slots[i] = new WorkerSlot(i, slots.Length, sockets[i], boards, settings);
        return slots;
    }

    private void StartAll()
    {
        foreach (WorkerSlot slot in _slots)
            slot.Start(_exited.Enqueue);
    }

    private int WaitForEnd(ProcessSignals signals)
    {
        while (true)
        {
            if (signals.TryWait(Tick, out OperatorWish wish))
            {
                if (wish == OperatorWish.Drain)
                    return Drain(signals, TimeSpan.FromMilliseconds(_settings.Runtime.DrainTimeoutMs));
                if (wish == OperatorWish.ReopenLogs)
                    TellAll(ControlCommand.ReopenLogs);
                if (wish == OperatorWish.Reload)
                    ReloadAll();
                if (wish == OperatorWish.FollowNames)
                    FollowNames();
            }
            while (_exited.TryDequeue(out WorkerSlot? slot))
                Crashed(slot);
            RestartDue();
            PassHealthOn();
        }
    }

    private void ReloadAll()
    {
        Reload? reload = Reload.TryRead(_path, _settings, _slots.Length, _names, _log);
        _boards.Counters.Row(0).Add(reload is null ? CounterId.ReloadFailures : CounterId.Reloads);
        if (reload is null)
        {
            _boards.Counters.ConfigurationRefused();
            return;
        }
        _health.Apply(reload.Settings, reload.EndPoints);
        foreach (WorkerSlot slot in _slots)
            slot.Reload(reload, _path);
        _boards.Counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        _log.Info(ReloadLine.Of(_settings, reload.Settings));
        _settings = reload.Settings;
    }

    /// <summary>Servers have other addresses.</summary>
    private void FollowNames()
    {
        if (!_names.TryTakeChange(_settings, out ServerEndPoints endPoints))
            return;
        _health.Apply(_settings, endPoints);
        foreach (WorkerSlot slot in _slots)
            slot.ChangeAddresses(endPoints);
    }

    private void Crashed(WorkerSlot slot)
    {
        // Its connections are closed; the others need not wait for the new process to say so.
        _boards.Servers.ForgetWorker(slot.Index);
        TimeSpan delay = slot.PlanRestart();
        _log.Error($"worker {slot.Index} ended with code {slot.Process!.ExitCode}; it starts again in {delay.TotalMilliseconds:0} ms");
        _restarting.Add(slot);
    }

    private void RestartDue()
    {
        for (int i = _restarting.Count - 1; i >= 0; i--)
        {
            WorkerSlot slot = _restarting[i];
            if (DateTime.UtcNow < slot.RestartAt)
                continue;
            _restarting.RemoveAt(i);
            slot.Start(_exited.Enqueue);
            _boards.Counters.Row(slot.Index).Add(CounterId.WorkerRestarts);
            _log.Info($"worker {slot.Index} started again");
        }
    }

    /// <summary>Workers see on the board at once who is up; pools and queues are put in order when they are told.</summary>
    private void PassHealthOn()
    {
        int changes = _boards.Servers.ChangeCount;
        if (changes == _healthChangesSeen)
            return;
        _healthChangesSeen = changes;
        TellAll(ControlCommand.FollowHealth);
    }

    private int Drain(ProcessSignals signals, TimeSpan limit)
    {
        _log.Info($"stopping: no new connections; running exchanges have {limit.TotalSeconds:0.###} s to finish");
        foreach (WorkerSlot slot in _slots)
            slot.CloseSockets();
        TellAll(ControlCommand.Drain);

        // The workers keep the limit themselves.
        if (!WaitForWorkers(limit + EndLimit, signals, out bool isSecondSignal))
        {
            if (isSecondSignal)
                return CutWorkers(signals);
            _log.Warn("the drain time ran out; the remaining connections are cut");
            KillWorkers();
            return ExitCodes.CutShort;
        }
        bool isClean = Array.TrueForAll(_slots, slot => slot.Process!.ExitCode == ExitCodes.Success);
        _log.Info(isClean ? "stopped: all exchanges finished" : "stopped: some exchanges were cut");
        return isClean ? ExitCodes.Success : ExitCodes.CutShort;
    }

    /// <summary>The workers cut their connections themselves, so that each has its reason in the log; a further signal, or time, kills them.</summary>
    private int CutWorkers(ProcessSignals signals)
    {
        _log.Warn("stopped at once by a second signal");
        TellAll(ControlCommand.Cut);
        if (!WaitForWorkers(EndLimit, signals, out _))
            KillWorkers();
        return ExitCodes.CutShort;
    }

    /// <summary>Waits until no worker runs. False when that took too long, or a signal said not to wait any longer.</summary>
    private bool WaitForWorkers(TimeSpan limit, ProcessSignals signals, out bool isSignalled)
    {
        isSignalled = false;
        DateTime latest = DateTime.UtcNow + limit;
        while (Array.Exists(_slots, slot => slot.IsRunning))
        {
            isSignalled = signals.TryWait(Tick, out OperatorWish wish) && wish == OperatorWish.ExitNow;
            if (isSignalled || DateTime.UtcNow >= latest)
                return false;
        }
        return true;
    }

    private void KillWorkers()
    {
        foreach (WorkerSlot slot in _slots)
            slot.Kill();
    }

    private void TellAll(ControlCommand command)
    {
        foreach (WorkerSlot slot in _slots)
            slot.Tell(command);
    }
}
