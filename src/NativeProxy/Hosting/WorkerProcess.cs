using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>What the supervisor passes to a worker process on its command line.</summary>
/// <param name="Index">0-based number of the worker.</param>
/// <param name="Count">How many workers there are.</param>
/// <param name="Control">Descriptor of the control line.</param>
/// <param name="Listen">Inherited listening sockets: "descriptor=address" joined by commas.</param>
/// <param name="Boards">Descriptors of the shared boards (<see cref="Hosting.Boards.DescriptorText"/>).</param>
internal sealed record WorkerArguments(int Index, int Count, int Control, string Listen, string Boards);

/// <summary>
/// A worker process: takes over its listening sockets, gets the settings over the control line, runs one loop bound to one core, and
/// obeys the supervisor. When the supervisor is gone it finishes its exchanges and ends as well.
/// </summary>
internal static class WorkerProcess
{
    public static int Run(WorkerArguments arguments)
    {
        LeaveSignalsToSupervisor();
        LinuxProcess.PinToProcessor(arguments.Index % Environment.ProcessorCount);
        ErrorLog log = ErrorLog.Stderr;

        // Open until the process is gone: closing it would wait for the thread that listens to it.
        var control = new ControlLine(new Socket(new SafeSocketHandle(arguments.Control, ownsHandle: true)));
        if (!control.TryReceive(out ControlCommand command, out byte[] payload) || command != ControlCommand.Settings)
            return ExitCodes.Failure;
        if (!SettingsMessage.Decode(payload).TryParse(out ProxySettings settings, out ServerEndPoints endPoints))
            return ExitCodes.BadConfiguration;
        using Boards boards = Boards.Attach(arguments.Boards);
        boards.BeginWorker(arguments.Index);
        try
        {
            using var worker = new Worker(settings, new WorkerPlace(arguments.Index, arguments.Count), boards.Counters.Row(arguments.Index), boards.Closes.Ring(arguments.Index), boards.Servers, boards.Changes, log);
            worker.Start(settings, endPoints, TakeOver(arguments.Listen));
            long drainLimitMs = Obey(control, worker, settings.Runtime.DrainTimeoutMs, log);
            worker.BeginDrain();
            if (worker.WaitDrained(TimeSpan.FromMilliseconds(drainLimitMs), ListenForCut(control)))
                return ExitCodes.Success;
            worker.Cut();
            return ExitCodes.CutShort;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }

    /// <summary>Obeys until the worker is to end. Returns how long it may drain, in ms.</summary>
    private static long Obey(ControlLine control, Worker worker, long drainLimitMs, ErrorLog log)
    {
        while (control.TryReceive(out ControlCommand command, out byte[] payload) && command != ControlCommand.Drain)
        {
            if (command == ControlCommand.ReopenLogs)
                worker.ReopenLog();
            else if (command == ControlCommand.FollowHealth)
                worker.FollowHealth();
            else if (command == ControlCommand.Settings)
                drainLimitMs = Reload(control, worker, SettingsMessage.Decode(payload), log) ?? drainLimitMs;
        }
        return drainLimitMs;
    }

    /// <summary>
    /// While the worker drains: is set when the supervisor says that it is to stop at once. A supervisor that is gone says nothing more, and the
    /// drain goes on without it.
    /// </summary>
    private static ManualResetEvent ListenForCut(ControlLine control)
    {
        var cut = new ManualResetEvent(initialState: false);
        var listener = new Thread(() =>
        {
            while (control.TryReceive(out ControlCommand command, out _))
            {
                if (command == ControlCommand.Cut)
                    cut.Set();
            }
        });
        listener.IsBackground = true;
        listener.Name = "control line";
        listener.Start();
        return cut;
    }

    /// <summary>Goes over to other settings. Returns their drain time, or null when they could not be used.</summary>
    private static long? Reload(ControlLine control, Worker worker, SettingsMessage message, ErrorLog log)
    {
        List<ListeningSocket> sockets = control.ReceiveSockets(message.Binds);
        if (!message.TryParse(out ProxySettings settings, out ServerEndPoints endPoints))
        {
            // Nothing received is left open and unserved.
            foreach (ListeningSocket socket in sockets)
                socket.Socket.Dispose();
            log.Error("a worker could not take over the new settings; it goes on with those that it has");
            return null;
        }
        worker.Reload(settings, endPoints, sockets);
        return settings.Runtime.DrainTimeoutMs;
    }

    /// <summary>Ctrl-C and a lost terminal reach the whole process group; the supervisor alone decides what they mean.</summary>
    private static void LeaveSignalsToSupervisor()
    {
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);
    }

    private static List<ListeningSocket> TakeOver(string listen)
    {
        var sockets = new List<ListeningSocket>();
        foreach (string entry in listen.Split(','))
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            int descriptor = int.Parse(entry.AsSpan(0, equals), provider: CultureInfo.InvariantCulture);
            sockets.Add(new ListeningSocket(entry[(equals + 1)..], new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))));
        }
        return sockets;
    }
}
