using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// One run of one contender in a scenario of <see cref="ScenarioKind.Slots"/>: servers of its own, all clients at once, one request each, until all
/// are served; measured the second time, so that no program pays for its first memory. Throws <see cref="CannotRunException"/> when one is not, or
/// when a server had more at work than it has slots.
/// </summary>
internal sealed class SlotMeasuring(RunSettings settings, Measuring measuring)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public Measurement Run(Contender contender, Scenario scenario, int round)
    {
        ContenderSetup setup = measuring.Prepare(contender, scenario);
        var servers = new List<RunningServer>();
        try
        {
            foreach (IPEndPoint server in setup.Servers!)
                servers.Add(RunningServer.Origin(server, Path.Combine(setup.Folder, $"server-{servers.Count}"), settings));
            using RunningServer proxy = measuring.Start(contender, setup);
            LoadPlan plan = measuring.PlanOf(contender, scenario, proxy);
            if (settings.WarmUp > TimeSpan.Zero)
                Measure(plan, contender.Way, proxy, servers);
            Measurement figures = Measure(plan, contender.Way, proxy, servers) with { Round = round };
            Directory.Delete(setup.Folder, recursive: true);
            return figures;
        }
        finally
        {
            servers.ForEach(static server => server.Dispose());
        }
    }

    private static Measurement Measure(LoadPlan plan, SlotWay way, RunningServer proxy, List<RunningServer> servers)
    {
        List<int> members = ProcessTree.Members(proxy.ProcessId);
        ProcessorTime before = ProcessTree.Time(members);
        long startNs = LoadThread.NowNs();
        LoadRun run = LoadRun.Start(plan);
        run.Sleep(Longest);
        double tookMs = (LoadThread.NowNs() - startNs) / 1e6;
        ProcessorTime used = ProcessTree.Time(members) - before;
        LoadResult result = run.Stop();
        if (result.Failures.Count > 0)
            throw new CannotRunException(string.Join("; ", result.Failures));
        if (result.Completed != plan.Connections)
            throw new CannotRunException($"{result.Completed} of {plan.Connections} clients were served");
        long atOnce = servers.Max(static server => server.OriginAtOnceMax());
        if (atOnce > Scenario.SlotsOfServer)
            throw new CannotRunException($"a server of {Scenario.SlotsOfServer} slots had {atOnce} requests at once");
        return new Measurement
        {
            Round = 0,
            TookMs = tookMs,
            IdealMs = way.IdealMs(plan.Connections),
            AtOnceMax = atOnce,
            RequestsPerSecond = result.Completed * 1000 / tookMs,
            P50Us = result.LatencyNs.Percentile(50) / 1e3,
            P99Us = result.LatencyNs.Percentile(99) / 1e3,
            MaxUs = result.LatencyNs.Max / 1e3,
            CpuUs = used.Total * 1e6 / result.Completed,
            Answered = result.Completed,
            ClientConnections = result.Opened,
        };
    }
}
