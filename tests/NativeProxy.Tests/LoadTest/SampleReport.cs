using System;
using System.Collections.Generic;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.Tests.LoadTest;

/// <summary>Reports of a comparison that was never made.</summary>
internal static class SampleReport
{
    public static ComparisonReport Of(int rounds, IEnumerable<ContenderInfo> contenders, params ScenarioResult[] scenarios) => new()
    {
        TakenAt = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
        Machine = new MachineInfo { Processor = "P", ProcessorCount = 2, MemoryBytes = 1 << 30, Kernel = "K", System = "S", Runtime = "R" },
        Run = new RunInfo { Rounds = rounds, Seconds = 1, WarmUpSeconds = 1, ProxyProcessors = [1], LoadProcessors = [0], LoadThreads = 1 },
        Contenders = [.. contenders],
        Scenarios = [.. scenarios],
    };
}
