using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary><c>compare</c> and <c>report</c>: the comparison of proxies and its documents.</summary>
internal static class CompareCommand
{
    private static readonly string CompareDescription = $"""
        Run the same load through NativeProxy (each engine), HAProxy, nginx, Squid and a dumb forwarder (the limit), in turn, the proxy on
        one processor, load and origin on the others. Scenarios: {string.Join(", ", Scenario.All.Select(scenario => scenario.Name))}.
        """;

    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds; medians need at least five.", DefaultValueFactory = _ => 5 };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Measured time of each run.", DefaultValueFactory = _ => 3 };
    private static readonly Option<double> WarmUp = new("--warm-up") { Description = "Seconds before that.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string[]> Scenarios = new("--scenario", "-s") { Description = "Only these scenarios.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string[]> Only = new("--contender") { Description = "Only these contenders.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> Binary = new("--binary") { Description = "NativeProxy binary; default: out/nativeproxy of the checkout.", HelpName = "FILE" };
    private static readonly Option<string?> Output = new("--out") { Description = "Folder of the results; default: perf/results of the checkout.", HelpName = "FOLDER" };
    private static readonly Option<bool> Install = new("--install-peers") { Description = "Install missing peers with apt-get; a package may start its service." };
    private static readonly Option<bool> Smoke = new("--smoke") { Description = "One short round to see that it runs; results go to out/loadtest." };

    public static Command Make()
    {
        var command = new Command("compare", CompareDescription) { Rounds, Seconds, WarmUp, Scenarios, Only, Binary, Output, Install, Smoke };
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
        bool isSmoke = asked.GetValue(Smoke);
        int[] processors = Processors.Allowed();
        if (processors.Length < 2)
            return Refuse("only one processor may be used here; proxy and load would take it from each other");
        if (asked.GetValue(Install) && Peers.Install() is { } error)
            return Refuse(error);
        string[] names = asked.GetValue(Scenarios) ?? [];
        Scenario[] scenarios = [.. Scenario.All.Where(scenario => names.Length == 0 || names.Contains(scenario.Name))];
        if (names.FirstOrDefault(name => Scenario.All.All(scenario => scenario.Name != name)) is { } unknown)
            return Refuse($"no scenario \"{unknown}\"; there are {string.Join(", ", Scenario.All.Select(scenario => scenario.Name))}");

        var refusals = new List<string>();
        string binary = asked.GetValue(Binary) ?? Path.Combine(OwnProgram.Checkout ?? ".", "out", "nativeproxy");
        List<Contender> contenders = Peers.Find(Path.GetFullPath(binary), refusals);
        string[] only = asked.GetValue(Only) ?? [];
        if (only.Length > 0)
            contenders.RemoveAll(contender => !only.Contains(contender.Name));
        if (contenders.Count == 0)
            return Refuse("no contender; " + string.Join("; ", refusals));

        RunSettings settings = SettingsOf(asked, processors, isSmoke);
        ComparisonReport report = Compare(settings, scenarios, contenders, refusals);
        if (report.Scenarios.Any(scenario => scenario.Failures.Count > 0))
            Console.Error.WriteLine($"files of the runs that failed: {settings.Folder}");
        else
            Directory.Delete(settings.Folder, recursive: true);
        if (report.Scenarios.Count == 0)
            return Refuse("nothing could be run; " + string.Join("; ", report.Refusals));
        return Publish(report, FolderOf(asked, isSmoke), writeReadme: !isSmoke);
    }

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
            Directory.CreateTempSubdirectory("loadtest-").FullName);
    }

    private static ComparisonReport Compare(RunSettings settings, Scenario[] scenarios, List<Contender> contenders, List<string> refusals)
    {
        File.SetUnixFileMode(settings.Folder, (UnixFileMode)0b111_101_101);
        Processors.BindThread(settings.LoadProcessors);
        var endPoint = RunningServer.FreeEndPoint();
        using RunningServer origin = RunningServer.Start(
            [.. OwnProgram.Command, "origin", "--listen", endPoint.ToString()], endPoint, Path.Combine(settings.Folder, "origin"),
            settings.OriginProcessors, settings.LoadProcessors);
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
        return Path.GetFullPath(asked.GetValue(Output) ?? (isSmoke ? Path.Combine(checkout, "out", "loadtest") : Path.Combine(checkout, "perf", "results")));
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine("refused: " + reason);
        return 2;
    }
}
