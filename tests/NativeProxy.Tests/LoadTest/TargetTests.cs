using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Report;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>Every target stands beside its figure with a verdict; one without a figure is shown as not measured.</summary>
public sealed class TargetTests
{
    private static readonly string[] Contenders = ["haproxy", "nativeproxy-saea", "nativeproxy-epoll", "limit"];

    [Fact]
    public void EveryScenarioOfATarget_Exists()
    {
        // A report with every scenario has a figure for every target; a misspelt name would leave one without.
        ComparisonReport report = Report([.. Scenario.All.Select(scenario => Result(scenario.Name, scenario.Kind, 10, 10, 10, 10))]);
        Assert.All(Targets.Judge(report), one => Assert.NotNull(one.Figure));
        Assert.Equal(2 * Targets.All.Length - 2, Targets.Judge(report).Count());
    }

    [Theory]
    [InlineData(10.0, 8.5, "Met", "Met")]
    [InlineData(10.1, 8.5, "Missed", "Met")]
    [InlineData(10.0, 8.51, "Met", "Missed")]
    public void Verdict_IsOfTheMedianUnrounded(double saea, double epoll, string ofSaea, string ofEpoll)
    {
        ComparisonReport report = Report(Result("get64", ScenarioKind.Cost, 10, saea, epoll, 9));
        TargetVerdict[] verdicts = [.. Targets.Judge(report).Where(one => one.Target.Title.StartsWith("small GET, 64", StringComparison.Ordinal))];
        Assert.Equal([ofSaea, ofEpoll], verdicts.Select(one => one.Kind.ToString()));
    }

    [Fact]
    public void TargetWithoutAFigure_IsNotMeasuredAndNotLeftOut()
    {
        TargetVerdict[] verdicts = [.. Targets.Judge(Report())];
        Assert.All(verdicts.Where(one => one.Target.Title != "size of the binary"), one => Assert.Equal(Verdict.NotMeasured, one.Kind));
        string text = Targets.Render(Report());
        Assert.All(Targets.All, target => Assert.Contains(target.Title, text, StringComparison.Ordinal));
    }

    [Fact]
    public void ForwarderTarget_IsHeldByTheEpollEngineOnly()
    {
        ComparisonReport report = Report(Result("get512", ScenarioKind.Cost, 20, 11, 11.2, 10), Result("get64", ScenarioKind.Cost, 20, 11, 11.3, 10));
        TargetVerdict[] verdicts = [.. Targets.Judge(report).Where(one => one.Target.Title.Contains("dumb forwarder", StringComparison.Ordinal))];
        Assert.Equal([("epoll", Verdict.Missed), ("epoll", Verdict.Met)], verdicts.Select(one => (one.Engine, one.Kind)));
    }

    [Fact]
    public void BinaryOf15Megabytes_IsMetAndOneByteMoreIsMissed()
    {
        Assert.Equal([Verdict.Met, Verdict.Met], BinaryVerdicts(15_000_000));
        Assert.Equal([Verdict.Missed, Verdict.Missed], BinaryVerdicts(15_000_001));
    }

    [Theory]
    [InlineData("a 1\nnativeproxy_heap_allocated_bytes_total 1234\nb 2\n", 1234L)]
    [InlineData("# HELP nativeproxy_heap_allocated_bytes_total Bytes.\n", null)]
    public void AllocationCounter_IsFoundInTheMetricsOrNone(string metrics, long? expected) =>
        Assert.Equal(expected, AllocationProbe.AllocatedBytes(metrics));

    private static IEnumerable<Verdict> BinaryVerdicts(long bytes)
    {
        ComparisonReport report = Report() with { Contenders = [.. Contenders.Select(name => new ContenderInfo(name, "1", "", bytes))] };
        return Targets.Judge(report).Where(one => one.Target.Title == "size of the binary").Select(one => one.Kind);
    }

    private static ScenarioResult Result(string name, ScenarioKind kind, params double[] figures) => new()
    {
        Name = name,
        Title = name,
        Kind = kind.ToString(),
        Results = [.. Contenders.Zip(figures, (contender, figure) => new ContenderResult
        {
            Contender = contender,
            Rounds =
            [
                new Measurement
                {
                    Round = 0, CpuUs = figure, P99Us = figure, ResidentBytesPerConnection = figure, ListeningMs = figure,
                    AllocatedBytesPerRequest = figure,
                },
            ],
        })],
    };

    private static ComparisonReport Report(params ScenarioResult[] scenarios) =>
        SampleReport.Of(5,
            [.. Contenders.Select(name => new ContenderInfo(name, "1", "", name.StartsWith("native", StringComparison.Ordinal) ? 6_000_000 : 0))],
            scenarios);
}
