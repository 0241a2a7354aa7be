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
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// Opens, or takes over from the process before, what a <see cref="SingleProcess"/> needs, and puts it together. Main thread; stateless.
/// </summary>
internal static class SingleStart
{
    /// <summary>A loop that has shown no turn for so long is not taken for alive.</summary>
    private const long LoopRestMsMax = 2000;

    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(SettingsText source, in ProxySettings settings, TlsFiles files, TrafficSecurity security, ServiceManager manager,
        Predecessor before, ErrorLog log)
    {
        var errors = new List<string>();
        List<ListeningSocket>[] sockets = ListeningSockets.Open(settings, before.Binds, workerCount: 1, errors, before.TakeListening);
        errors.AddRange(before.Left);
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors, before) : null;
        if (errors.Count > 0)
        {
            ListeningSockets.CloseAll(sockets);
            return StartFailure.Report(log, errors);
        }
        List<ListeningSocket> listening = [.. sockets[0]];
        using Boards boards = before.TakeBoards(1) ?? Boards.CreateShared(1);
        int row = before.RowsOn(boards)[0];
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
            AdminEndpoint.Show(service, settings, source.Bytes, files);
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
            {
                TakeOver(before, worker, [.. listening, .. AdminEndpoint.ListeningOf(admin)]);
                health.Serve(settings);
                pidFile.TakeOver(log);
            }
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
                Before = before,
            }.RunAsync(wishes.Reader).GetAwaiter().GetResult();
            boards.EndWorker(row, Environment.ProcessId);
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

    /// <summary>The process before this one leaves; its client connections come.</summary>
    private static void TakeOver(Predecessor before, Worker worker, IEnumerable<ListeningSocket> sockets)
    {
        foreach (Socket line in before.Follow())
            worker.TakeClients(line);
        ListeningSockets.TakeFiles(sockets);
        before.Dispose();
    }
}
