using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;
using NativeProxy.Metrics;
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
    /// <summary>How long workers may take to end once they must: cutting what is left, then writing their logs. The rest is killed.</summary>
    private const long EndLimitMs = 3000;

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
    private CertificateWatch? _certificates;
    private ProxySettings _settings;
    private string _reloadLine = "";
    private bool _isServing;
    private int _stopsSeen;

    private Supervisor(SettingsText source, ProxySettings settings, WorkerCrew crew, CounterBoard counters, HealthChecks health,
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
            areChanging: () => _reload.IsUnderWay || crew.IsAnyStarting, log);
        crew.HangTimeoutMs = settings.Runtime.WorkerHangTimeoutMs;
    }

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(SettingsText source, in ProxySettings settings, TlsFiles files, int workers, ServiceManager manager, ErrorLog log)
    {
        var errors = new List<string>();
        List<ListeningSocket>[] sockets = ListeningSockets.Open(settings, new HashSet<string>(), workers, errors);
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors) : null;
        if (errors.Count > 0)
        {
            ListeningSockets.CloseAll(sockets);
            return StartFailure.Report(log, errors);
        }
        try
        {
            using Boards boards = Boards.CreateShared(workers);
            var events = new SupervisorEvents();
            var service = new ServiceState { ConfigPath = source.Path };
            AdminEndpoint.Show(service, settings, source.Bytes);
            using var health = new HealthChecks(boards.OfTraffic, log, changed: () => events.Put(new SupervisorEvent.HealthChanged()));
            Action follow = () => events.Put(new SupervisorEvent.Wished(OperatorWish.FollowNames));
            using var discovery = new ServerDiscovery(log, follow);
            using var names = new ServerNames(boards.Counters.Row(0), log, follow);
            DiscoveredServers found = discovery.Follow(settings);
            ProxySettings whole = found.AddTo(settings);
            ServerEndPoints endPoints = names.Follow(whole);
            health.Apply(whole, files, endPoints);
            using var pidFile = new PidFile(settings.Runtime.PidFile);
            _ = new ProcessSignals(wish => events.Put(new SupervisorEvent.Wished(wish)), name => events.Put(new SupervisorEvent.SignalIgnored(name)));
            using var certificates = new CertificateWatch(service, log, TimeProvider.System);
            certificates.Follow(settings, files);
            using var tickets = new TicketKeeper(() => events.Put(new SupervisorEvent.TicketsRotated()));
            var crew = new WorkerCrew(WorkerSlot.Make(sockets, boards, events),
                new SettingsMessage(source.Path, [], endPoints.ToLine(), source.Bytes, source.Bytes)
                {
                    Found = found.ToLine(), Files = files, Tickets = tickets.Follow(settings, files).ToLine(),
                },
                boards, service, tickets, log);
            using var supervisor = new Supervisor(
                source, settings, crew, boards.Counters, health, discovery, names, service, events, admin, manager, log)
            {
                _certificates = certificates,
            };
            AdminPowers powers = AdminEndpoint.PowersOf(
                health, log, wish => events.Put(new SupervisorEvent.Wished(wish)), new AskedWorkers(crew.Slots).Ask);
            return supervisor.RunUntilStopped(() => admin?.Serve(boards, service, powers));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }

    public void Dispose()
    {
        foreach (WorkerSlot slot in _crew.Slots)
            slot.Dispose();
    }

    private int RunUntilStopped(Func<SmallHttpServer?> serve)
    {
        if (StartAll() is { } failed)
            return failed;
        if (_stopsSeen > 0)
            return Stop();
        _isServing = true;
        _counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        _service.CountLoad(isTaken: true, "started");
        using SmallHttpServer? serving = serve();
        _log.Info(StartText.Of(_settings, _crew.Slots.Count));
        _manager.Ready(StartText.Traffic(_settings));
        PoolThreads.Begin();
        HandleUntil(() => _stopsSeen > 0, long.MaxValue);
        return Stop();
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
        EndWorkers();
        return StartFailure.Report(_log, problems);
    }

    private void EndWorkers()
    {
        _crew.IsEnding = true;
        _crew.KillAll();
        HandleUntil(() => !_crew.IsAnyRunning, SupervisorEvents.NowMs + EndLimitMs);
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
        }
    }

    private void Fulfil(OperatorWish wish)
    {
        if (wish is OperatorWish.Drain or OperatorWish.ExitNow)
            _stopsSeen++;
        else if (wish == OperatorWish.ReopenLogs)
            _crew.SendAll(ControlCommand.ReopenLogs);
        else if (wish == OperatorWish.FollowNames)
            FollowServers();
        else if (_isServing && _stopsSeen == 0)
            FulfilInService(wish);
    }

    private void FulfilInService(OperatorWish wish)
    {
        if (wish == OperatorWish.PauseListening)
            _pause.Begin();
        else if (wish == OperatorWish.ResumeListening)
            _pause.End();
        else if (!_pause.RefusesReload(_reloadLog))
            ReadAgain();
        _crew.IsListeningPaused = _pause.IsUnderWay;
    }

    /// <summary>
    /// There are other servers, or they have other addresses. Those of settings that are on their way come with them; what changed meanwhile is told
    /// afterwards.
    /// </summary>
    private void FollowServers()
    {
        if (_reload.IsUnderWay)
            return;
        bool areOthers = _discovery.TryTakeChange(_settings, out DiscoveredServers found);
        ProxySettings whole = found.AddTo(_settings);
        if (!_names.TryTakeChange(whole, out ServerEndPoints endPoints) && !areOthers)
            return;
        _health.Follow(whole, endPoints);
        _crew.ChangeServers(found.ToLine(), endPoints.ToLine());
    }

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
        _reloadLine = ReloadText.Of(_settings, reload.Settings, _certificates!.Follow(reload.Settings, reload.Files));
        _settings = reload.Settings;
        AdminEndpoint.Show(_service, _settings, reload.Text);
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
        WorkerSlot[] draining = [.. _crew.Slots.Where(static slot => slot.ProcessId != 0)];
        _crew.IsEnding = true;
        _crew.HangTimeoutMs = 0;
        _reload.Abandon();
        _crew.CloseSockets();
        _crew.SendAll(ControlCommand.Drain);

        // The workers keep the limit themselves.
        bool isInTime = HandleUntil(() => !_crew.IsAnyRunning || _stopsSeen > 1, SupervisorEvents.NowMs + limitMs + EndLimitMs);
        if (_crew.IsAnyRunning)
            return Cut(isInTime);
        bool isClean = draining.All(static slot => slot.ExitCode == ExitCodes.Success);
        _log.Info(isClean ? "stopped: all exchanges finished" : "stopped: some exchanges were cut");
        return isClean ? ExitCodes.Success : ExitCodes.CutShort;
    }

    /// <summary>
    /// Asked for, the workers cut their connections themselves, so that each has its reason in the log; a further signal, or time, kills them.
    /// </summary>
    private int Cut(bool isAskedFor)
    {
        _log.Warn(isAskedFor ? "stopped at once by a second signal" : "the drain time ran out; the remaining connections are cut");
        if (isAskedFor)
        {
            _crew.SendAll(ControlCommand.Cut);
            HandleUntil(() => !_crew.IsAnyRunning || _stopsSeen > 2, SupervisorEvents.NowMs + EndLimitMs);
        }
        EndWorkers();
        return ExitCodes.CutShort;
    }
}
