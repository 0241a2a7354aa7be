using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NativeProxy.LoadTest.Compare.Contenders;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// Runs scenarios through contenders in alternation: one round after the other, in each round every contender once, beginning with another
/// one each time. Says on standard error what it does, and collects figures, refusals and failures.
/// </summary>
internal sealed class Comparison(RunSettings settings, RunningServer origin, IReadOnlyList<Contender> contenders)
{
    private const double ShareOfMaximum = 0.5;

    private readonly Measuring _measuring = new(settings, origin);

    public void Run(IEnumerable<Scenario> scenarios, ComparisonReport report)
    {
        foreach (Scenario scenario in scenarios)
        {
            var result = new ScenarioResult { Name = scenario.Name, Title = scenario.Title, Kind = scenario.Kind.ToString() };
            if (scenario.Refusal() is { } refusal)
                Refuse(report.Refusals, $"{scenario.Title}: {refusal}");
            else if (scenario.Kind == ScenarioKind.Latency && !FindRate(scenario, result))
                Refuse(report.Refusals, $"{scenario.Title}: needs the maximum rate of HAProxy or of a baseline");
            else
                RunOne(scenario, result);
            if (result.Results.Count > 0 || result.Failures.Count > 0)
                report.Scenarios.Add(result);
        }
    }

    /// <summary>The configurations that the report shows: those of the first scenario.</summary>
    public List<ContenderInfo> Describe(Scenario scenario) =>
        contenders.Select(contender => new ContenderInfo(
            contender.Name, contender.Version, contender.Configuration(_measuring.SetupOf(contender, scenario, "FOLDER")), contender.ProgramBytes))
            .ToList();

    private void RunOne(Scenario scenario, ScenarioResult result)
    {
        Tell($"{scenario.Title}");
        List<Contender> running = [];
        foreach (Contender contender in contenders.Where(one => one.TakesPart(scenario)))
        {
            IReadOnlyList<Contender> variants = contender.VariantsFor(scenario);
            string? refusal = contender.Refusal(scenario)
                ?? variants.Select(variant => _measuring.ConfigurationRefusal(variant, scenario)).FirstOrDefault(one => one is not null);
            if (refusal is not null)
            {
                Refuse(result.Refusals, $"{contender.Name}: {refusal}");
                continue;
            }
            running.AddRange(variants);
            string? baseline = variants.Count > 1 ? variants[0].Name : null;
            result.Results.AddRange(variants.Select(variant => new ContenderResult { Contender = variant.Name, Baseline = baseline }));
        }
        for (int round = 0; round < settings.Rounds; round++)
        {
            foreach (Contender contender in Rotated(running, round))
                MeasureOne(scenario, result, contender, round, running);
        }
        if (scenario.Kind is ScenarioKind.Cost or ScenarioKind.Persistence or ScenarioKind.Feature)
            CountSyscalls(scenario, result, running);
    }

    private void MeasureOne(Scenario scenario, ScenarioResult result, Contender contender, int round, List<Contender> running)
    {
        try
        {
            Measurement figures = _measuring.Run(contender, scenario, result.RatePerSecond, round);
            Of(result, contender).Rounds.Add(figures);
            Tell($"  round {round + 1}  {contender.Name,-18} {Text(scenario.Kind, figures)}");
        }
        catch (CannotRunException failure)
        {
            string message = $"{contender.Name}, round {round + 1}: {failure.Message}";
            result.Failures.Add(message);
            running.Remove(contender);
            Tell("  FAILED " + message);
        }
    }

    private void CountSyscalls(Scenario scenario, ScenarioResult result, List<Contender> running)
    {
        if (Peers.Locate("strace") is not { } strace)
            return;
        foreach (Contender contender in running)
        {
            try
            {
                Of(result, contender).Syscalls = _measuring.CountSyscalls(contender, scenario, strace);
            }
            catch (CannotRunException failure)
            {
                Refuse(result.Refusals, $"{contender.Name}: system calls not counted: {failure.Message}");
            }
        }
    }

    /// <summary>
    /// Whose maximum rate the constant rate is half of: HAProxy, where it does not run the first baseline; null when there is neither.
    /// </summary>
    internal static Contender? RateMeasure(IReadOnlyList<Contender> contenders) =>
        contenders.FirstOrDefault(contender => contender.Name == Haproxy.BaselineName)
        ?? contenders.FirstOrDefault(contender => NativeProxyContender.IsBaseline(contender.Name));

    /// <summary>Half of what the measure reaches in a closed loop.</summary>
    private bool FindRate(Scenario scenario, ScenarioResult result)
    {
        if (RateMeasure(contenders) is not { } measure)
            return false;
        try
        {
            result.RatePerSecond = Math.Round(ShareOfMaximum * _measuring.Run(measure, scenario, ratePerSecond: 0, round: 0).RequestsPerSecond);
            result.RateOf = measure.Name;
            Tell($"half of the maximum rate of {measure.Name} is {result.RatePerSecond} requests/s");
            return result.RatePerSecond > 0;
        }
        catch (CannotRunException failure)
        {
            Tell("  FAILED " + failure.Message);
            return false;
        }
    }

    private static string Text(ScenarioKind kind, Measurement figures) => kind switch
    {
        ScenarioKind.Herd => string.Create(CultureInfo.InvariantCulture, $"{figures.ResidentBytesPerConnection,8:F0} B per connection"),
        ScenarioKind.Slots => string.Create(CultureInfo.InvariantCulture,
            $"{figures.TookMs,8:F0} ms, {figures.TookMs / figures.IdealMs:F3} of the ideal, at most {figures.AtOnceMax} at a server"),
        ScenarioKind.Start =>
        string.Create(CultureInfo.InvariantCulture, $"listening {figures.ListeningMs,7:F1} ms  answered {figures.AnsweredMs,7:F1} ms"),
        ScenarioKind.Allocation => string.Create(CultureInfo.InvariantCulture, $"{figures.AllocatedBytesPerRequest,8:F2} B per request"),
        _ => string.Create(CultureInfo.InvariantCulture,
            $"{figures.RequestsPerSecond,8:F0}/s  cpu {figures.CpuUs,7:F2} us  p99 {figures.P99Us,8:F0} us"),
    };

    private static ContenderResult Of(ScenarioResult result, Contender contender) =>
        result.Results.First(one => one.Contender == contender.Name);

    private static Contender[] Rotated(List<Contender> running, int by) =>
        [.. running.Skip(by % Math.Max(1, running.Count)), .. running.Take(by % Math.Max(1, running.Count))];

    private static void Refuse(List<string> refusals, string line)
    {
        refusals.Add(line);
        Tell("  refused: " + line);
    }

    private static void Tell(string line) => Console.Error.WriteLine(line);
}
