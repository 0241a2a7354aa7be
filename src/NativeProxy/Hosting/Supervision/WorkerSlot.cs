using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Hosting.Supervision;

/// <summary>Where a worker stands.</summary>
internal enum WorkerState
{
    /// <summary>There is no process.</summary>
    Absent,

    /// <summary>The process has been started and has not said yet that it serves.</summary>
    Starting,

    /// <summary>It serves.</summary>
    Serving,
}

/// <summary>Starts the program once more; parameters, result and errors as with <see cref="ProcessStart.Start"/>.</summary>
internal delegate int StartWorker(IReadOnlyList<string> arguments, IReadOnlyList<int> inherited, IReadOnlyList<int> blocked);

/// <summary>
/// The place of one worker in the supervisor: its listening sockets, which outlive the process, its process and lines, and when it may be
/// started again. Thread: the supervisor's events, one at a time.
/// </summary>
internal sealed class WorkerSlot : IDisposable
{
    private readonly SupervisorEvents _events;
    private readonly StartWorker _start;
    private readonly Action<int> _kill;
    private readonly Boards _boards;
    private readonly int _count;
    private List<ListeningSocket> _sockets;
    private string[]? _parkedBinds;
    private ControlChannel? _control;
    private DescriptorChannel? _descriptors;

    /// <param name="index">Number of the worker.</param>
    /// <param name="row">Its row on the boards.</param>
    /// <param name="count">How many workers there are.</param>
    /// <param name="sockets">Its listening sockets, which the slot then owns.</param>
    /// <param name="boards">What the process inherits.</param>
    /// <param name="start">Starts a process.</param>
    /// <param name="kill">Ends one, by its id.</param>
    /// <param name="events">Where goes what the process says.</param>
    public WorkerSlot(int index, int row, int count, List<ListeningSocket> sockets, Boards boards, StartWorker start, Action<int> kill,
        SupervisorEvents events)
    {
        Index = index;
        Row = row;
        _count = count;
        _sockets = sockets;
        _boards = boards;
        (_start, _kill) = (start, kill);
        _events = events;
        Pulse = new PulseWatch(boards.Pulses.Pulse(row));
    }

    /// <summary>A slot for each worker, by its sockets. Where they go over to another user, they begin with the right to.</summary>
    /// <param name="sockets">By worker.</param>
    /// <param name="rows">Rows of the boards that are theirs, at least as many.</param>
    /// <param name="changesUser">They will go over to another user.</param>
    /// <param name="boards">What they inherit.</param>
    /// <param name="children">Start them.</param>
    /// <param name="events">Where goes what they say.</param>
    public static WorkerSlot[] Make(List<ListeningSocket>[] sockets, IReadOnlyList<int> rows, bool changesUser, Boards boards,
        ChildProcesses children, SupervisorEvents events)
    {
        StartWorker start = (arguments, inherited, blocked) =>
            WorkerRights.Start(changesUser, () => children.Start(arguments, inherited, blocked));
        return [.. sockets.Select((own, index) => new WorkerSlot(index, rows[index], sockets.Length, own, boards, start, children.Kill, events))];
    }

    public int Index { get; }

    /// <summary>Its row on the boards, through all its lives.</summary>
    public int Row { get; }

    public WorkerState State { get; private set; }

    /// <summary>0 = no process.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Counts the processes of this slot; what an earlier one has said is out of date.</summary>
    public int Life { get; private set; }

    /// <summary>Gets what the process answers to an operator's question, on any thread.</summary>
    public Action<byte[]>? Answered { get; set; }

    /// <summary>Who accepts on this slot's sockets while nobody serves here.</summary>
    public WorkerSlot? StandIn { get; set; }

    /// <summary>Why there is no worker; what /health says.</summary>
    public string Problem { get; set; } = "it has not been started";

    /// <summary>Exit code of the last process.</summary>
    public int ExitCode { get; private set; }

    public RestartDelay Delay { get; } = new();

    /// <summary>When a starting worker has had its time.</summary>
    public long ReadyUntilMs { get; private set; }

    public PulseWatch Pulse { get; }

    public IReadOnlyList<ListeningSocket> Sockets => _sockets;

    /// <summary>Starts a process and sends it what it needs. Null, or why there is none.</summary>
    public string? Start(SettingsMessage settings, long nowMs, long readyLimitMs)
    {
        try
        {
            Unpark();
            (Socket control, Socket theirControl) = SocketPair.Create();
            using Socket ownedControl = theirControl;
            _control = new ControlChannel(control);
            (Socket descriptors, Socket theirDescriptors) = SocketPair.Create();
            using Socket ownedDescriptors = theirDescriptors;
            _descriptors = new DescriptorChannel(descriptors);
            int[] inherited = [(int)theirControl.Handle, (int)theirDescriptors.Handle, .. _boards.Descriptors];
            string[] arguments =
            [
                "worker", "--index", Text(Index), "--count", Text(_count), "--row", Text(Row), "--control", Text(inherited[0]),
                    "--sockets", Text(inherited[1]), "--boards", _boards.DescriptorText,
            ];
            ProcessId = _start(arguments, inherited, WorkerSignals.Numbers);
        }
        catch (Exception e)
        {
            // Whatever the system lacks just now (processes, descriptors, memory): it is told and tried again, and the others go on.
            CloseLines();
            return $"the process could not be started: {e.Message}";
        }
        Life++;
        State = WorkerState.Starting;
        ReadyUntilMs = nowMs + readyLimitMs;
        Delay.Started();
        _ = Listen(_control, Life);
        byte[] payload = (settings with { Binds = [.. _sockets.Select(socket => socket.Bind)] }).Encode();
        if (_descriptors.TrySend(_sockets))
            _control.TrySend(ControlCommand.Settings, payload);
        else
            Kill();
        CryptographicOperations.ZeroMemory(payload);
        return null;
    }

    /// <summary>It has said that it serves.</summary>
    public void Serves(long nowMs)
    {
        State = WorkerState.Serving;
        Problem = "";
        Delay.Served(nowMs);
        Pulse.Begin();
    }

    /// <summary>The process is gone.</summary>
    public void Ended(int exitCode)
    {
        ExitCode = exitCode;
        ProcessId = 0;
        State = WorkerState.Absent;
        CloseLines();
    }

    public bool Send(ControlCommand command, ReadOnlySpan<byte> payload = default) => _control?.TrySend(command, payload) == true;

    /// <summary>Sends a message with the sockets that belong to it. False when the worker cannot take them.</summary>
    public bool Send(ControlCommand command, IReadOnlyList<ListeningSocket> sockets, ReadOnlySpan<byte> payload) =>
        _descriptors?.TrySend(sockets) == true && Send(command, payload);

    /// <summary>Sends a message with a line that belongs to it; false likewise.</summary>
    public bool Send(ControlCommand command, Socket line, ReadOnlySpan<byte> payload) =>
        _descriptors?.TrySend([(int)line.Handle]) == true && Send(command, payload);

    /// <summary>What the worker refused has been read: it may end.</summary>
    public void CloseLines()
    {
        _control?.Dispose();
        _descriptors?.Dispose();
        (_control, _descriptors) = (null, null);
    }

    public void Kill()
    {
        if (ProcessId != 0)
            _kill(ProcessId);
    }

    /// <summary>Goes over to other addresses: closes the sockets that are not wanted any more.</summary>
    public void ChangeSockets(IReadOnlySet<string> wanted, IReadOnlyList<ListeningSocket> added)
    {
        if (_parkedBinds is not null)
        {
            ListeningSockets.Close(added.Where(static socket => !socket.IsShared));
            added = [.. added.Where(static socket => socket.IsShared)];
            _parkedBinds = [.. wanted.Where(bind => !_sockets.Concat(added).Any(socket => socket.Bind == bind))];
        }
        ListeningSockets.Close(_sockets.Where(socket => !wanted.Contains(socket.Bind)));
        _sockets = [.. _sockets.Where(socket => wanted.Contains(socket.Bind)), .. added];
    }

    /// <summary>Its sockets are closed until the next start.</summary>
    public bool IsParked => _parkedBinds is not null;

    /// <summary>
    /// Nobody serves and nobody will at once: closes the sockets, so that clients are refused instead of left waiting. The next start opens them
    /// anew. Clients of sockets that all workers share wait: those are the other workers' as well.
    /// </summary>
    public void Park()
    {
        if (_parkedBinds is not null)
            return;
        _parkedBinds = [.. _sockets.Where(static socket => !socket.IsShared).Select(static socket => socket.Bind)];
        CloseParked();
    }

    /// <summary>Opens what was parked. Throws <see cref="SocketException"/> when an address cannot be had any more; then none is open.</summary>
    private void Unpark()
    {
        if (_parkedBinds is null)
            return;
        try
        {
            foreach (string bind in _parkedBinds)
                _sockets.Add(ListeningSockets.OpenAgain(bind));
            _parkedBinds = null;
        }
        catch
        {
            CloseParked();
            throw;
        }
    }

    private void CloseParked()
    {
        ListeningSockets.Close(_sockets.Where(static socket => !socket.IsShared));
        _sockets = [.. _sockets.Where(static socket => socket.IsShared)];
    }

    /// <summary>Closes the supervisor's ends of the listening sockets, so that a draining worker's are the last.</summary>
    public void CloseSockets()
    {
        ListeningSockets.Close(_sockets);
        _sockets = [];
    }

    /// <summary>Another process has the listening sockets, and their files: closes the supervisor's ends.</summary>
    public void LeaveSockets()
    {
        ListeningSockets.Leave(_sockets);
        _sockets = [];
    }

    public void Dispose()
    {
        CloseSockets();
        CloseLines();
    }

    private async Task Listen(ControlChannel control, int life)
    {
        while (await control.ReceiveAsync() is { } message)
        {
            if (message.Command == ControlCommand.Answered)
                Answered?.Invoke(message.Payload);
            else
                _events.Put(new SupervisorEvent.WorkerSaid(this, life, message));
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
