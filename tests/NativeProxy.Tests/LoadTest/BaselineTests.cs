using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;
using NativeProxy.LoadTest.Report;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>An earlier build runs beside the present one with the same configuration, and the report says what became of each figure.</summary>
[SupportedOSPlatform("linux")]
public sealed class BaselineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("baseline-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(new[] { "nativeproxy-saea", "nativeproxy-epoll" },
        new[] { "baseline-saea", "nativeproxy-saea", "baseline-epoll", "nativeproxy-epoll" })]
    [InlineData(new[] { "nativeproxy-epoll", "limit" }, new[] { "baseline-epoll", "nativeproxy-epoll", "limit" })]
    [InlineData(new[] { "limit" }, new[] { "limit" })]
    public void Baseline_RunsWithTheEnginesThatThePresentBuildRunsWith(string[] asked, string[] expected)
    {
        string binary = Program("present", "exit 0");
        var refusals = new List<string>();
        List<Contender> found = Peers.Find(asked, binary, Program("earlier", "exit 0"), checkout: null, mayBuild: false, refusals, locate: _ => null);
        Assert.Equal(expected, found.Select(contender => contender.Name));
        Assert.Empty(refusals);
        found = Peers.Find(asked, binary, baseline: null, checkout: null, mayBuild: false, refusals, locate: _ => null);
        Assert.Equal(expected.Where(name => !NativeProxyContender.IsBaseline(name)), found.Select(contender => contender.Name));
    }

    [Fact]
    public void Baseline_HasTheConfigurationAndTheLoadOfThePresentBuild()
    {
        var present = new NativeProxyContender("/nowhere/present", "epoll");
        NativeProxyContender earlier = NativeProxyContender.Baseline("/nowhere/earlier", "epoll");
        Assert.All(Scenario.All, scenario => Assert.Equal(
            present.VariantsFor(scenario)
            .Select(one => (NativeProxyContender.BaselineOf(one.Name), one.Configuration(Setup(scenario)), one.PlanOf(scenario))),
            earlier.VariantsFor(scenario).Select(one => ((string?)one.Name, one.Configuration(Setup(scenario)), one.PlanOf(scenario)))));
    }

    [Fact]
    public void KeyThatTheBaselineDoesNotKnow_IsTheReasonOfARefusal()
    {
        string program = Program("earlier", """
            grep -q pipelining.= "$3" || exit 0
            printf '%s\n' "$3:9:1: unknown key \"pipelining\" in [[listener]]" "  9 | pipelining = 16" "$3:20:3: unknown key" "$3: 2 errors" >&2
            exit 2
            """);
        NativeProxyContender earlier = NativeProxyContender.Baseline(program, "epoll");
        Scenario unknown = Scenario.All.Single(one => one.ServerPipelining > 1);
        string expected = "does not accept the configuration: 9:1: unknown key \"pipelining\" in [[listener]]; 20:3: unknown key";
        Assert.Equal(expected, earlier.ConfigurationRefusal(Written(earlier, unknown)));
        Assert.All(Scenario.All.Where(one => one != unknown), scenario => Assert.Null(earlier.ConfigurationRefusal(Written(earlier, scenario))));
    }

    [Fact]
    public void PresentBuild_IsNotAskedAboutItsConfiguration()
    {
        var present = new NativeProxyContender(Program("present", "exit 2"), "epoll");
        Assert.Null(present.ConfigurationRefusal(Written(present, Scenario.All[0])));
    }

    [Fact]
    public void ConstantRate_IsThatOfHaproxyOrElseOfTheFirstBaseline()
    {
        Contender haproxy = new Haproxy("/nowhere"), present = new NativeProxyContender("/nowhere", "saea"), limit = new Limit();
        Contender earlier = NativeProxyContender.Baseline("/nowhere", "saea");
        Assert.Same(haproxy, Comparison.RateMeasure([earlier, present, haproxy]));
        Assert.Same(earlier, Comparison.RateMeasure([present, earlier, NativeProxyContender.Baseline("/nowhere", "epoll")]));
        Assert.Null(Comparison.RateMeasure([present, limit]));
    }

    [Fact]
    public void Change_IsTheMedianRatioOfTheSameRoundWithTheSameEngine()
    {
        Change[] changes = [.. BeforeAndAfter.Of(Report(Ran("get64", ScenarioKind.Cost,
            Result("haproxy", 1, 1, 1),
            Result("baseline-saea", 10, 20, 40),
            Result("nativeproxy-saea", 9, 22, 30),
            Result("baseline-epoll", 5, 5, 5),
            Result("nativeproxy-epoll", 10, 10, 10))))];
        Change[] cpu = [.. changes.Where(one => one.Figure == "CPU us per request")];
        Assert.Equal(
            [
                new Change("get64", "nativeproxy-saea", "CPU us per request", 20, 22, new Spread(0.9, 0.75, 1.1)),
                new Change("get64", "nativeproxy-epoll", "CPU us per request", 5, 10, new Spread(2, 2, 2)),
            ],
            cpu);
    }

    [Theory]
    [InlineData("Cost", "CPU us per request", "requests per second", "p50 us", "p99 us", "p99.9 us", "RSS MiB", "system calls per request")]
    [InlineData("Latency", "p50 us", "p99 us", "p99.9 us", "CPU us per request", "RSS MiB", "system calls per request")]
    [InlineData("Herd", "bytes per connection", "RSS MiB", "system calls per request")]
    [InlineData("Start", "listening ms", "slowest ms", "first answer ms", "system calls per request")]
    [InlineData("Allocation", "managed bytes per request", "system calls per request")]
    [InlineData("Persistence", "CPU us per request", "requests per second", "system calls per request")]
    public void EveryFigureOfAScenario_HasItsRatio(string kind, params string[] figures)
    {
        ScenarioResult scenario = Ran("any", Enum.Parse<ScenarioKind>(kind), Result("baseline-epoll", 10), Result("nativeproxy-epoll", 5));
        scenario.Results[0].Syscalls = new SyscallFigures(8, []);
        scenario.Results[1].Syscalls = new SyscallFigures(4, []);
        Change[] changes = [.. BeforeAndAfter.Of(Report(scenario))];
        Assert.Equal(figures, changes.Select(one => one.Figure));
        Assert.All(changes, one => Assert.Equal(new Spread(0.5, 0.5, 0.5), one.Ratio));
    }

    [Fact]
    public void Variant_IsComparedWithTheSameVariantOfTheBaseline()
    {
        Change[] changes = [.. BeforeAndAfter.Of(Report(Ran("keepalive", ScenarioKind.Persistence,
            Result("baseline-epoll client=on server=on", 10),
            Result("baseline-epoll client=off server=on", 40),
            Result("nativeproxy-epoll client=on server=on", 10),
            Result("nativeproxy-epoll client=off server=on", 20))))];
        Assert.Equal([1, 0.5], changes.Where(one => one.Figure == "CPU us per request").Select(one => one.Ratio!.Value.Median));
    }

    [Theory]
    [InlineData(0.2, 8.1, "|0.00|8.00|-|")]
    [InlineData(0.2, -0.2, "|0.00|0.00|-|")]
    [InlineData(8.1, 119.8, "|8.00|120|15.00|")]
    public void AllocatedBytes_AreWholeOnes_AndWithoutARatioWhereThereWereNone(double before, double after, string cells)
    {
        string table = BeforeAndAfter.Render(Report(Ran("alloc", ScenarioKind.Allocation, Result("baseline-epoll", before),
            Result("nativeproxy-epoll", after))));
        Assert.Equal("|alloc|nativeproxy-epoll|managed bytes per request" + cells, Rows(table).Single());
    }

    [Fact]
    public void RefusedOrFailedBaseline_HasNoRow()
    {
        ScenarioResult refused = Ran("get64", ScenarioKind.Cost, Result("nativeproxy-epoll", 8)),
            failed = Ran("get512", ScenarioKind.Cost, Result("baseline-epoll"), Result("nativeproxy-epoll", 8));
        Assert.Equal("", BeforeAndAfter.Render(Report(refused, failed)));
        Assert.DoesNotContain("Before and after", ReportTable.Render(Report(refused, failed)), StringComparison.Ordinal);
    }

    [Fact]
    public void Documents_ShowBeforeAndAfter()
    {
        ScenarioResult scenario = Ran("p99", ScenarioKind.Latency, Result("baseline-epoll", 200, 400), Result("nativeproxy-epoll", 100, 300));
        scenario.RatePerSecond = 50;
        scenario.RateOf = "baseline-epoll";
        ComparisonReport report = Report(scenario);
        string json = JsonSerializer.Serialize(report, ReportJson.Default.ComparisonReport),
            readme = ReadmeSection.Render(report, "results", "compare-1.json");
        Assert.Contains("|p99|nativeproxy-epoll|p99 us|300|200|0.62 (0.50-0.75)|", Rows(readme));
        Assert.Contains("50 requests/s, half of the maximum of baseline-epoll;", readme, StringComparison.Ordinal);
        Assert.Contains("| binary of the baseline | 7,000 bytes |\n| binary of NativeProxy | 8,000 bytes |\n", readme, StringComparison.Ordinal);
        JsonElement change = JsonDocument.Parse(json).RootElement.GetProperty("changes").EnumerateArray()
            .Single(one => one.GetProperty("figure").GetString() == "p99 us");
        Assert.Equal((300, 200, 0.625),
            (change.GetProperty("before").GetDouble(), change.GetProperty("after").GetDouble(),
                change.GetProperty("ratio").GetProperty("median").GetDouble()));
        Assert.Equal(json,
            JsonSerializer.Serialize(JsonSerializer.Deserialize(json, ReportJson.Default.ComparisonReport), ReportJson.Default.ComparisonReport));
    }

    /// <summary>The rows of a table that begin with a scenario of these tests, without padding.</summary>
    private static IEnumerable<string> Rows(string text) =>
        text.Split('\n').Where(line => line.Contains("| nativeproxy-epoll |", StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('|', StringSplitOptions.TrimEntries)));

    /// <summary>A program that is a few lines of shell.</summary>
    private string Program(string name, string lines)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, "#!/bin/sh\n" + lines + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        return path;
    }

    private ContenderSetup Written(Contender contender, Scenario scenario)
    {
        ContenderSetup setup = Setup(scenario);
        File.WriteAllText(setup.ConfigurationPath, contender.Configuration(setup));
        return setup;
    }

    private ContenderSetup Setup(Scenario scenario) => new(
        new IPEndPoint(IPAddress.Loopback, 8080), new IPEndPoint(IPAddress.Loopback, 9001), 500, _folder, scenario.HasAccessLog,
        ServerPipelining: scenario.ServerPipelining);

    private static ScenarioResult Ran(string name, ScenarioKind kind, params ContenderResult[] results) =>
        new() { Name = name, Title = name, Kind = kind.ToString(), Results = [.. results] };

    /// <summary>One round for each figure, in which all that can be measured has this value.</summary>
    private static ContenderResult Result(string contender, params double[] figures) => new()
    {
        Contender = contender,
        Rounds =
        [
            .. figures.Select((figure, round) => new Measurement
            {
                Round = round, CpuUs = figure, RequestsPerSecond = figure, P50Us = figure, P99Us = figure, P999Us = figure,
                ResidentBytes = (long)(figure * (1 << 20)),
                ResidentBytesPerConnection = figure, ListeningMs = figure, ListeningMsMax = figure, AnsweredMs = figure,
                AllocatedBytesPerRequest = figure,
            }),
        ],
    };

    private static ComparisonReport Report(params ScenarioResult[] scenarios) =>
        SampleReport.Of(5, [new ContenderInfo("baseline-epoll", "1", "", 7_000), new ContenderInfo("nativeproxy-epoll", "1", "", 8_000)], scenarios);
}
