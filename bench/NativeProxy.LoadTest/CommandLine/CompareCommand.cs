using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary><c>compare</c> and <c>report</c>: the comparison of proxies and its documents.</summary>
internal static class CompareCommand
{
    private static readonly string[] ScenarioNames = [.. Scenario.All.Select(scenario => scenario.Name)];

    private static readonly string CompareDescription = $"""
        Run the same load through NativeProxy (each engine), HAProxy, nginx, Squid, YARP and a dumb forwarder (the limit), in turn, the proxy
        on one processor, load and origin on the others. In a checkout it first builds what is missing or older than its sources.
        Scenarios: {string.Join(", ", ScenarioNames)}. Contenders: {string.Join(", ", Peers.ContenderNames)}.
        """;

    private static readonly Option<int> Rounds =
        new("--rounds") { Description = "Rounds; medians need at least five.", DefaultValueFactory = _ => 5 };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Measured time of each run.", DefaultValueFactory = _ => 3 };
    private static readonly Option<double> WarmUp = new("--warm-up") { Description = "Seconds before that.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string[]> Scenarios =
        new("--scenario", "-s") { Description = "Only these scenarios.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string[]> Only =
        new("--contender") { Description = "Only these contenders.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> Binary =
        new("--binary") { Description = "NativeProxy binary; default: out/nativeproxy of the checkout.", HelpName = "FILE" };

    private static readonly Option<string?> Baseline = new("--baseline")
    {
        Description = "An earlier NativeProxy binary: runs beside the present one with each of its engines, and the report shows before and after.",
        HelpName = "FILE",
    };

    private static readonly Option<int> Pairs = new("--pairs")
    {
        Description = "Compare with the baseline only, by so many pairs of bursts on two processes that live at once; tells one per cent apart. "
            + "A burst takes --seconds (0.5 unless given). 20 or more.",
    };

    private static readonly Option<string?> Output =
        new("--out") { Description = "Folder of the results; default: perf/results of the checkout.", HelpName = "FOLDER" };
    private static readonly Option<bool> Install =
        new("--install-peers") { Description = "Install missing peers with apt-get; a package may start its service." };
    private static readonly Option<bool> NoBuild = new("--no-build") { Description = "Build nothing; what is there is used as it is." };
    private static readonly Option<bool> Smoke = new("--smoke") { Description = "One short round to see that it runs; results go to out/loadtest." };

    public static Command Make()
    {
        var command = new Command("compare", CompareDescription) { Rounds, Seconds, WarmUp, Scenarios, Only, Binary, Baseline, Pairs, Output, Install,
            NoBuild, Smoke };
        command.SetAction(Run);
        return command;
    }

    public static Command Report()
    {
        var command = new Command("report", "Print the latest results, and make charts and README anew from them.") { Output };
        command.SetAction(asked =>
        {
            string folder = FolderOf(asked, isSmoke: false);
            if (ReportFiles.LatestPath(folder) is not { } path)
                return Refuse($"{folder} holds no results");
            ComparisonReport report = ReportFiles.Read(path);
            ReportFiles.WriteCharts(report, folder);
            Console.Out.WriteLine(ReportTable.Render(report));
            Console.Error.WriteLine($"README: {ReportFiles.WriteReadme(report, folder, path)}");
            return 0;
        });
        return command;
    }

    private static int Run(ParseResult asked)
    {
        bool isSmoke = asked.GetValue(Smoke), mayBuild = !asked.GetValue(NoBuild);
        string[] scenarioNames = asked.GetValue(Scenarios) ?? [], contenderNames = asked.GetValue(Only) ?? [];
        int[] processors = Processors.Allowed();
        string? baseline = asked.GetValue(Baseline) is { } path ? Path.GetFullPath(path) : null;
        if ((Refusal(processors, scenarioNames, contenderNames) ?? BaselineRefusal(baseline, contenderNames)) is { } refusal)
            return Refuse(refusal);
        if (asked.GetValue(Pairs) > 0 && baseline is null)
            return Refuse("--pairs needs --baseline: pairs are of an earlier build and the present one");
        if (asked.GetValue(Install) && Peers.Install() is { } error)
            return Refuse(error);
        if (OwnProgram.Checkout is { } checkout && mayBuild)
        {
            if (asked.GetValue(Binary) is null && Builds.Proxy(checkout) is { } failure)
                return Refuse(failure);
            if (OwnProgram.IsJitted)
                Builds.BecomeNative(checkout);
        }

        Scenario[] scenarios = [.. Scenario.All.Where(scenario => scenarioNames.Length == 0 || scenarioNames.Contains(scenario.Name))];
        var refusals = new List<string>();
        string binary = asked.GetValue(Binary) ?? Path.Combine(OwnProgram.Checkout ?? ".", "out", "nativeproxy");
        List<Contender> contenders = Peers.Find(
            contenderNames.Length > 0 ? contenderNames : Peers.ContenderNames, Path.GetFullPath(binary), baseline, OwnProgram.Checkout, mayBuild,
            refusals);
        // What was asked for by name must not be left out in silence.
        if (contenders.Count == 0 || (contenderNames.Length > 0 && refusals.Count > 0))
            return Refuse(string.Join("; ", refusals));

        RunSettings settings = SettingsOf(asked, processors, isSmoke);
        if (asked.GetValue(Pairs) is > 0 and var pairs)
            return ComparePairs(settings with { Measured = BurstOf(asked) }, scenarios, contenders, Math.Min(pairs, 1000));
        ComparisonReport report = Compare(settings, scenarios, contenders, refusals);
        if (report.Scenarios.Any(scenario => scenario.Failures.Count > 0))
            Console.Error.WriteLine($"files of the runs that failed: {settings.Folder}");
        else
            Directory.Delete(settings.Folder, recursive: true);
        if (report.Scenarios.Count == 0)
            return Refuse("nothing could be run; " + string.Join("; ", report.Refusals));
        return Publish(report, FolderOf(asked, isSmoke), writeReadme: !isSmoke);
    }

    /// <summary>Why nothing can be run honestly as it was asked for, or null.</summary>
    private static string? Refusal(int[] processors, string[] scenarioNames, string[] contenderNames)
    {
        if (processors.Length < 2)
            return "only one processor may be used here; proxy and load would take it from each other";
        if (scenarioNames.Except(ScenarioNames).FirstOrDefault() is { } unknownScenario)
            return $"no scenario \"{unknownScenario}\"; there are {string.Join(", ", ScenarioNames)}";
        if (contenderNames.Except(Peers.ContenderNames).FirstOrDefault() is { } unknownContender)
            return $"no contender \"{unknownContender}\"; there are {string.Join(", ", Peers.ContenderNames)}";
        return Scenario.All.Where(scenario => scenarioNames.Contains(scenario.Name))
            .Select(scenario => scenario.Refusal() is { } refusal ? $"{scenario.Title}: {refusal}" : null).FirstOrDefault(line => line is not null);
    }

    private static string? BaselineRefusal(string? baseline, string[] contenderNames) =>
        baseline is null ? null
        : contenderNames.Length > 0 && !contenderNames.Any(Peers.IsOwn) ? "--baseline needs a contender that is NativeProxy, to be compared with"
        : Peers.BaselineRefusal(baseline) is { } refusal ? "--baseline: " + refusal
        : null;

    private static RunSettings SettingsOf(ParseResult asked, int[] processors, bool isSmoke)
    {
        // The proxy has the last processor, the origin the first; with three or more the load has those between, with two it shares the first.
        int[] load = processors.Length > 2 ? processors[1..^1] : processors[..1];
        return new RunSettings(
            isSmoke ? 1 : Math.Clamp(asked.GetValue(Rounds), 1, 1000),
            TimeSpan.FromSeconds(isSmoke ? 0.2 : Math.Clamp(asked.GetValue(WarmUp), 0, 600)),
            TimeSpan.FromSeconds(isSmoke ? 0.5 : Math.Clamp(asked.GetValue(Seconds), 0.1, 3600)),
            processors[^1..],
            processors[..1],
            load,
            Math.Clamp(load.Length, 1, 8),
            isSmoke ? 3 : 10,
            Directory.CreateTempSubdirectory("loadtest-").FullName);
    }

    private static TimeSpan BurstOf(ParseResult asked) =>
        TimeSpan.FromSeconds(asked.GetResult(Seconds) is { Implicit: false } ? Math.Clamp(asked.GetValue(Seconds), 0.1, 60) : 0.5);

    /// <summary>Prints the table. 1 when something could not be run.</summary>
    private static int ComparePairs(RunSettings settings, Scenario[] scenarios, List<Contender> contenders, int pairs)
    {
        Processors.BindThread(settings.LoadProcessors);
        using RunningServer origin = StartOrigin(settings);
        var measuring = new PairMeasuring(new Measuring(settings, origin), pairs);
        var results = new List<PairResult>();
        bool hasFailed = false;
        foreach (Scenario scenario in scenarios.Where(static scenario => scenario.Kind is ScenarioKind.Cost or ScenarioKind.Feature))
        {
            foreach (Contender present in contenders.Where(static one => Peers.IsOwn(one.Name)))
            {
                try
                {
                    IReadOnlyList<Contender> variants = present.VariantsFor(scenario);
                    Contender baseline = variants.Count > 1
                        ? variants[0]
                        : contenders.First(one => one.Name == NativeProxyContender.BaselineOf(present.Name));
                    results.Add(measuring.Run(baseline, variants[^1], scenario));
                }
                catch (CannotRunException failure)
                {
                    Console.Error.WriteLine($"  FAILED {present.Name}, {scenario.Title}: {failure.Message}");
                    hasFailed = true;
                }
            }
        }
        Console.Out.WriteLine(PairTable.Render(results));
        Directory.Delete(settings.Folder, recursive: true);
        return hasFailed || results.Count == 0 ? 1 : 0;
    }

    private static RunningServer StartOrigin(RunSettings settings) =>
        RunningServer.Origin(RunningServer.FreeEndPoint(), Path.Combine(settings.Folder, "origin"), settings);

    private static ComparisonReport Compare(RunSettings settings, Scenario[] scenarios, List<Contender> contenders, List<string> refusals)
    {
        File.SetUnixFileMode(settings.Folder, (UnixFileMode)0b111_101_101);
        Processors.BindThread(settings.LoadProcessors);
        using RunningServer origin = StartOrigin(settings);
        var comparison = new Comparison(settings, origin, contenders);
        var report = new ComparisonReport
        {
            TakenAt = DateTime.UtcNow,
            Machine = Machine.Describe(),
            Contenders = comparison.Describe(scenarios[0]),
            Refusals = refusals,
            Run = new RunInfo
            {
                Rounds = settings.Rounds,
                Seconds = settings.Measured.TotalSeconds,
                WarmUpSeconds = settings.WarmUp.TotalSeconds,
                ProxyProcessors = settings.ProxyProcessors,
                LoadProcessors = [.. settings.OriginProcessors.Union(settings.LoadProcessors)],
                LoadThreads = settings.LoadThreads,
            },
        };
        comparison.Run(scenarios, report);
        return report;
    }

    private static int Publish(ComparisonReport report, string folder, bool writeReadme)
    {
        Console.Out.WriteLine(ReportTable.Render(report));
        string path = ReportFiles.Write(report, folder);
        Console.Error.WriteLine($"results: {path}");
        if (writeReadme)
            Console.Error.WriteLine($"README: {ReportFiles.WriteReadme(report, folder, path)}");
        return report.Scenarios.Any(scenario => scenario.Failures.Count > 0) ? 1 : 0;
    }

    private static string FolderOf(ParseResult asked, bool isSmoke)
    {
        string checkout = OwnProgram.Checkout ?? ".";
        return Path.GetFullPath(asked.GetValue(Output)
            ?? (isSmoke ? Path.Combine(checkout, "out", "loadtest") : Path.Combine(checkout, "perf", "results")));
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine("refused: " + reason);
        return 2;
    }
}
