using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Xml.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Report;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>What is computed from measurements, and the documents made of them.</summary>
public sealed class ReportTests
{
    [Fact]
    public void Spread_IsTheMedianBetweenSmallestAndLargest()
    {
        Assert.Equal((3, 1, 9), Parts(Spread.Of([9, 1, 3])));
        Assert.Equal((2.5, 1, 9), Parts(Spread.Of([9, 1, 3, 2])));
        Assert.Equal((0, 0, 0), Parts(Spread.Of([])));
    }

    [Fact]
    public void Ratio_ComparesRunsOfTheSameRoundOnly()
    {
        ScenarioResult scenario = Scenario("get64", ("haproxy", [(0, 10), (1, 20), (2, 40)]), ("nginx", [(0, 20), (2, 20), (3, 500)]));
        Spread ratio = Figures.RatioToBaseline(scenario, scenario.Results[1])!.Value;
        Assert.Equal((1.25, 0.5, 2), Parts(ratio));
    }

    [Fact]
    public void RatioWithoutHaproxy_IsNone()
    {
        ScenarioResult scenario = Scenario("get64", ("nginx", [(0, 20)]));
        Assert.Null(Figures.RatioToBaseline(scenario, scenario.Results[0]));
    }

    [Fact]
    public void Growth_IsTheCostAt4096ConnectionsAgainst64()
    {
        ComparisonReport report = Report(Scenario("get64", ("haproxy", [(0, 10)])),
            Scenario("get4096", ("haproxy", [(0, 15)]), ("nginx", [(0, 15)])));
        Assert.Equal((1.5, 1.5, 1.5), Parts(Figures.Growth(report, "haproxy")!.Value));
        Assert.Null(Figures.Growth(report, "nginx"));
    }

    [Fact]
    [Trait("promise", "S0.13")]
    [Trait("promise", "S4.27")]
    public void KeepAlivePair_ShowsRatiosToBothOn_SetUpsPerThousand_AndNoRatioToHaproxy()
    {
        ScenarioResult scenario = Scenario("keepalive", ("both on", [(0, 10), (1, 20)]),
            ("both off", [(0, 30), (1, 50)])) with { Kind = nameof(ScenarioKind.Persistence) };
        for (int i = 0; i < 2; i++)
        {
            scenario.Results[i] = scenario.Results[i] with
            {
                Baseline = "both on",
                Rounds = [.. scenario.Results[i].Rounds.Select(one => one with { RequestsPerSecond = 1000 - (750 * i), Answered = 64_000,
                ClientConnections = i == 0 ? 64 : 64_000, OriginConnections = i == 0 ? 64 : 64_000 })],
            };
        }

        string table = ReportTable.Render(Report(scenario));
        string[] rows = [.. table.Split('\n').Where(line => line.StartsWith("| both o", StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('|', StringSplitOptions.TrimEntries)))];
        Assert.Equal(["|both on|1000|1.00|15.00 (10.00-20.00)|1.00|0|-|1.0|1.0|",
            "|both off|250|0.25|40.00 (30.00-50.00)|2.75 (2.50-3.00)|0|-|1000.0|1000.0|"], rows);
        Assert.DoesNotContain("Ratios against HAProxy", table, StringComparison.Ordinal);
        Assert.DoesNotContain(Charts.Of(Report(scenario)), chart => chart.Svg.Contains("both off", StringComparison.Ordinal));
    }

    [Fact]
    public void Report_IsTheSameAfterJson()
    {
        ComparisonReport report = Report(Scenario("get64", ("haproxy", [(0, 10)])));
        report.Scenarios[0].Results[0].Syscalls = new SyscallFigures(6.5, new Dictionary<string, double> { ["sendto"] = 2 });
        string json = JsonSerializer.Serialize(report, ReportJson.Default.ComparisonReport);
        ComparisonReport read = JsonSerializer.Deserialize(json, ReportJson.Default.ComparisonReport)!;
        Assert.Equal(json, JsonSerializer.Serialize(read, ReportJson.Default.ComparisonReport));
        Assert.Equal(10, read.Scenarios[0].Results[0].Rounds[0].CpuUs);
    }

    [Fact]
    public void Table_ShowsFiguresFailuresAndRefusals()
    {
        ScenarioResult scenario = Scenario("get64", ("haproxy", [(0, 10), (1, 12), (2, 11)]));
        scenario.Failures.Add("nginx, round 1: answered wrongly");
        ComparisonReport report = Report(scenario);
        report.Refusals.Add("squid: not installed");
        string table = ReportTable.Render(report);
        string row = table.Split('\n').Single(line => line.StartsWith("| haproxy", StringComparison.Ordinal));
        Assert.Contains("Only 1 rounds", table, StringComparison.Ordinal);
        Assert.Contains(" 11.00 (10.00-12.00) |", row, StringComparison.Ordinal);
        Assert.Contains(" 1.00 |", row, StringComparison.Ordinal);
        Assert.Contains("FAILED: nginx, round 1: answered wrongly", table, StringComparison.Ordinal);
        Assert.Contains("Not run: squid: not installed", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_AreAsLongAsTheirMediansSay()
    {
        string svg = SvgBars.Render("Title <&>",
            [new BarPanel("panel", [new Bar("a", new Spread(10, 8, 20), "#123456"), new Bar("b", new Spread(5, 5, 5), "#123456")])], "F1", " us",
            new BarMark(20, "most"));
        XElement root = XElement.Parse(svg);
        double[] lengths = root.Elements().Where(one => one.Name.LocalName == "rect" && one.Attribute("x") is not null)
            .Select(one => (double)one.Attribute("width")!).ToArray();
        Assert.Equal(2, lengths.Length);
        Assert.Equal(lengths[0], lengths[1] * 2, tolerance: 0.2);
        Assert.Contains(root.Elements(), one => one.Value == "Title <&>");
        Assert.Contains(root.Elements(), one => one.Value == "10.0 us");
        // The mark stands at the end of the scale, which the largest figure reaches.
        double mark = (double)root.Elements().Single(one => one.Value == "most").Attribute("x")!;
        Assert.Equal(160 + (lengths[0] * 2), mark, tolerance: 0.2);
    }

    [Fact]
    public void BarBeyondTheSharedScale_IsCutAndKeepsItsFigure()
    {
        string svg = SvgBars.Render("t",
            [new BarPanel("p", [new Bar("long", new Spread(5, 4, 6), "#123456"), new Bar("whole", new Spread(2, 2, 2), "#123456")])], "F2", "", null,
            scaleMax: 2);
        XElement root = XElement.Parse(svg);
        string[] lengths = [.. root.Elements().Where(one => one.Name.LocalName == "rect" && one.Attribute("x") is not null)
            .Select(one => one.Attribute("width")!.Value)];
        Assert.Equal(lengths[1], lengths[0]);
        Assert.Contains(root.Elements(), one => one.Value == "5.00");
        Assert.Contains(root.Elements(), one => one.Value.Contains("cut at 2.00", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(899, true)]
    [InlineData(901, false)]
    public void ContenderThatDoesNotReachTheRate_IsNamed(double requestsPerSecond, bool isNamed)
    {
        ScenarioResult scenario = Scenario("p99", ("squid", [(0, 10)]));
        scenario.RatePerSecond = 1000;
        scenario.Results[0].Rounds[0] = scenario.Results[0].Rounds[0] with { RequestsPerSecond = requestsPerSecond };
        Assert.Equal(isNamed, ReportTable.Render(Report(scenario)).Contains("squid did not keep up", StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_KeepsWhatIsOutsideTheGeneratedPart()
    {
        string section = ReadmeSection.Render(Report(Scenario("get64", ("haproxy", [(0, 10)]))), "results", "compare-1.json");
        string once = ReadmeSection.Replace("# Own text\n", section);
        Assert.StartsWith("# Own text\n\n" + ReadmeSection.BeginMark, once, StringComparison.Ordinal);
        Assert.Equal(once + "after\n", ReadmeSection.Replace(once + "after\n", section));
        string renewed = ReadmeSection.Replace(once + "after\n", section.Replace("compare-1", "compare-2", StringComparison.Ordinal));
        Assert.Contains("compare-2", renewed, StringComparison.Ordinal);
        Assert.DoesNotContain("compare-1", renewed, StringComparison.Ordinal);
        Assert.EndsWith("after\n", renewed, StringComparison.Ordinal);
    }

    [Fact]
    public void StraceSummary_IsReadWithAndWithoutErrors()
    {
        SyscallFigures figures = SyscallCount.Read(
        [
            "% time     seconds  usecs/call     calls    errors syscall",
            "------ ----------- ----------- --------- --------- ----------------",
            " 60.00    0.050000           5      4000           sendto",
            " 40.00    0.030000           5      6000      2000 recvfrom",
            "------ ----------- ----------- --------- --------- ----------------",
            "100.00    0.080000           5     10000      2000 total",
        ], requestCount: 2000);
        Assert.Equal(5, figures.PerRequest);
        Assert.Equal(["recvfrom", "sendto"], figures.Calls.Keys);
        Assert.Equal(2, figures.Calls["sendto"]);
    }

    private static (double, double, double) Parts(Spread spread) => (spread.Median, spread.Min, spread.Max);

    private static ScenarioResult Scenario(string name, params (string Contender, (int Round, double CpuUs)[] Runs)[] results) => new()
    {
        Name = name,
        Title = name,
        Kind = nameof(ScenarioKind.Cost),
        Results = [.. results.Select(result => new ContenderResult
        {
            Contender = result.Contender,
            Rounds = [.. result.Runs.Select(run => new Measurement { Round = run.Round, CpuUs = run.CpuUs })],
        })],
    };

    private static ComparisonReport Report(params ScenarioResult[] scenarios) =>
        SampleReport.Of(1, [new ContenderInfo("haproxy", "1", "global\n")], scenarios);
}
