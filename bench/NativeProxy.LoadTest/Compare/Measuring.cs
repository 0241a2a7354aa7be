using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// One run of one contender in one scenario, from its start to its end: started fresh, warmed up, measured, stopped. Throws
/// <see cref="CannotRunException"/> when it fails or answers wrongly.
/// </summary>
internal sealed class Measuring(RunSettings settings, RunningServer origin)
{
    private static readonly TimeSpan SettleMax = TimeSpan.FromSeconds(30);

    public Measurement Run(Contender contender, Scenario scenario, double ratePerSecond, int round)
    {
        switch (scenario.Kind)
        {
            case ScenarioKind.Start:
                return MeasureStarts(contender, scenario, round);
            case ScenarioKind.Allocation:
                return MeasureAllocation(contender, scenario, round);
            case ScenarioKind.Slots:
                return new SlotMeasuring(settings, this).Run(contender, scenario, round);
        }
        ContenderSetup setup = Prepare(contender, scenario);
        Measurement figures;
        long answered;
        long originBefore = origin.OriginConnections();
        using (RunningServer proxy = Start(contender, setup))
        {
            LoadPlan plan = PlanOf(contender, scenario, proxy) with { RatePerSecond = ratePerSecond };
            figures = scenario.Kind == ScenarioKind.Herd ? MeasureHerd(plan, proxy, out answered)
                : MeasureLoad(plan, proxy, contender.WarmUpMin > settings.WarmUp ? contender.WarmUpMin : settings.WarmUp, out answered);
            figures = figures with { Round = round, OriginConnections = origin.OriginConnections() - originBefore - 1 };
        }
        if (scenario.HasAccessLog)
            CheckLog(setup, answered);
        Directory.Delete(setup.Folder, recursive: true);
        return figures;
    }

    /// <summary>Why the contender does not accept the configuration that the scenario needs, or null.</summary>
    public string? ConfigurationRefusal(Contender contender, Scenario scenario)
    {
        ContenderSetup setup = Prepare(contender, scenario);
        string? refusal = contender.ConfigurationRefusal(setup);
        Directory.Delete(setup.Folder, recursive: true);
        return refusal;
    }

    /// <summary>Counts system calls under strace, which slows the proxy down; so nothing else is measured meanwhile.</summary>
    public SyscallFigures? CountSyscalls(Contender contender, Scenario scenario, string stracePath)
    {
        ContenderSetup setup = Prepare(contender, scenario);
        using RunningServer proxy = Start(contender, setup);
        LoadPlan plan = PlanOf(contender, scenario, proxy);
        plan = plan with { RequestsMax = Math.Clamp(plan.Connections * 40L, 3_000, 40_000), AnswerMsMax = 60_000 };
        using var count = SyscallCount.Begin(stracePath, proxy.ProcessId, setup.Folder, settings);
        LoadResult result = LoadRun.Whole(plan, TimeSpan.Zero, TimeSpan.FromSeconds(60), out _, out _);
        if (result.Failures.Count > 0)
            throw new CannotRunException("under strace: " + result.Failures[0]);
        return count.End(result.Completed);
    }

    /// <summary>The configuration that a scenario needs, for the report.</summary>
    public ContenderSetup SetupOf(Contender contender, Scenario scenario, string folder) => new(
        RunningServer.FreeEndPoint(), origin.EndPoint, ConnectionsMax(scenario), Path.Combine(folder, contender.Name), scenario.HasAccessLog,
        scenario.Kind == ScenarioKind.Allocation ? RunningServer.FreeEndPoint() : null, scenario.ServerPipelining,
        scenario.Use, scenario.Ways.IsEmpty ? null : [.. Enumerable.Range(0, contender.Way.Servers).Select(_ => RunningServer.FreeEndPoint())],
        scenario.Plan.IsTls);

    /// <summary>Far more than the scenario needs, as an operator would allow: at their limits proxies give up idle server connections.</summary>
    private static int ConnectionsMax(Scenario scenario) =>
        Math.Max(scenario.Plan.Connections + 100, Math.Min(4000 + (2 * scenario.Plan.Connections), (Processors.DescriptorsMax() - 300) / 2));

    /// <summary>The load that a scenario makes on a running contender.</summary>
    public LoadPlan PlanOf(Contender contender, Scenario scenario, RunningServer proxy) =>
        contender.PlanOf(scenario) with { Target = proxy.EndPoint, Threads = Math.Min(settings.LoadThreads, scenario.Plan.Connections) };

    /// <summary>Lays out the contender's files.</summary>
    public ContenderSetup Prepare(Contender contender, Scenario scenario)
    {
        ContenderSetup setup = SetupOf(contender, scenario, settings.Folder);
        if (Directory.Exists(setup.Folder))
            Directory.Delete(setup.Folder, recursive: true);
        // Squid and nginx may give up root; what they write lies here.
        Directory.CreateDirectory(setup.Folder);
        File.SetUnixFileMode(setup.Folder, (UnixFileMode)0b111_111_111);
        if (setup.IsTls)
            OwnCertificate.Write(setup.CertificatePath);
        File.WriteAllText(setup.ConfigurationPath, contender.Configuration(setup));
        return setup;
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public RunningServer Start(Contender contender, ContenderSetup setup) =>
        RunningServer.Start(contender.Command(setup), setup.Listen, setup.OutputPath, settings.ProxyProcessors, settings.LoadProcessors,
            setup.IsTls);

    /// <summary>Loads a running contender for the measured time.</summary>
    public Measurement MeasureLoad(LoadPlan plan, RunningServer proxy, TimeSpan warmUp, out long answered)
    {
        LoadRun run = LoadRun.Start(plan);
        bool isSettled = run.WaitUntilSettled(SettleMax);
        run.Sleep(warmUp);
        run.BeginMeasuring();
        List<int> members = ProcessTree.Members(proxy.ProcessId);
        ProcessorTime before = ProcessTree.Time(members);
        long countBefore = run.Completed;
        long startNs = LoadThread.NowNs();
        run.Sleep(settings.Measured);
        long count = run.Completed - countBefore;
        double seconds = (LoadThread.NowNs() - startNs) / 1e9;
        ProcessorTime used = ProcessTree.Time(members) - before;
        long residentBytes = ProcessTree.ResidentBytes(proxy.ProcessId);
        LoadResult result = run.Stop();
        Demand(isSettled, result, plan);
        if (count == 0)
            throw new CannotRunException($"not one answer in {seconds:F1} s");
        answered = result.Completed;
        double cpuUs = used.Total * 1e6 / count;
        return new Measurement
        {
            Round = 0,
            RequestsPerSecond = count / seconds,
            P50Us = result.LatencyNs.Percentile(50) / 1e3,
            P99Us = result.LatencyNs.Percentile(99) / 1e3,
            P999Us = result.LatencyNs.Percentile(99.9) / 1e3,
            MaxUs = result.LatencyNs.Max / 1e3,
            CpuUs = cpuUs,
            CpuSystemUs = cpuUs * used.SystemShare,
            CpuUserUs = cpuUs * (1 - used.SystemShare),
            Busy = used.Total / seconds / settings.ProxyProcessors.Length,
            ResidentBytes = residentBytes,
            Answered = result.Completed,
            ClientConnections = result.Opened,
        };
    }

    /// <summary>Starts it many times, each time anew, on a port of its own.</summary>
    private Measurement MeasureStarts(Contender contender, Scenario scenario, int round)
    {
        var listeningMs = new List<double>();
        var answeredMs = new List<double>();
        for (int i = 0; i < settings.Starts; i++)
        {
            ContenderSetup setup = Prepare(contender, scenario);
            using (StartTime.Measure(contender, setup, settings, out double listening, out double answered))
            {
                listeningMs.Add(listening);
                answeredMs.Add(answered);
            }
            Directory.Delete(setup.Folder, recursive: true);
        }
        return new Measurement { Round = round, ListeningMs = Spread.Of(listeningMs).Median, ListeningMsMax = listeningMs.Max(),
            AnsweredMs = Spread.Of(answeredMs).Median };
    }

    private Measurement MeasureAllocation(Contender contender, Scenario scenario, int round)
    {
        ContenderSetup setup = Prepare(contender, scenario);
        double bytes;
        using (RunningServer proxy = Start(contender, setup))
            bytes = AllocationProbe.BytesPerRequest(PlanOf(contender, scenario, proxy), setup.Admin!);
        Directory.Delete(setup.Folder, recursive: true);
        return new Measurement { Round = round, AllocatedBytesPerRequest = bytes };
    }

    private static Measurement MeasureHerd(LoadPlan plan, RunningServer proxy, out long answered)
    {
        // Some load first, so that memory which every proxy takes once is not counted as that of idle connections.
        LoadResult warm = LoadRun.Whole(plan with { IsHerd = false, Connections = 64, Threads = 1 }, TimeSpan.Zero, TimeSpan.FromSeconds(0.5), out _,
            out _);
        Demand(true, warm, plan);
        long before = ProcessTree.ResidentBytes(proxy.ProcessId);
        LoadRun run = LoadRun.Start(plan);
        bool isSettled = run.WaitUntilSettled(SettleMax);
        run.Sleep(TimeSpan.FromSeconds(1));
        long after = ProcessTree.ResidentBytes(proxy.ProcessId);
        LoadResult result = run.Stop();
        Demand(isSettled, result, plan);
        if (result.HerdLost > 0)
            throw new CannotRunException($"{result.HerdLost} idle connections were closed by the proxy");
        answered = result.Completed;
        return new Measurement { Round = 0, ResidentBytes = after, ResidentBytesPerConnection = (double)(after - before) / plan.Connections };
    }

    private static void Demand(bool isSettled, LoadResult result, LoadPlan plan)
    {
        if (result.Failures.Count > 0)
            throw new CannotRunException(string.Join("; ", result.Failures));
        if (!isSettled)
            throw new CannotRunException($"{plan.Connections} connections could not be opened in {SettleMax.TotalSeconds} s");
    }

    /// <summary>A contender that logs less than it answers has not done the work.</summary>
    private static void CheckLog(ContenderSetup setup, long answered)
    {
        string path = new[] { setup.AccessLogPath, setup.OutputPath }.First(File.Exists);
        long lines = File.ReadLines(path).LongCount();
        if (lines < answered)
            throw new CannotRunException($"{answered} requests were answered, but the access log has {lines} lines");
    }
}

/// <summary>How long, where and with how many threads runs are made.</summary>
/// <param name="Starts">How often a contender is started in one run of a start scenario.</param>
/// <param name="Folder">For the files of the contenders.</param>
internal sealed record RunSettings(
    int Rounds, TimeSpan WarmUp, TimeSpan Measured, int[] ProxyProcessors, int[] OriginProcessors, int[] LoadProcessors, int LoadThreads, int Starts,
    string Folder);
