using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Hosting.Workers;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport.Sockets;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// Supervisor and worker in one process: for one worker, the demo, debugging and tracing. Signals are wishes in one queue; the loop does the
/// work.
/// </summary>
internal sealed class SingleProcess
{
    /// <summary>A loop that has shown no turn for so long is not taken for alive.</summary>
    private const long LoopRestMsMax = 2000;

    private readonly SettingsText _source;
    private readonly ProxySettings _started;
    private readonly Worker _worker;
    private readonly SingleSecuring _securing;
    private readonly HealthChecks _health;
    private readonly ServerDiscovery _discovery;
    private readonly ServerNames _names;
    private readonly ServiceState _service;
    private readonly CounterBoard _board;
    private readonly ServiceManager _manager;
    private readonly ErrorLog _log;

    /// <summary>The sockets that are listened on; the worker closes them.</summary>
    private readonly List<ListeningSocket> _sockets;
    private readonly ListeningPause _pause;
    private ProxySettings _settings;

    public required UpgradeSteps Upgrade { get; init; }

    /// <summary>The operator's endpoint; null = there is none.</summary>
    public required SmallHttpServer? Serving { get; init; }

    /// <summary>Its socket; null likewise.</summary>
    public required AdminEndpoint? Admin { get; init; }

    private SingleProcess(SettingsText source, ProxySettings settings, Worker worker, SingleSecuring securing, HealthChecks health,
        ServerDiscovery discovery, ServerNames names, ServiceState service, CounterBoard board, List<ListeningSocket> sockets,
        AdminEndpoint? admin, ServiceManager manager, ErrorLog log)
    {
        _manager = manager;
        _sockets = sockets;
        _pause = new ListeningPause(() => [.. sockets, .. AdminEndpoint.ListeningOf(admin)], areChanging: static () => false, log);
        _source = source;
        _started = settings;
        _securing = securing;
        _settings = settings;
        _worker = worker;
        _health = health;
        _discovery = discovery;
        _names = names;
        _service = service;
        _board = board;
        _log = log;
    }

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(SettingsText source, in ProxySettings settings, TlsFiles files, TrafficSecurity security, ServiceManager manager,
        Predecessor before, ErrorLog log)
    {
        var errors = new List<string>();
        List<ListeningSocket>[] sockets = ListeningSockets.Open(settings, new HashSet<string>(), workerCount: 1, errors, before.TakeListening);
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors, before) : null;
        if (errors.Count > 0)
        {
            ListeningSockets.CloseAll(sockets);
            return StartFailure.Report(log, errors);
        }
        List<ListeningSocket> listening = [.. sockets[0]];
        using Boards boards = before.TakeBoards(1) ?? Boards.CreateShared(1);
        int row = boards.FreeRows()[0];
        boards.BeginWorker(row);
        try
        {
            using var pidFile = new PidFile(settings.Runtime.PidFile, isLater: before.IsThere);
            if (WorkerUser.Become(settings.Runtime) is { } problem)
                return StartFailure.Report(log, [problem]);
            using var worker = new Worker(settings, new WorkerPlace(Index: 0, Count: 1, row, boards.Counters.WorkerCount),
                boards.Counters.Row(row), boards.Closes.Ring(row), boards.OfTraffic, security, log);
            worker.Loop.Pulse = boards.Pulses.Pulse(row);
            var service = new ServiceState { ConfigPath = source.Path };
            AdminEndpoint.Show(service, settings, source.Bytes);
            service.Loads.Ended(isTaken: true, StartText.Began(before.ProcessId));
            using var health = new HealthChecks(boards.OfTraffic, log, worker.FollowHealth);
            var wishes = Channel.CreateUnbounded<OperatorWish>();
            _ = new ProcessSignals(wish => wishes.Writer.TryWrite(wish), name => log.Info($"{name} was ignored: it means nothing here"));
            Action follow = () => wishes.Writer.TryWrite(OperatorWish.FollowNames);
            using var discovery = new ServerDiscovery(log, follow) { Remembered = before.Found };
            using var names = new ServerNames(boards.Counters.Row(0), log, follow) { Remembered = before.Names };
            ProxySettings whole = discovery.Follow(settings).AddTo(settings);
            ServerEndPoints endPoints = names.Follow(whole);
            before.ShowServers(boards, whole);
            health.Apply(whole, files, endPoints);
            using var securing = new SingleSecuring(worker, service, log, before.Tickets);
            Task started = worker.Start(whole, endPoints, sockets[0], securing.Follow(settings, files));
            started.Wait();
            boards.Counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            if (before.IsThere)
                TakeOver(before, worker, [.. listening, .. AdminEndpoint.ListeningOf(admin)], pidFile);
            using SmallHttpServer? serving = admin?.Serve(
                boards, service, AdminEndpoint.PowersOf(health, log, wish => wishes.Writer.TryWrite(wish), worker.AskAlone));
            log.Info(StartText.Of(settings, workers: 1, before.ProcessId));
            manager.Ready(StartText.Traffic(settings));
            PoolThreads.Begin();
            using Timer? life = manager.LifeEveryMs > 0 ? ShowLife(manager, new PulseWatch(boards.Pulses.Pulse(row))) : null;
            var children = new ChildProcesses(static (_, _) => { });
            int exitCode = new SingleProcess(
                source, settings, worker, securing, health, discovery, names, service, boards.Counters, listening, admin, manager, log)
            {
                Upgrade = new UpgradeSteps(children, boards, discovery, names, admin, manager, service, log), Serving = serving, Admin = admin,
            }.RunAsync(wishes.Reader).GetAwaiter().GetResult();
            boards.EndWorker(row);
            return exitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
        finally
        {
            foreach (ListeningSocket socket in listening)
                socket.File?.Remove();
        }
    }

    /// <summary>While the loop turns; an idle one does so once a second.</summary>
    private static Timer ShowLife(ServiceManager manager, PulseWatch watch) => new(
        _ =>
        {
            if ((long)watch.Look() * manager.LifeEveryMs < LoopRestMsMax)
                manager.ShowLife(Environment.TickCount64);
        },
        null, 0, manager.LifeEveryMs);

    private async Task<int> RunAsync(ChannelReader<OperatorWish> wishes)
    {
        while (true)
        {
            switch (await wishes.ReadAsync())
            {
                case OperatorWish.ReopenLogs:
                    _worker.ReopenLog();
                    _log.Info("access log opened anew");
                    break;
                case OperatorWish.Reload:
                    await ReadAgain();
                    break;
                case OperatorWish.FollowNames:
                    FollowServers();
                    break;
                case OperatorWish.PauseListening:
                    await Pause();
                    break;
                case OperatorWish.ResumeListening:
                    _pause.End();
                    break;
                case OperatorWish.Upgrade:
                    if (await UpgradeAsync())
                        return await HandOn(wishes);
                    break;
                case OperatorWish.Drain:
                    return await Drain(wishes);
                default:
                    return ExitCodes.CutShort;
            }
        }
    }

    /// <summary>The process before this one leaves; its client connections come.</summary>
    private static void TakeOver(Predecessor before, Worker worker, IEnumerable<ListeningSocket> sockets, PidFile pidFile)
    {
        foreach (Socket line in before.Follow())
            worker.TakeClients(line);
        ListeningSockets.TakeFiles(sockets);
        before.Dispose();
        pidFile.Write();
    }

    /// <summary>Starts the program anew, and waits until that process serves; false when it does not.</summary>
    private async Task<bool> UpgradeAsync()
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Upgrade.Begin(_pause.IsUnderWay ? "listening is paused" : null, [_sockets], _securing.Tickets, answer.SetResult);
        if (!Upgrade.IsUnderWay)
            return false;
        if (Upgrade.Settle(await answer.Task))
            return true;

        // That one has published its settings on the boards: these count again.
        _discovery.TryTakeChange(_settings, out DiscoveredServers found);
        ProxySettings whole = found.AddTo(_settings);
        _names.TryTakeChange(whole, out ServerEndPoints endPoints);
        _health.Follow(whole, endPoints);
        return false;
    }

    /// <summary>Another process serves: leaves it the addresses and the idle connections, and finishes what runs.</summary>
    private async Task<int> HandOn(ChannelReader<OperatorWish> wishes)
    {
        _health.Dispose();
        AdminEndpoint.Leave(Admin);
        Serving?.Dispose();
        foreach (ListeningSocket socket in _sockets)
            SocketCalls.MarkShared((int)socket.Socket.Handle);
        _sockets.Clear();
        using Successor successor = Upgrade.Leave();
        _worker.BeginHandOn(successor.Lines[0]);
        return await Finish(TimeSpan.FromMilliseconds(_settings.Runtime.UpgradeTimeoutMs), WaitForStop(wishes));
    }

    private async Task Pause()
    {
        _pause.Begin();
        for (long nowMs = Environment.TickCount64; _pause.NextDueMs != long.MaxValue; nowMs = Environment.TickCount64)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, _pause.NextDueMs - nowMs)));
            _pause.Advance(Environment.TickCount64);
        }
    }

    private async Task ReadAgain()
    {
        var reloads = new ReloadLog(_log, _board, _service, _manager);
        if (_pause.RefusesReload(reloads))
            return;
        reloads.Begin();
        Reload? reload = Reload.TryRead(_source, _started, _settings, workers: 1, _discovery, _names, reloads.Log);
        if (reload is null)
        {
            reloads.Refused(Reload.Refusal);
            _discovery.Keep(_settings);
            _names.Keep(_settings);
            return;
        }
        ProxySettings whole = reload.Found.AddTo(reload.Settings);
        _health.Apply(whole, reload.Files, reload.EndPoints);
        await _worker.Reload(whole, reload.EndPoints, reload.NewSockets[0], _securing.Follow(reload.Settings, reload.Files));
        KeepSockets(reload);
        reloads.Taken(ReloadText.Of(_settings, reload.Settings, _securing.Exchanged), reload.Settings);
        _settings = reload.Settings;
        AdminEndpoint.Show(_service, _settings, reload.Text);
        _discovery.Keep(_settings);
        _names.Keep(_settings);
    }

    /// <summary>The worker has closed those that nobody names any more.</summary>
    private void KeepSockets(Reload reload)
    {
        HashSet<string> wanted = Reload.BindsOf(reload.Settings);
        foreach (ListeningSocket left in _sockets.FindAll(socket => !wanted.Contains(socket.Bind)))
        {
            left.File?.Remove();
            _sockets.Remove(left);
        }
        _sockets.AddRange(reload.NewSockets[0]);
    }

    /// <summary>There are other servers, or they have other addresses.</summary>
    private void FollowServers()
    {
        bool areOthers = _discovery.TryTakeChange(_settings, out DiscoveredServers found);
        ProxySettings whole = found.AddTo(_settings);
        if (!_names.TryTakeChange(whole, out ServerEndPoints endPoints) && !areOthers)
            return;
        _health.Follow(whole, endPoints);
        if (areOthers)
            _worker.ChangeServers(whole, endPoints);
        else
            _worker.ChangeAddresses(endPoints);
    }

    private async Task<int> Drain(ChannelReader<OperatorWish> wishes)
    {
        _service.IsDraining = true;
        Task secondStop = WaitForExit(wishes);
        TimeSpan delay = DrainDelay.Of(_settings);
        TimeSpan limit = TimeSpan.FromMilliseconds(_settings.Runtime.DrainTimeoutMs);
        _manager.Stopping((long)(delay + limit).TotalMilliseconds);
        if (delay > TimeSpan.Zero)
        {
            _log.Info($"stopping in {delay.TotalSeconds:0.###} s; until then everything is served");
            await Task.WhenAny(secondStop, Task.Delay(delay));
        }
        _health.Dispose();
        _worker.BeginDrain();
        _log.Info($"stopping: no new connections; running exchanges have {limit.TotalSeconds:0.###} s to finish");
        return await Finish(limit, secondStop);
    }

    /// <summary>What runs has this time, unless a stop cuts it. Returns the exit code.</summary>
    private async Task<int> Finish(TimeSpan limit, Task stop)
    {
        Task first = await Task.WhenAny(_worker.Drained, stop, Task.Delay(limit));
        if (first == _worker.Drained)
        {
            _log.Info("stopped: all exchanges finished");
            return ExitCodes.Success;
        }
        _log.Warn(first == stop ? "stopped at once by a second signal" : "the drain time ran out; the remaining connections are cut");
        _worker.Cut();
        return ExitCodes.CutShort;
    }

    private static async Task WaitForStop(ChannelReader<OperatorWish> wishes)
    {
        while (await wishes.ReadAsync() is not (OperatorWish.Drain or OperatorWish.ExitNow))
        {
        }
    }

    private static async Task WaitForExit(ChannelReader<OperatorWish> wishes)
    {
        while (await wishes.ReadAsync() != OperatorWish.ExitNow)
        {
        }
    }
}
