using System;
using System.Collections.Generic;
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

    /// <summary>Wishes that came while an upgrade was under way.</summary>
    private readonly Queue<OperatorWish> _putOff = new();
    private ProxySettings _settings;

    /// <summary>The process before this one, and the one after it.</summary>
    public required Predecessor Before { get; init; }

    public required UpgradeSteps Upgrade { get; init; }

    /// <summary>The operator's endpoint; null = there is none.</summary>
    public required SmallHttpServer? Serving { get; init; }

    /// <summary>Its socket; null likewise.</summary>
    public required AdminEndpoint? Admin { get; init; }

    public SingleProcess(SettingsText source, ProxySettings settings, Worker worker, SingleSecuring securing, HealthChecks health,
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

    /// <summary>Runs until a wish ends it. Returns the exit code.</summary>
    public async Task<int> RunAsync(ChannelReader<OperatorWish> wishes)
    {
        while (true)
        {
            switch (_putOff.TryDequeue(out OperatorWish first) ? first : await wishes.ReadAsync())
            {
                case OperatorWish.ReopenLogs:
                    ReopenLogs();
                    break;
                case OperatorWish.Reload:
                    await ReadAgain();
                    break;
                case OperatorWish.FollowNames:
                    FollowServers();
                    break;
                case OperatorWish.FollowLogLevel:
                    // The worker is this process.
                    break;
                case OperatorWish.PauseListening:
                    await Pause();
                    break;
                case OperatorWish.ResumeListening:
                    _pause.End();
                    break;
                case OperatorWish.Upgrade:
                    if (await UpgradeAsync(wishes))
                        return await HandOn(wishes);
                    break;
                case OperatorWish.Drain:
                    return await Drain(wishes);
                default:
                    return ExitCodes.CutShort;
            }
        }
    }

    /// <summary>Starts the program anew, and waits until that process serves; false when it does not.</summary>
    private async Task<bool> UpgradeAsync(ChannelReader<OperatorWish> wishes)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Upgrade.Begin(_pause.IsUnderWay ? "listening is paused" : null, [_sockets], _securing.Tickets, answer.SetResult);
        if (!Upgrade.IsUnderWay)
            return false;
        while (!answer.Task.IsCompleted)
        {
            await Task.WhenAny(answer.Task, wishes.WaitToReadAsync().AsTask());
            while (!answer.Task.IsCompleted && wishes.TryRead(out OperatorWish wish))
            {
                if (wish == OperatorWish.ReopenLogs)
                    ReopenLogs();
                else
                    _putOff.Enqueue(wish);
                if (wish is not (OperatorWish.Drain or OperatorWish.ExitNow))
                    continue;
                Upgrade.Abandon();
                return false;
            }
        }
        if (Upgrade.Settle(await answer.Task))
            return true;

        FollowServers(countAgain: true);
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
        return await Finish(TimeSpan.FromMilliseconds(_settings.Runtime.UpgradeTimeoutMs), WaitFor(wishes, OperatorWish.Drain, OperatorWish.ExitNow));
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
        AdminEndpoint.Show(_service, reload.Settings, reload.Text, reload.Files);
        await _worker.Reload(whole, reload.EndPoints, reload.NewSockets[0], _securing.Follow(reload.Settings, reload.Files));
        KeepSockets(reload);
        LogLevelChange.Follow(_log, _settings.Log, reload.Settings.Log);
        reloads.Taken(ReloadText.Of(_settings, reload.Settings, _securing.Exchanged), reload.Settings);
        _settings = reload.Settings;
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
    /// <param name="countAgain">Or another process has published its settings on the boards, and does not serve.</param>
    private void FollowServers(bool countAgain = false)
    {
        bool areOthers = _discovery.TryTakeChange(_settings, out DiscoveredServers found);
        ProxySettings whole = found.AddTo(_settings);
        if (!_names.TryTakeChange(whole, out ServerEndPoints endPoints) && !areOthers && !countAgain)
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
        Task secondStop = WaitFor(wishes, OperatorWish.ExitNow);
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

    private void ReopenLogs()
    {
        _worker.ReopenLog();
        _log.Info("access log opened anew");
        Before.ReopenLogs();
        Upgrade.LogsReopened();
    }

    /// <summary>Until one of these is wished; what runs meanwhile still writes logs.</summary>
    private async Task WaitFor(ChannelReader<OperatorWish> wishes, params OperatorWish[] ends)
    {
        OperatorWish wish;
        do
        {
            wish = await wishes.ReadAsync();
            if (wish == OperatorWish.ReopenLogs)
                ReopenLogs();
        }
        while (Array.IndexOf(ends, wish) < 0);
    }
}
