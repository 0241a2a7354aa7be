using System;
using System.Collections.Generic;
using System.IO;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Opens, or takes over from the process before, what a <see cref="Supervisor"/> needs, and puts it together. Main thread; stateless.
/// </summary>
internal static class SupervisorStart
{
    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(SettingsText source, in ProxySettings settings, TlsFiles files, int workers, ServiceManager manager, Predecessor before,
        ErrorLog log)
    {
        var errors = new List<string>();
        List<ListeningSocket>[] sockets = ListeningSockets.Open(settings, before.Binds, workers, errors, before.TakeListening);
        errors.AddRange(before.Left);
        using AdminEndpoint? admin = errors.Count == 0 ? AdminEndpoint.Open(settings.Admin, errors, before) : null;
        if (errors.Count > 0)
        {
            ListeningSockets.CloseAll(sockets);
            return StartFailure.Report(log, errors);
        }
        try
        {
            using Boards boards = before.TakeBoards(workers) ?? Boards.CreateShared(workers);
            var events = new SupervisorEvents();
            var service = new ServiceState { ConfigPath = source.Path };
            AdminEndpoint.Show(service, settings, source.Bytes, files);
            using var health = new HealthChecks(boards.OfTraffic, log, changed: () => events.Put(new SupervisorEvent.HealthChanged()));
            Action follow = () => events.Put(new SupervisorEvent.Wished(OperatorWish.FollowNames));
            using var discovery = new ServerDiscovery(log, follow) { Remembered = before.Found };
            using var names = new ServerNames(boards.Counters.Row(0), log, follow) { Remembered = before.Names };
            DiscoveredServers found = discovery.Follow(settings);
            ProxySettings whole = found.AddTo(settings);
            ServerEndPoints endPoints = names.Follow(whole);
            before.ShowServers(boards, whole);
            health.Apply(whole, files, endPoints);
            using var pidFile = new PidFile(settings.Runtime.PidFile, isLater: before.IsThere);
            _ = new ProcessSignals(wish => events.Put(new SupervisorEvent.Wished(wish)), name => events.Put(new SupervisorEvent.SignalIgnored(name)));
            using var certificates = new CertificateWatch(service, log, TimeProvider.System);
            certificates.Follow(settings, files);
            using var tickets = new TicketKeeper(() => events.Put(new SupervisorEvent.TicketsRotated()), before.Tickets);
            var children = new ChildProcesses((processId, exitCode) => events.Put(new SupervisorEvent.ChildEnded(processId, exitCode)));
            children.Begin();
            var crew = new WorkerCrew(WorkerSlot.Make(sockets, before.RowsOn(boards), settings.Runtime.User.Length > 0, boards, children, events),
                new SettingsMessage(source.Path, [], endPoints.ToLine(), source.Bytes, source.Bytes)
                {
                    Found = found.ToLine(), Files = files, Tickets = tickets.Follow(settings, files).ToLine(),
                    LogLevel = log.Level,
                },
                boards, service, tickets, log);
            using var supervisor = new Supervisor(
                source, settings, crew, boards.Counters, health, discovery, names, service, events, admin, manager, log)
            {
                Certificates = certificates, Before = before, Admin = admin,
                Upgrade = new UpgradeSteps(children, boards, discovery, names, admin, manager, service, log),
            };
            AdminPowers powers = AdminEndpoint.PowersOf(
                health, log, wish => events.Put(new SupervisorEvent.Wished(wish)), new AskedWorkers(crew.Slots).Ask);
            return supervisor.Run(pidFile, () => admin?.Serve(boards, service, powers));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StartFailure.Report(log, [e.Message]);
        }
    }
}
