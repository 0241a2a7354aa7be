using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// The process that the operator starts: opens the listening sockets, starts one worker process per core, keeps them there, passes signals on,
/// checks the health of the servers, and serves the admin endpoint over the boards that it shares with the workers. It never carries traffic,
/// and it sleeps while nothing happens: everything that does is an event in one queue, handled one after another.
/// </summary>
internal sealed class Supervisor : IDisposable
{
    private readonly SettingsText _source;
    private readonly ProxySettings _started;
    private readonly SupervisorEvents _events;
    private readonly WorkerCrew _crew;
    private readonly CounterBoard _counters;
    private readonly HealthChecks _health;
    private readonly ServerDiscovery _discovery;
    private readonly ServerNames _names;
    private readonly ServiceState _service;
    private readonly ServiceManager _manager;
    private readonly ErrorLog _log;
    private readonly ReloadLog _reloadLog;
    private readonly ReloadSteps _reload;
    private readonly ListeningPause _pause;
    private readonly WorkersEnd _end;
    private ProxySettings _settings;
    private string _reloadLine = "";
    private bool _isServing;
    private int _stopsSeen;

    /// <summary>The process before this one, and the one after it.</summary>
    public required Predecessor Before { get; init; }

    public required UpgradeSteps Upgrade { get; init; }

    /// <summary>The socket of the operator's endpoint; null = there is none.</summary>
    public required AdminEndpoint? Admin { get; init; }

    /// <summary>Says when certificates expire.</summary>
    public required CertificateWatch Certificates { get; init; }

    public Supervisor(SettingsText source, ProxySettings settings, WorkerCrew crew, CounterBoard counters, HealthChecks health,
        ServerDiscovery discovery, ServerNames names, ServiceState service, SupervisorEvents events, AdminEndpoint? admin,
        ServiceManager manager, ErrorLog log)
    {
        _source = source;
        _started = settings;
        _settings = settings;
        _crew = crew;
        _counters = counters;
        _health = health;
        _discovery = discovery;
        _names = names;
        _service = service;
        _events = events;
        _manager = manager;
        _log = log;
        _reloadLog = new ReloadLog(log, counters, service, manager);
        _reload = new ReloadSteps(crew, _reloadLog.Log) { Committing = Adopt, Ended = ReloadEnded };
        _pause = new ListeningPause(() => [.. crew.Slots.SelectMany(static slot => slot.Sockets), .. AdminEndpoint.ListeningOf(admin)],
            areChanging: () => _reload.IsUnderWay || crew.IsAnyStarting || Upgrade!.IsUnderWay, log);
        _end = new WorkersEnd(crew, HandleUntil, () => _stopsSeen, log);
        crew.HangTimeoutMs = settings.Runtime.WorkerHangTimeoutMs;
    }

    public void Dispose()
    {
        foreach (WorkerSlot slot in _crew.Slots)
            slot.Dispose();
    }

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    /// <param name="pidFile">Not written yet where another process has it.</param>
    /// <param name="serve">Begins to serve the operator's endpoint, if there is one.</param>
    public int Run(PidFile pidFile, Func<SmallHttpServer?> serve)
    {
        if (StartAll() is { } failed)
            return failed;
        if (_stopsSeen > 0)
            return Stop();
        _isServing = true;
        if (Before.IsThere)
            TakeOver(pidFile);
        _counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        _service.Loads.Ended(isTaken: true, StartText.Began(Before.ProcessId));
        using SmallHttpServer? serving = serve();
        _log.Info(StartText.Of(_settings, _crew.Slots.Count, Before.ProcessId));
        _manager.Ready(StartText.Traffic(_settings));
        PoolThreads.Begin();
        HandleUntil(() => _stopsSeen > 0 || Upgrade.IsDone, long.MaxValue);
        if (_stopsSeen > 0)
            return Stop();
        AdminEndpoint.Leave(Admin);
        serving?.Dispose();
        return HandOn();
    }

    /// <summary>This process serves: the one before it leaves, and its client connections come.</summary>
    private void TakeOver(PidFile pidFile)
    {
        IReadOnlyList<Socket> lines = Before.Follow();
        for (int i = 0; i < lines.Count; i++)
        {
            _crew.Slots[i % _crew.Slots.Count].Send(ControlCommand.TakeClients, lines[i], []);
            lines[i].Dispose();
        }
        ListeningSockets.TakeFiles([.. _crew.Slots.SelectMany(static slot => slot.Sockets), .. AdminEndpoint.ListeningOf(Admin)]);
        Before.Dispose();
        _health.Serve(_settings);
        pidFile.TakeOver(_log);
    }

    /// <summary>Another process serves: this one's workers leave it what they have, and finish what runs. Returns the exit code.</summary>
    private int HandOn()
    {
        _health.Dispose();
        _crew.IsEnding = true;
        _crew.HangTimeoutMs = 0;
        using Successor successor = Upgrade.Leave();
        _crew.HandOn(successor.Lines, _settings.Runtime.UpgradeTimeoutMs);
        return _end.Await(_settings.Runtime.UpgradeTimeoutMs, stopsLeft: 0);
    }

    /// <summary>
    /// Waits until all workers serve, or until a stop is asked for: some may serve already. The exit code when it comes to neither.
    /// </summary>
    private int? StartAll()
    {
        _crew.DoDue(SupervisorEvents.NowMs);
        _crew.IsEnding = true;
        HandleUntil(() => _crew.AllServe || _stopsSeen > 0 || _crew.Slots.Any(static slot => slot.State == WorkerState.Absent), long.MaxValue);
        _crew.IsEnding = false;
        return _crew.AllServe || _stopsSeen > 0 ? null : GiveUpStart();
    }

    /// <summary>All workers mostly fail for the same reason: it is told once.</summary>
    private int GiveUpStart()
    {
        string[] problems = [.. _crew.Slots.Where(static slot => slot.State == WorkerState.Absent).Select(static slot => slot.Problem).Distinct()];
        _end.Kill();
        return StartFailure.Report(_log, problems);
    }

    /// <summary>Handles events until the condition holds, or until the time is over, which is false.</summary>
    private bool HandleUntil(Func<bool> isMet, long untilMs)
    {
        while (!isMet())
        {
            long nowMs = SupervisorEvents.NowMs;
            if (nowMs >= untilMs)
                return false;
            long dueMs = Math.Min(Math.Min(_pause.NextDueMs, _manager.NextLifeMs), Math.Min(_crew.NextDueMs(nowMs), _reload.NextDueMs));
            SupervisorEvent? next = _events.Next(Math.Min(untilMs, dueMs));
            try
            {
                if (next is not null)
                    Handle(next, SupervisorEvents.NowMs);
                _reload.Advance(SupervisorEvents.NowMs);
                _pause.Advance(SupervisorEvents.NowMs);
                _crew.DoDue(SupervisorEvents.NowMs);
                if (SupervisorEvents.NowMs >= _manager.NextLifeMs)
                    _manager.ShowLife(SupervisorEvents.NowMs);
            }
            catch (Exception e)
            {
                // Workers and their connections must not depend on a fault in here: it is told, and the supervisor goes on.
                _log.Error("the supervisor goes on after an error of its own: " + e);
            }
        }
        return true;
    }

    private void Handle(SupervisorEvent happened, long nowMs)
    {
        switch (happened)
        {
            case SupervisorEvent.Wished wished:
                Fulfil(wished.Wish);
                break;
            case SupervisorEvent.SignalIgnored ignored:
                _log.Info($"{ignored.Name} was ignored: it means nothing here");
                break;
            case SupervisorEvent.ChildEnded ended:
                if (_crew.Ended(ended.ProcessId, ended.ExitCode, nowMs) is { } slot)
                    _reload.Gone(slot);
                break;
            case SupervisorEvent.WorkerSaid said when said.Life == said.Slot.Life:
                if (!_crew.Heard(said.Slot, said.Message, nowMs))
                    _reload.Heard(said.Slot, said.Message);
                break;
            case SupervisorEvent.HealthChanged:
                // Workers see on the board at once who is up; pools and queues are put in order when they are told.
                _crew.SendAll(ControlCommand.FollowHealth);
                break;
            case SupervisorEvent.TicketsRotated:
                _crew.SendTickets();
                break;
            case SupervisorEvent.ReloadRead read:
                _reload.Begin(read.Reload, nowMs);
                break;
            case SupervisorEvent.SuccessorSaid said when Upgrade.IsUnderWay:
                if (!Upgrade.Settle(said.Problem))
                    FollowServers(countAgain: true);
                break;
        }
    }

    private void Fulfil(OperatorWish wish)
    {
        if (wish is OperatorWish.Drain or OperatorWish.ExitNow)
            _stopsSeen++;
        else if (wish == OperatorWish.ReopenLogs)
            ReopenLogs();
        else if (wish == OperatorWish.FollowNames)
            FollowServers();
        else if (wish == OperatorWish.FollowLogLevel)
            _crew.SendLogLevel(_log.Level);
        else if (wish == OperatorWish.Upgrade && _isServing && _stopsSeen == 0)
            BeginUpgrade();
        else if (_isServing && _stopsSeen == 0)
            FulfilInService(wish);
    }

    private void ReopenLogs()
    {
        LogFiles.Give(_settings);
        _crew.SendAll(ControlCommand.ReopenLogs);
        Before.ReopenLogs();
        Upgrade.LogsReopened();
    }

    private void FulfilInService(OperatorWish wish)
    {
        if (wish == OperatorWish.PauseListening)
            _pause.Begin();
        else if (wish == OperatorWish.ResumeListening)
            _pause.End();
        else if (!_pause.RefusesReload(_reloadLog) && !Upgrade.RefusesReload(_reloadLog))
            ReadAgain();
        _crew.IsListeningPaused = _pause.IsUnderWay;
    }

    /// <summary>
    /// There are other servers, or they have other addresses. Those of settings that are on their way come with them; what changed meanwhile is told
    /// afterwards.
    /// </summary>
    /// <param name="countAgain">Another process has published its settings on the boards, and does not serve: these count again.</param>
    private void FollowServers(bool countAgain = false)
    {
        if (_reload.IsUnderWay || Upgrade.IsUnderWay)
            return;
        bool areOthers = _discovery.TryTakeChange(_settings, out DiscoveredServers found);
        ProxySettings whole = found.AddTo(_settings);
        if (!_names.TryTakeChange(whole, out ServerEndPoints endPoints) && !areOthers && !countAgain)
            return;
        _health.Follow(whole, endPoints);
        _crew.ChangeServers(found.ToLine(), endPoints.ToLine());
    }

    private void BeginUpgrade() => Upgrade.Begin(
        _reload.IsUnderWay || !_crew.AllServe ? "a reload is under way, or a worker is not there" : _pause.IsUnderWay ? "listening is paused" : null,
        [.. _crew.Slots.Select(static slot => slot.Sockets)], _crew.Tickets.Rings,
        problem => _events.Put(new SupervisorEvent.SuccessorSaid(problem)));

    /// <summary>Reads the file on another thread: names may take their time.</summary>
    private void ReadAgain()
    {
        if (!_reload.TryClaim())
            return;
        _reloadLog.Begin();
        (SettingsText source, ProxySettings started, ProxySettings running, int workers) = (_source, _started, _settings, _crew.Slots.Count);
        Task.Run(() => _events.Put(new SupervisorEvent.ReloadRead(
            Reload.TryRead(source, started, running, workers, _discovery, _names, _reloadLog.Log))));
    }

    /// <summary>All workers are ready for these settings: what is the supervisor's own goes over before them.</summary>
    private void Adopt(Reload reload)
    {
        _health.Apply(reload.Found.AddTo(reload.Settings), reload.Files, reload.EndPoints);
        _crew.HangTimeoutMs = reload.Settings.Runtime.WorkerHangTimeoutMs;
        _reloadLine = ReloadText.Of(_settings, reload.Settings, Certificates.Follow(reload.Settings, reload.Files));
        LogLevelChange.Follow(_log, _settings.Log, reload.Settings.Log);
        _crew.SendLogLevel(_log.Level);
        _settings = reload.Settings;
        AdminEndpoint.Show(_service, _settings, reload.Text, reload.Files);
    }

    private void ReloadEnded(bool isDone)
    {
        if (isDone)
            _reloadLog.Taken(_reloadLine, _settings);
        else
            _reloadLog.Refused(Reload.Refusal);
        _discovery.Keep(_settings);
        _names.Keep(_settings);
        FollowServers();
        if (_reload.IsAskedAgain)
            Fulfil(OperatorWish.Reload);
    }

    private int Stop()
    {
        Upgrade.Abandon();
        _service.IsDraining = true;
        TimeSpan delay = DrainDelay.Of(_settings);
        long limitMs = _settings.Runtime.DrainTimeoutMs;
        _manager.Stopping((long)delay.TotalMilliseconds + limitMs);
        if (delay > TimeSpan.Zero)
        {
            _log.Info($"stopping in {delay.TotalSeconds:0.###} s; until then everything is served");
            HandleUntil(() => _stopsSeen > 1, SupervisorEvents.NowMs + (long)delay.TotalMilliseconds);
        }
        _log.Info($"stopping: no new connections; running exchanges have {limitMs / 1000.0:0.###} s to finish");
        _crew.IsEnding = true;
        _crew.HangTimeoutMs = 0;
        _reload.Abandon();
        _crew.CloseSockets();
        _crew.SendAll(ControlCommand.Drain);
        return _end.Await(limitMs, stopsLeft: 1);
    }
}
