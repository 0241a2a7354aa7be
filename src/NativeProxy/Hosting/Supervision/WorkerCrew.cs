using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// All workers: starts them, starts one that ended again, has others accept on its sockets meanwhile, replaces one that hangs, and says what is
/// missing. Thread: the supervisor's events, one at a time; time comes in.
/// </summary>
internal sealed class WorkerCrew(
    IReadOnlyList<WorkerSlot> slots, SettingsMessage settings, Boards boards, ServiceState service, TicketKeeper tickets, ErrorLog log)
{
    /// <summary>How long a worker may take from its start until it serves.</summary>
    private const long ReadyLimitMs = 30_000;

    /// <summary>Clients whose worker is away for longer than this are refused where nobody can stand in.</summary>
    private const long WaitingMsMax = 50;

    /// <summary>From one look at the signs of life to the next.</summary>
    private const long LookEveryMs = 1000;

    private long _nextLookMs;

    /// <summary>Since when nobody serves; null while somebody does, and before the first one did.</summary>
    private long? _nobodySinceMs;

    public IReadOnlyList<WorkerSlot> Slots => slots;

    /// <summary>What a worker that starts now gets.</summary>
    public SettingsMessage Settings { get; set; } = settings;

    /// <summary>The keys of session tickets.</summary>
    public TicketKeeper Tickets => tickets;

    /// <summary>0 = nobody is taken for hanging.</summary>
    public long HangTimeoutMs { get; set; }

    /// <summary>Nobody is started for a while: during a reload.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Nobody is started any more, or is not yet started again.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Nobody is started: there is nothing to accept.</summary>
    public bool IsListeningPaused { get; set; }

    private bool MayStart => !IsPaused && !IsEnding && !IsListeningPaused;

    public bool IsAnyStarting => slots.Any(static slot => slot.State == WorkerState.Starting);

    public bool IsAnyRunning => slots.Any(static slot => slot.ProcessId != 0);

    public bool AllServe => slots.All(static slot => slot.State == WorkerState.Serving);

    /// <summary>When <see cref="DoDue"/> has something to do.</summary>
    public long NextDueMs(long nowMs)
    {
        long due = HangTimeoutMs > 0 ? Math.Max(_nextLookMs, nowMs) : long.MaxValue;
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State == WorkerState.Starting)
                due = Math.Min(due, slot.ReadyUntilMs);
            else if (slot.State == WorkerState.Absent && MayStart)
                due = Math.Min(due, slot.Delay.DueMs);
            if (_nobodySinceMs is { } sinceMs && slot is { State: WorkerState.Absent, IsParked: false })
                due = Math.Min(due, sinceMs + WaitingMsMax);
        }
        return due;
    }

    /// <summary>All have the keys of session tickets that are in force from now on.</summary>
    public void SendTickets()
    {
        string line = tickets.Rings.ToLine();
        byte[] payload = Encoding.UTF8.GetBytes(line);
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State != WorkerState.Absent)
                slot.Send(ControlCommand.Tickets, payload);
        }
        Settings = Settings with { Tickets = line };
    }

    /// <summary>All write their own lines from this level on.</summary>
    public void SendLogLevel(LogLevel level)
    {
        Settings = Settings with { LogLevel = level };
        byte[] payload = Encoding.ASCII.GetBytes(LogLevels.NameOf(level));
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State != WorkerState.Absent)
                slot.Send(ControlCommand.LogLevel, payload);
        }
    }

    /// <summary>Starts who is due, gives up who takes too long to start, looks at the signs of life.</summary>
    public void DoDue(long nowMs)
    {
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State == WorkerState.Absent && MayStart && nowMs >= slot.Delay.DueMs)
                Start(slot, nowMs);
            else if (slot.State == WorkerState.Starting && nowMs >= slot.ReadyUntilMs)
                GiveUp(slot, $"did not serve within {ReadyLimitMs / 1000} s of its start");
        }
        RefuseClients(nowMs);
        if (HangTimeoutMs > 0 && nowMs >= _nextLookMs)
        {
            _nextLookMs = nowMs + LookEveryMs;
            LookForHanging();
        }
        LogShortage();
    }

    /// <summary>A worker says something. False when it is about a reload, which is not for the crew to hear.</summary>
    public bool Heard(WorkerSlot slot, ControlMessage message, long nowMs)
    {
        AnswerMessage answer = AnswerMessage.Decode(message.Payload);
        if (answer.Round != 0)
            return false;
        if (message.Command == ControlCommand.Refused)
            Refuses(slot, answer.Problem);
        else if (slot.State == WorkerState.Starting)
            Serves(slot, nowMs);
        return true;
    }

    /// <summary>A process has ended unasked. Returns its slot, if it is one of ours.</summary>
    public WorkerSlot? Ended(int processId, int exitCode, long nowMs)
    {
        WorkerSlot? slot = slots.FirstOrDefault(slot => slot.ProcessId == processId);
        if (slot is null)
            return null;
        bool hadServed = slot.State == WorkerState.Serving;
        slot.Ended(exitCode);

        // Its connections are closed; the others need not wait for the new process to say so.
        if (IsEnding)
            boards.EndWorker(slot.Row, processId);
        else
            boards.ForgetWorker(slot.Row);
        if (hadServed || slot.Problem.Length == 0)
            slot.Problem = $"it ended with code {exitCode}";
        long delayMs = slot.Delay.Ended(nowMs);
        if (!IsPaused && !IsEnding)
        {
            log.Error($"worker {slot.Index} ended with code {exitCode}{(hadServed ? "" : $" before it served: {slot.Problem}")}; it starts again "
                + (IsListeningPaused ? "when listening does" : InTime(delayMs)));
        }

        StandIn(nowMs);
        return slot;
    }

    /// <summary>After a reload: those who stand in accept on the addresses that count now.</summary>
    public void RenewStandIns(long nowMs)
    {
        foreach (WorkerSlot slot in slots)
        {
            slot.StandIn?.Send(ControlCommand.Release, Number(slot));
            slot.StandIn = null;
        }
        StandIn(nowMs);
    }

    public void SendAll(ControlCommand command)
    {
        foreach (WorkerSlot slot in slots)
            slot.Send(command);
    }

    /// <summary>There are other servers, or they have other addresses, for the workers that are there and for those to come.</summary>
    /// <param name="found">A line of the servers that were discovered.</param>
    /// <param name="addresses">A line of the addresses of all servers.</param>
    public void ChangeServers(string found, string addresses)
    {
        Settings = Settings with { Found = found, Servers = addresses };
        foreach (WorkerSlot slot in slots)
            slot.Send(ControlCommand.Servers, System.Text.Encoding.UTF8.GetBytes($"{found}\n{addresses}"));
    }

    public void CloseSockets()
    {
        foreach (WorkerSlot slot in slots)
            slot.CloseSockets();
    }

    /// <summary>
    /// Another process serves: the workers leave it their addresses and their idle connections, finish what runs, and end.
    /// </summary>
    /// <param name="lines">One per worker, to those that come after them.</param>
    /// <param name="limitMs">The time that they have for it.</param>
    public void HandOn(IReadOnlyList<Socket> lines, long limitMs)
    {
        byte[] payload = Encoding.ASCII.GetBytes(limitMs.ToString(CultureInfo.InvariantCulture));
        foreach (WorkerSlot slot in slots)
        {
            slot.LeaveSockets();
            slot.Send(ControlCommand.HandOn, lines[slot.Index], payload);
        }
    }

    public void KillAll()
    {
        foreach (WorkerSlot slot in slots)
            slot.Kill();
    }

    private void Serves(WorkerSlot slot, long nowMs)
    {
        slot.Serves(nowMs);
        if (slot.Life > 1)
            log.Info($"worker {slot.Index} started again");
        if (slot.StandIn is { } other)
            other.Send(ControlCommand.Release, Number(slot));
        slot.StandIn = null;
        StandIn(nowMs);
    }

    /// <summary>A worker says why it cannot serve, or not any more; it ends when it is told that this was heard.</summary>
    private void Refuses(WorkerSlot slot, string problem)
    {
        if (slot.State == WorkerState.Serving)
            log.Error($"worker {slot.Index} cannot go on: {problem}");
        slot.Problem = problem;
        slot.CloseLines();
    }

    private void Start(WorkerSlot slot, long nowMs)
    {
        bool isRestart = slot.Life > 0;
        string? problem = slot.Start(Settings, nowMs, ReadyLimitMs);
        if (problem is null)
        {
            if (isRestart)
                boards.Counters.Row(slot.Row).Add(CounterId.WorkerRestarts);
            slot.Problem = isRestart ? slot.Problem : "";
            return;
        }
        slot.Problem = problem;
        log.Error($"worker {slot.Index} is not there: {problem}; it is tried again {InTime(slot.Delay.Ended(nowMs))}");
        StandIn(nowMs);
    }

    /// <summary>Everybody who is not there has somebody who accepts on his sockets, if there is anybody.</summary>
    private void StandIn(long nowMs)
    {
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State == WorkerState.Serving || slot.StandIn is { State: WorkerState.Serving })
                continue;
            slot.StandIn = slots.Where(static other => other.State == WorkerState.Serving)
                .MinBy(other => slots.Count(third => third.StandIn == other));

            // Unix sockets are everybody's.
            ListeningSocket[] orphans = [.. slot.Sockets.Where(static socket => !socket.IsShared)];
            if (slot.StandIn is { } found && orphans.Length > 0
                && !found.Send(ControlCommand.Adopt, orphans,
                    new AdoptMessage(slot.Index, [.. orphans.Select(static socket => socket.Bind)]).Encode()))
            {
                found.Kill();
            }
        }
        _nobodySinceMs = slots.Any(static slot => slot.State == WorkerState.Serving) ? null : _nobodySinceMs ?? nowMs;
        RefuseClients(nowMs);
    }

    /// <summary>
    /// Where nobody serves, clients of a worker that is not there are refused and not left waiting: at once when nobody will try it soon, and when
    /// the time is over in any case. Of one that is starting the process has the sockets, too.
    /// </summary>
    private void RefuseClients(long nowMs)
    {
        if (_nobodySinceMs is not { } sinceMs)
            return;
        bool isNobodySoon = slots.All(slot => slot.State == WorkerState.Absent && slot.Delay.DueMs > nowMs + WaitingMsMax);
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State == WorkerState.Absent && (isNobodySoon || nowMs >= sinceMs + WaitingMsMax))
                slot.Park();
        }
    }

    private void LookForHanging()
    {
        foreach (WorkerSlot slot in slots)
        {
            if (slot.State != WorkerState.Serving || (slot.Pulse.Look() - 1) * LookEveryMs < HangTimeoutMs)
                continue;
            string state = LinuxProcess.StateOf(slot.ProcessId) ?? "unknown";
            GiveUp(slot,
                $"shows no sign of life for {HangTimeoutMs / 1000.0:0.###} s (its process is {state}; its loop, in turn {slot.Pulse.Turns}, was "
                + $"last seen {TextOf(slot.Pulse.LastPlace)})");
        }
    }

    private void GiveUp(WorkerSlot slot, string problem)
    {
        log.Error($"worker {slot.Index} (process {slot.ProcessId}) {problem}; it is killed and replaced");
        slot.Problem = problem;
        slot.Kill();
    }

    private void LogShortage()
    {
        WorkerSlot[] absent = [.. slots.Where(static slot => slot.State != WorkerState.Serving)];
        service.Shortage = absent.Length == 0 ? null
            : $"{(absent.Length == 1 ? $"worker {absent[0].Index} of {slots.Count} is" : $"{absent.Length} of {slots.Count} workers are")} not "
            + $"there: {absent[0].Problem}";
    }

    private static string InTime(long delayMs) => delayMs == 0 ? "at once" : $"in {delayMs} ms";

    private static byte[] Number(WorkerSlot slot) => System.Text.Encoding.ASCII.GetBytes(slot.Index.ToString(CultureInfo.InvariantCulture));

    private static string TextOf(LoopPlace place) => place switch
    {
        LoopPlace.Waiting => "waiting for events",
        LoopPlace.Events => "handling events of sockets",
        LoopPlace.Accepting => "accepting connections",
        LoopPlace.Posted => "running posted work",
        LoopPlace.Deferred => "running deferred work",
        LoopPlace.Timers => "running timers",
        LoopPlace.Flushing => "sending corked bytes",
        _ => "starting",
    };
}
