using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// What a worker process does besides its loop: takes the settings and sockets that the supervisor sends, says whether it can use them, and
/// obeys until it is told to end. When the supervisor is gone it finishes its exchanges and ends as well. Runs on threads of the pool, one step
/// at a time; reaches the loop by posting only.
/// </summary>
internal sealed class WorkerDuty(ControlChannel control, DescriptorChannel descriptors, WorkerArguments arguments, TrafficSecurity security)
{
    /// <summary>How long a supervisor may take to read a last word.</summary>
    private static readonly TimeSpan LastWordLimit = TimeSpan.FromSeconds(5);

    private readonly ErrorLog _log = ErrorLog.Stderr;
    private long _drainLimitMs;
    private Plan? _prepared;

    /// <summary>The settings of the file in force, and the servers that were discovered for them.</summary>
    private ProxySettings _settings;
    private string _found = "";
    private TlsPolicies _tls = TlsPolicies.None;

    /// <summary>Returns the exit code.</summary>
    public async Task<int> RunAsync()
    {
        if (await control.ReceiveAsync() is not { Command: ControlCommand.Settings } first)
            return ExitCodes.Failure;
        SettingsMessage start = SettingsMessage.Decode(first.Payload);
        _log.Level = start.LogLevel;
        Plan? plan = Read(start, out string problem);
        if (plan is null)
            return await RefuseToServe(problem);
        if (WorkerUser.Become(plan.Settings.Runtime) is { } kept)
            return await RefuseToServe(kept);
        LogPlaces.DivertErrors(_log, plan.Settings);
        using Boards boards = Boards.Attach(arguments.Boards);
        boards.BeginWorker(arguments.Row);
        try
        {
            using var worker = new Worker(
                plan.Settings, new WorkerPlace(arguments.Index, arguments.Count, arguments.Row, boards.Counters.WorkerCount),
                boards.Counters.Row(arguments.Row),
                boards.Closes.Ring(arguments.Row), boards.OfTraffic, security, _log);
            worker.Loop.Pulse = boards.Pulses.Pulse(arguments.Row);
            InForce(plan);
            worker.Take(plan.Tickets);
            await worker.Start(plan.Servers.Settings, plan.Servers.EndPoints, plan.Sockets, plan.Tls);
            control.TrySend(ControlCommand.Ready, new AnswerMessage(Round: 0));
            PoolThreads.Begin();
            return await Finish(worker, await Obey(worker));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return await RefuseToServe(e.Message);
        }
    }

    /// <summary>Obeys until the worker is to end. Returns the message that said so; null when the supervisor is gone.</summary>
    private async Task<ControlMessage?> Obey(Worker worker)
    {
        ControlMessage? received;
        while ((received = await control.ReceiveAsync()) is { } message && message.Command is not (ControlCommand.Drain or ControlCommand.HandOn))
        {
            switch (message.Command)
            {
                case ControlCommand.TakeClients:
                    if (ReceiveLine() is { } clients)
                        worker.TakeClients(clients);
                    break;
                case ControlCommand.ReopenLogs:
                    worker.ReopenLog();
                    break;
                case ControlCommand.FollowHealth:
                    worker.FollowHealth();
                    break;
                case ControlCommand.Servers:
                    ChangeServers(worker, message.Text);
                    break;
                case ControlCommand.Prepare:
                    Prepare(SettingsMessage.Decode(message.Payload));
                    break;
                case ControlCommand.Commit when _prepared is { } plan:
                    _prepared = null;
                    worker.Take(plan.Tickets);
                    await worker.Reload(plan.Servers.Settings, plan.Servers.EndPoints, plan.Sockets, plan.Tls);
                    InForce(plan);
                    control.TrySend(ControlCommand.Done, new AnswerMessage(plan.Round));
                    break;
                case ControlCommand.Discard:
                    Discard();
                    break;
                case ControlCommand.Adopt:
                    Adopt(worker, AdoptMessage.Decode(message.Payload));
                    break;
                case ControlCommand.Tickets:
                    worker.Take(TicketRings.Parse(message.Text));
                    break;
                case ControlCommand.Ask:
                    _ = Answer(worker, message.Text);
                    break;
                case ControlCommand.LogLevel:
                    TakeLogLevel(message);
                    break;
                case ControlCommand.Release:
                    worker.Release(int.Parse(message.Text, CultureInfo.InvariantCulture));
                    break;
                default:
                    break;
            }
        }
        Discard();
        return received;
    }

    /// <summary>
    /// Finishes what runs, within the limit, unless the supervisor says to stop at once. A supervisor that is gone says nothing more, and the
    /// drain goes on without it.
    /// </summary>
    private async Task<int> Finish(Worker worker, ControlMessage? last)
    {
        if (last is { Command: ControlCommand.HandOn } handOn)
        {
            _drainLimitMs = long.Parse(handOn.Text, CultureInfo.InvariantCulture);
            worker.BeginHandOn(ReceiveLine());
        }
        else
        {
            worker.BeginDrain();
        }
        Task drained = worker.Drained;
        Task limit = Task.Delay(TimeSpan.FromMilliseconds(_drainLimitMs));
        if (await Task.WhenAny(drained, limit, ListenForCut(worker)) == drained)
            return ExitCodes.Success;
        worker.Cut();
        return ExitCodes.CutShort;
    }

    /// <summary>The line that goes ahead of a message; null when it has not come.</summary>
    private Socket? ReceiveLine() => descriptors.TryReceive(1) is [int line] ? OwnedSocket.Of(line) : null;

    private async Task ListenForCut(Worker worker)
    {
        while (await control.ReceiveAsync() is { } message)
        {
            if (message.Command == ControlCommand.Cut)
                return;
            if (message.Command == ControlCommand.Ask)
                _ = Answer(worker, message.Text);
            else if (message.Command == ControlCommand.ReopenLogs)
                worker.ReopenLog();
            else if (message.Command == ControlCommand.LogLevel)
                TakeLogLevel(message);
        }
        await Task.Delay(System.Threading.Timeout.Infinite);
    }

    private void TakeLogLevel(in ControlMessage message) => _log.Level = LogLevels.Named(message.Text) ?? _log.Level;

    /// <summary>What an operator asks is answered when the loop has found it; nobody waits for that.</summary>
    private async Task Answer(Worker worker, string numbered)
    {
        int blank = numbered.IndexOf(' ', StringComparison.Ordinal);
        byte[] answer = await worker.Ask(numbered[(blank + 1)..]);
        control.TrySend(ControlCommand.Answered, [.. System.Text.Encoding.ASCII.GetBytes(numbered[..(blank + 1)]), .. answer]);
    }

    private void InForce(Plan plan) =>
        (_settings, _found, _tls, _drainLimitMs) = (plan.Settings, plan.Servers.Found, plan.Tls, plan.Settings.Runtime.DrainTimeoutMs);

    /// <summary>The lines belong to the settings in force: while others are prepared, the supervisor sends none.</summary>
    private void ChangeServers(Worker worker, string lines)
    {
        int end = lines.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0 || !ServersInForce.TryParse(_settings, lines[..end], lines[(end + 1)..], out ServersInForce servers))
        {
            _log.Error("a worker could not take over other servers; it goes on with those that it has");
            return;
        }
        if (servers.Found == _found)
            worker.ChangeAddresses(servers.EndPoints);
        else
            worker.ChangeServers(servers.Settings, servers.EndPoints);
        _found = servers.Found;
    }

    private void Prepare(SettingsMessage settings)
    {
        Discard();
        _prepared = Read(settings, out string problem);
        control.TrySend(_prepared is null ? ControlCommand.Refused : ControlCommand.Ready, new AnswerMessage(settings.Round, problem));
    }

    /// <summary>Nothing that was received stays open.</summary>
    private void Discard()
    {
        if (_prepared is { } plan)
            ListeningSockets.Close(plan.Sockets);
        _prepared = null;
    }

    private void Adopt(Worker worker, AdoptMessage adopted)
    {
        if (descriptors.TryReceive(adopted.Binds) is { } sockets)
            worker.Adopt(adopted.Worker, sockets);
        else
            _log.Error($"the sockets of worker {adopted.Worker} have not come; it is not stood in for here");
    }

    /// <summary>The settings and sockets of a message; null, with nothing left open, when they cannot be used.</summary>
    private Plan? Read(SettingsMessage settings, out string problem)
    {
        problem = "";
        if (!settings.Files.IsEmpty)
            LinuxProcess.KeepMemoryPrivate();
        Plan? plan = null;
        List<TlsFileProblem> problems = [];
        List<ListeningSocket>? sockets = descriptors.TryReceive(settings.Binds);
        if (sockets is null)
            problem = "the listening sockets have not come: its limit of open files may be reached (ulimit -n, or LimitNOFILE= of a service)";
        else if (!settings.TryParse(out ProxySettings parsed, out ServersInForce servers))
            problem = "the settings cannot be read";
        else if (TlsPolicies.TryMake(parsed, settings.Files, _tls, problems) is not { } tls)
            problem = string.Join("; ", problems.ConvertAll(static one => one.Problem));
        else
            plan = new Plan(settings.Round, parsed, servers, sockets, tls, TicketRings.Parse(settings.Tickets));
        settings.Files.Clear();
        if (plan is null)
            ListeningSockets.Close(sockets ?? []);
        return plan;
    }

    /// <summary>Says why this worker ends, and waits until the supervisor has heard it: it closes the line then.</summary>
    private async Task<int> RefuseToServe(string problem)
    {
        if (control.TrySend(ControlCommand.Refused, new AnswerMessage(Round: 0, problem)))
            await Task.WhenAny(control.ReceiveAsync(), Task.Delay(LastWordLimit));
        return ExitCodes.BadConfiguration;
    }

    /// <summary>Settings that this worker can go over to.</summary>
    private sealed record Plan(
        int Round, ProxySettings Settings, ServersInForce Servers, List<ListeningSocket> Sockets, TlsPolicies Tls, TicketRings Tickets);
}
