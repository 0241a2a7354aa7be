using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// Supervisor and worker in one process: for one worker, the demo, debugging and tracing. The main thread waits for signals; the loop
/// does the work.
/// </summary>
internal sealed class SingleProcess
{
    private readonly string _path;
    private readonly Worker _worker;
    private readonly HealthChecks _health;
    private readonly CounterBoard _board;
    private readonly ErrorLog _log;
    private ProxySettings _settings;

    private SingleProcess(string path, ProxySettings settings, Worker worker, HealthChecks health, CounterBoard board, ErrorLog log)
    {
        _path = path;
        _settings = settings;
        _worker = worker;
        _health = health;
        _board = board;
        _log = log;
    }

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(string path, in ProxySettings settings, ErrorLog log)
    {
        var errors = new List<string>();
        ServerEndPoints endPoints = ServerAddresses.Resolve(settings, errors);
        List<ListeningSocket>[] sockets = errors.Count == 0 ? ListeningSockets.Open(settings, new HashSet<string>(), workerCount: 1, errors) : [];
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors) : null;
        if (errors.Count > 0)
            return StartFailure.Report(log, errors);
        using Boards boards = Boards.CreatePrivate(1);
        try
        {
            using var worker = new Worker(settings, new WorkerPlace(0, 1), boards.Counters.Row(0), boards.Closes.Ring(0), boards.Servers, boards.Changes, log);
            var health = new HealthChecks(worker.Loop, boards.Servers, log, worker.FollowHealth);
            health.Apply(settings, endPoints);
            using var signals = new ProcessSignals();
            using var pidFile = new PidFile(settings.Runtime.PidFile);
            worker.Start(settings, endPoints, sockets[0]);
            boards.Counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            admin?.Start(worker.Loop, boards.Counters, boards.Servers, boards.Closes);
            log.Info(StartLine.Of(settings, workers: 1));
            return new SingleProcess(path, settings, worker, health, boards.Counters, log).WaitForEnd(signals);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }

    private int WaitForEnd(ProcessSignals signals)
    {
        while (true)
        {
            signals.TryWait(Timeout.InfiniteTimeSpan, out OperatorWish wish);
            switch (wish)
            {
                case OperatorWish.ReopenLogs:
                    _worker.ReopenLog();
                    _log.Info("access log opened anew");
                    break;
                case OperatorWish.Reload:
                    Reload();
                    break;
                case OperatorWish.Drain:
                    return Drain(signals, TimeSpan.FromMilliseconds(_settings.Runtime.DrainTimeoutMs));
                default:
                    return ExitCodes.CutShort;
            }
        }
    }

    private void Reload()
    {
        Reload? reload = Hosting.Reload.TryRead(_path, _settings, workers: 1, _log);
        _board.Row(0).Add(reload is null ? CounterId.ReloadFailures : CounterId.Reloads);
        if (reload is null)
        {
            _board.ConfigurationRefused();
            return;
        }
        _health.Apply(reload.Settings, reload.EndPoints);
        _worker.Reload(reload.Settings, reload.EndPoints, reload.NewSockets[0]);
        _board.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        _log.Info(ReloadLine.Of(_settings, reload.Settings));
        _settings = reload.Settings;
    }

    private int Drain(ProcessSignals signals, TimeSpan limit)
    {
        _health.Stop();
        _worker.BeginDrain();
        _log.Info($"stopping: no new connections; running exchanges have {limit.TotalSeconds:0.###} s to finish");
        Task<bool> drain = Task.Run(() => _worker.WaitDrained(limit));
        while (!drain.IsCompleted)
        {
            if (signals.TryWait(TimeSpan.FromMilliseconds(10), out OperatorWish wish) && wish == OperatorWish.ExitNow)
            {
                _log.Warn("stopped at once by a second signal");
                _worker.Cut();
                return ExitCodes.CutShort;
            }
        }
        if (!drain.Result)
        {
            _log.Warn("the drain time ran out; the remaining connections are cut");
            _worker.Cut();
            return ExitCodes.CutShort;
        }
        _log.Info("stopped: all exchanges finished");
        return ExitCodes.Success;
    }
}
