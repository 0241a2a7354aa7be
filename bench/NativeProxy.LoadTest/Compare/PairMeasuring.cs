using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// Compares two builds as living processes: both run at once on the processor of the proxies, the load goes to the one and to the other in turn, and
/// each pair of bursts gives a ratio of processor time per request. What the machine does to one within a second it does to the other, so one per
/// cent is told apart where runs of their own differ by ten. Says on standard error what it does.
/// </summary>
internal sealed class PairMeasuring(Measuring measuring, int pairs)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    /// <summary>So long a burst runs before it counts: its connections have been opened then.</summary>
    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(0.05);

    /// <summary>Throws <see cref="CannotRunException"/> when one of the two fails or answers wrongly.</summary>
    public PairResult Run(Contender baseline, Contender present, Scenario scenario)
    {
        ContenderSetup oldSetup = measuring.Prepare(baseline, scenario), newSetup = measuring.Prepare(present, scenario);
        if (baseline.ConfigurationRefusal(oldSetup) is { } refusal)
            throw new CannotRunException($"{baseline.Name}: {refusal}");
        using RunningServer before = measuring.Start(baseline, oldSetup);
        using RunningServer after = measuring.Start(present, newSetup);
        (LoadPlan Plan, RunningServer Proxy)[] both =
        [
            (measuring.PlanOf(baseline, scenario, before), before), (measuring.PlanOf(present, scenario, after), after),
        ];
        foreach ((LoadPlan plan, RunningServer proxy) in both)
            measuring.MeasureLoad(plan, proxy, WarmUp, out _);
        var results = new List<(double Before, double After)>();
        for (int pair = 0; pair < pairs; pair++)
        {
            double[] cpuUs = new double[2];

            // The one that comes first has the other's heat in the caches: they take turns at that, too.
            foreach (int index in (int[])(pair % 2 == 0 ? [0, 1] : [1, 0]))
                cpuUs[index] = measuring.MeasureLoad(both[index].Plan, both[index].Proxy, LeadIn, out _).CpuUs;
            results.Add((cpuUs[0], cpuUs[1]));
        }
        var result = new PairResult(scenario.Title, present.Name, Interval.OfMedian(results.Select(static pair => pair.After / pair.Before)),
            Spread.Of(results.Select(static pair => pair.Before)).Median, Spread.Of(results.Select(static pair => pair.After)).Median, pairs);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {present.Name,-18} {scenario.Name,-16} {result.Ratio}  {result.BeforeUs:F2} -> {result.AfterUs:F2} us"));
        Directory.Delete(oldSetup.Folder, recursive: true);
        Directory.Delete(newSetup.Folder, recursive: true);
        return result;
    }
}

/// <summary>Processor time per request of two builds in one scenario.</summary>
/// <param name="Ratio">After to before, of the pairs.</param>
/// <param name="BeforeUs">Median of the baseline, us per request.</param>
/// <param name="AfterUs">Median of the present build.</param>
internal sealed record PairResult(string Title, string Contender, Interval Ratio, double BeforeUs, double AfterUs, int Pairs);
