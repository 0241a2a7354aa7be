using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting;

/// <summary>What the supervisor passes to a worker process on its command line.</summary>
/// <param name="Index">0-based number of the worker.</param>
/// <param name="Count">How many workers there are.</param>
/// <param name="Control">Descriptor of the control line.</param>
/// <param name="Listen">Inherited listening sockets: "listener index:descriptor" joined by commas.</param>
/// <param name="Board">Path of the shared counters.</param>
internal sealed record WorkerArguments(int Index, int Count, int Control, string Listen, string Board);

/// <summary>
/// A worker process: takes over its listening sockets, gets the settings over the control line, runs one loop bound to one core, and
/// obeys the supervisor. When the supervisor is gone it finishes its exchanges and ends as well.
/// </summary>
internal static class WorkerProcess
{
    public static int Run(WorkerArguments arguments)
    {
        IgnoreTerminalSignals();
        LinuxProcess.PinToProcessor(arguments.Index % Environment.ProcessorCount);
        ErrorLog log = ErrorLog.Stderr;
        using var control = new ControlLine(new Socket(new SafeSocketHandle(arguments.Control, ownsHandle: true)));
        if (!control.TryReceive(out ControlCommand command, out byte[] payload) || command != ControlCommand.Settings)
            return ExitCodes.Failure;
        if (!TryReadSettings(payload, out ProxySettings settings))
            return ExitCodes.BadConfiguration;
        var errors = new List<string>();
        IPEndPoint[][] servers = ServerAddresses.Resolve(settings, errors);
        if (errors.Count > 0)
            return StartFailure.Report(log, errors);
        using CounterBoard board = CounterBoard.Attach(arguments.Board);
        board.Row(arguments.Index).ClearGauges();
        try
        {
            using var worker = new Worker(settings, servers, arguments.Index, arguments.Count, board.Row(arguments.Index), log);
            worker.Start(TakeOver(arguments.Listen));
            return Obey(control, worker, TimeSpan.FromMilliseconds(settings.Runtime.DrainTimeoutMs));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }

    private static int Obey(ControlLine control, Worker worker, TimeSpan drainLimit)
    {
        while (control.TryReceive(out ControlCommand command, out _))
        {
            if (command == ControlCommand.Drain)
                break;
            if (command == ControlCommand.ReopenLogs)
                worker.ReopenLog();
        }
        return worker.Drain(drainLimit) ? ExitCodes.Success : ExitCodes.CutShort;
    }

    /// <summary>Ctrl-C reaches the whole process group; the supervisor alone decides what it means.</summary>
    private static void IgnoreTerminalSignals() =>
        System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, signal => signal.Cancel = true);

    private static bool TryReadSettings(byte[] payload, out ProxySettings settings)
    {
        int lineEnd = Array.IndexOf(payload, (byte)'\n');
        SettingsResult result = SettingsFile.Parse(Encoding.UTF8.GetString(payload, 0, lineEnd), payload.AsSpan(lineEnd + 1));
        settings = result.IsOk ? result.Settings : default;
        return result.IsOk;
    }

    private static List<ListeningSocket> TakeOver(string listen)
    {
        var sockets = new List<ListeningSocket>();
        foreach (string entry in listen.Split(','))
        {
            int colon = entry.IndexOf(':', StringComparison.Ordinal);
            int listener = int.Parse(entry.AsSpan(0, colon), provider: CultureInfo.InvariantCulture);
            int descriptor = int.Parse(entry.AsSpan(colon + 1), provider: CultureInfo.InvariantCulture);
            sockets.Add(new ListeningSocket(listener, new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))));
        }
        return sockets;
    }
}
