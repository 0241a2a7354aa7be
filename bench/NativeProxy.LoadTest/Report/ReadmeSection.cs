using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using NativeProxy.LoadTest.Compare.Contenders;

namespace NativeProxy.LoadTest.Report;

/// <summary>The generated part of perf/README.md: machine, versions, tables, charts, configurations. Text outside its marks is kept.</summary>
internal static class ReadmeSection
{
    public const string BeginMark = "<!-- loadtest: generated from here on -->";
    public const string EndMark = "<!-- loadtest: end of the generated part -->";

    /// <summary>Puts the section into a file's text in place of the old one, or at its end.</summary>
    public static string Replace(string text, string section)
    {
        int begin = text.IndexOf(BeginMark, StringComparison.Ordinal);
        int end = text.IndexOf(EndMark, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            return text.TrimEnd() + (text.Trim().Length > 0 ? "\n\n" : "") + section;
        return text[..begin] + section.TrimEnd('\n') + text[(end + EndMark.Length)..];
    }

    /// <param name="resultsFolder">Folder of JSON and charts, relative to the README.</param>
    public static string Render(ComparisonReport report, string resultsFolder, string jsonName)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{BeginMark}\n## Latest comparison\n\n");
        AppendFacts(text, report, Path.Combine(resultsFolder, jsonName));
        text.Append(ReportTable.Render(report));
        text.Append("\n### Charts\n");
        foreach ((string name, _) in Charts.Of(report))
            text.Append(CultureInfo.InvariantCulture, $"\n![{Path.GetFileNameWithoutExtension(name)}]({resultsFolder}/{name})\n");
        text.Append("\n### Configurations\n\nThose of the first scenario; ports change from run to run, limits follow the number of connections.\n");
        foreach (ContenderInfo contender in report.Contenders.Where(one => one.Configuration.Length > 0))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"\n<details><summary>{contender.Name}</summary>\n\n```\n{contender.Configuration.TrimEnd()}\n```\n\n</details>\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\n{EndMark}\n").ToString();
    }

    private static void AppendFacts(StringBuilder text, ComparisonReport report, string jsonPath)
    {
        MachineInfo machine = report.Machine;
        RunInfo run = report.Run;
        text.Append(CultureInfo.InvariantCulture, $"Taken {report.TakenAt:yyyy-MM-dd HH:mm} UTC; all figures in `{jsonPath}`.\n\n| | |\n|---|---|\n");
        text.Append(CultureInfo.InvariantCulture,
            $"| machine | {machine.Processor}, {machine.ProcessorCount} processors, {machine.MemoryBytes / (1 << 30)} GiB |\n");
        text.Append(CultureInfo.InvariantCulture, $"| system | {machine.System}, Linux {machine.Kernel}, load generator on {machine.Runtime} |\n");
        text.Append(CultureInfo.InvariantCulture,
            $"| processors | proxy on {string.Join(",", run.ProxyProcessors)}; load and origin on {string.Join(",", run.LoadProcessors)} |\n");
        text.Append(CultureInfo.InvariantCulture,
            $"| runs | {run.Rounds} rounds of {run.Seconds} s after {run.WarmUpSeconds} s of warm-up, contenders in turn, each started fresh; "
            + $"medians |\n");
        foreach (ContenderInfo contender in report.Contenders)
            text.Append(CultureInfo.InvariantCulture, $"| {contender.Name} | {contender.Version} |\n");
        foreach (var builds in report.Contenders.Where(one => one.ProgramBytes > 0)
            .GroupBy(one => NativeProxyContender.IsBaseline(one.Name) ? "the baseline" : "NativeProxy"))
        {
            text.Append(CultureInfo.InvariantCulture, $"| binary of {builds.Key} | {builds.First().ProgramBytes:N0} bytes |\n");
        }

        text.Append("""

            CPU is the processor time of the proxy's whole process tree per request, to the nanosecond by the kernel's clock of each process (its
            split into user and sys comes from 10 ms ticks). Figures are medians over the rounds, in brackets the smallest and the largest. A ratio
            is taken against HAProxy in the same round, "to limit" against "limit", a forwarder that understands nothing; then the median of these
            ratios. Busy says how much of its processor the proxy used (below 100 % load generator and origin were the bottleneck); RSS counts
            shared pages once; system calls were counted under strace in a run of their own, which changes how much is batched; "origin conns" far
            above the number of client connections would mean that a proxy does not reuse its server connections. A start is timed from before the
            process is made. YARP compiles its code while it runs and is warmed up for 5 s at least; bound to one processor, its server garbage
            collection, the template's default, becomes workstation garbage collection.

            """);
    }
}
