using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting;

/// <summary>
/// Supervisor and worker in one process: for one worker, the demo, debugging and tracing. The main thread waits for signals; the loop
/// does the work.
/// </summary>
internal static class SingleProcess
{
    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(in ProxySettings settings, ErrorLog log)
    {
        var errors = new List<string>();
        IPEndPoint[][] servers = ServerAddresses.Resolve(settings, errors);
        List<ListeningSocket>[] sockets = errors.Count == 0 ? ListeningSockets.Open(settings, workerCount: 1, errors) : [];
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors) : null;
        if (errors.Count > 0)
            return StartFailure.Report(log, errors);
        using var board = CounterBoard.CreatePrivate(1);
        try
        {
            using var worker = new Worker(settings, servers, 0, 1, board.Row(0), log);
            using var signals = new ProcessSignals();
            using var pidFile = new PidFile(settings.Runtime.PidFile);
            worker.Start(sockets[0]);
            admin?.Start(worker.Loop, board);
            log.Info(StartLine.Of(settings, workers: 1));
            return WaitForEnd(worker, signals, TimeSpan.FromMilliseconds(settings.Runtime.DrainTimeoutMs), log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }

    private static int WaitForEnd(Worker worker, ProcessSignals signals, TimeSpan drainLimit, ErrorLog log)
    {
        while (true)
        {
            signals.TryWait(Timeout.InfiniteTimeSpan, out OperatorWish wish);
            switch (wish)
            {
                case OperatorWish.ReopenLogs:
                    worker.ReopenLog();
                    log.Info("access log opened anew");
                    break;
                case OperatorWish.Drain:
                    log.Info($"stopping: no new connections; running exchanges have {drainLimit.TotalSeconds:0.###} s to finish");
                    return Drain(worker, signals, drainLimit, log);
                default:
                    return ExitCodes.CutShort;
            }
        }
    }

    private static int Drain(Worker worker, ProcessSignals signals, TimeSpan limit, ErrorLog log)
    {
        Task<bool> drain = Task.Run(() => worker.Drain(limit));
        while (!drain.IsCompleted)
        {
            if (signals.TryWait(TimeSpan.FromMilliseconds(10), out OperatorWish wish) && wish == OperatorWish.ExitNow)
            {
                log.Warn("stopped at once by a second signal");
                return ExitCodes.CutShort;
            }
        }
        if (!drain.Result)
        {
            log.Warn("the drain time ran out; the remaining connections are cut");
            return ExitCodes.CutShort;
        }
        log.Info("stopped: all exchanges finished");
        return ExitCodes.Success;
    }
}
