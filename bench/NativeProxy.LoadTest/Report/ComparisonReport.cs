using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace NativeProxy.LoadTest.Report;

/// <summary>
/// All figures of one comparison, as they stand in the JSON file. What can be computed (medians, ratios) is not stored, but for
/// <see cref="Changes"/>.
/// </summary>
internal sealed record ComparisonReport
{
    public int Format { get; init; } = 1;

    public required DateTime TakenAt { get; init; }

    public required MachineInfo Machine { get; init; }

    public required RunInfo Run { get; init; }

    public required List<ContenderInfo> Contenders { get; init; }

    public List<ScenarioResult> Scenarios { get; init; } = [];

    /// <summary>What was not run at all, and why.</summary>
    public List<string> Refusals { get; init; } = [];

    /// <summary>For other programs that read the file; computed anew from the figures, never read back.</summary>
    public IEnumerable<Change> Changes => BeforeAndAfter.Of(this);
}

internal sealed record MachineInfo
{
    public required string Processor { get; init; }

    public required int ProcessorCount { get; init; }

    public required long MemoryBytes { get; init; }

    public required string Kernel { get; init; }

    public required string System { get; init; }

    /// <summary>That of the load generator.</summary>
    public required string Runtime { get; init; }
}

internal sealed record RunInfo
{
    public required int Rounds { get; init; }

    public required double Seconds { get; init; }

    public required double WarmUpSeconds { get; init; }

    public required int[] ProxyProcessors { get; init; }

    public required int[] LoadProcessors { get; init; }

    public required int LoadThreads { get; init; }
}

/// <param name="Configuration">As rendered for the first scenario.</param>
/// <param name="ProgramBytes">Size of the binary where that is the whole program; 0 = unknown.</param>
internal sealed record ContenderInfo(string Name, string Version, string Configuration, long ProgramBytes = 0);

internal sealed record ScenarioResult
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>Name of a <see cref="Compare.ScenarioKind"/>: which figure the ratio is made of.</summary>
    public required string Kind { get; init; }

    /// <summary>Open loop: requests per second asked for; otherwise 0.</summary>
    public double RatePerSecond { get; set; }

    /// <summary>Open loop: the contender whose maximum that rate is half of; null = HAProxy.</summary>
    public string? RateOf { get; set; }

    public List<ContenderResult> Results { get; init; } = [];

    public List<string> Refusals { get; init; } = [];

    public List<string> Failures { get; init; } = [];
}

internal sealed record ContenderResult
{
    public required string Contender { get; init; }

    /// <summary>The contender of the same scenario that its ratios are taken against; null = HAProxy.</summary>
    public string? Baseline { get; init; }

    /// <summary>One per round, in order.</summary>
    public List<Measurement> Rounds { get; init; } = [];

    /// <summary>Counted in a run of its own; null when strace is missing.</summary>
    public SyscallFigures? Syscalls { get; set; }
}

/// <summary>One run of one contender. Figures that do not apply are 0.</summary>
internal sealed record Measurement
{
    /// <summary>Runs of one round were made one after the other and are compared with each other.</summary>
    public required int Round { get; init; }

    public double RequestsPerSecond { get; init; }

    public double P50Us { get; init; }

    public double P99Us { get; init; }

    public double P999Us { get; init; }

    public double MaxUs { get; init; }

    /// <summary>Processor time of the proxy's process tree per request.</summary>
    public double CpuUs { get; init; }

    public double CpuUserUs { get; init; }

    public double CpuSystemUs { get; init; }

    /// <summary>Share of its processors that the proxy used, 0 to 1.</summary>
    public double Busy { get; init; }

    /// <summary>At the end of the measured time, the load's connections still open.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Herd only.</summary>
    public double ResidentBytesPerConnection { get; init; }

    /// <summary>Start only: from making the process until it listens, median of the run's starts.</summary>
    public double ListeningMs { get; init; }

    /// <summary>Start only: the slowest start of the run.</summary>
    public double ListeningMsMax { get; init; }

    /// <summary>Start only: until the first request was answered, median.</summary>
    public double AnsweredMs { get; init; }

    /// <summary>Allocation only; of the managed heap.</summary>
    public double AllocatedBytesPerRequest { get; init; }

    /// <summary>Slots only: until all clients were served.</summary>
    public double TookMs { get; init; }

    /// <summary>Slots only: what that takes when no slot is ever idle.</summary>
    public double IdealMs { get; init; }

    /// <summary>Slots only: the most requests that a server had at work at once.</summary>
    public long AtOnceMax { get; init; }

    /// <summary>Requests answered in the whole run.</summary>
    public long Answered { get; init; }

    /// <summary>Connections that the load opened to the proxy in the whole run.</summary>
    public long ClientConnections { get; init; }

    /// <summary>Connections that the proxy opened to the origin in the whole run: shows whether it reuses them.</summary>
    public long OriginConnections { get; init; }
}

/// <param name="PerRequest">All system calls per request.</param>
/// <param name="Calls">The most frequent ones, calls per request by name.</param>
internal sealed record SyscallFigures(double PerRequest, Dictionary<string, double> Calls);

/// <summary>Reads and writes reports without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ComparisonReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
