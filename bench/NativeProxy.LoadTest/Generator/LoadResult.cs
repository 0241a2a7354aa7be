using System.Collections.Generic;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Generator;

/// <summary>What came of a run. Latencies in ns, of the measured phase only.</summary>
internal sealed record LoadResult
{
    public required Histogram LatencyNs { get; init; }

    /// <summary>Complete and right answers since the start, warm-up included.</summary>
    public required long Completed { get; init; }

    /// <summary>Connections opened since the start.</summary>
    public required long Opened { get; init; }

    /// <summary>Open loop: requests whose moment had come and whose answer had not, when the run ended; they count with their age then.</summary>
    public required long Unfinished { get; init; }

    /// <summary>Idle connections that the other side closed.</summary>
    public required long HerdLost { get; init; }

    /// <summary>Since the start; none without TLS.</summary>
    public required Handshakes Handshakes { get; init; }

    /// <summary>What went wrong, at most one per thread. Not empty = the run has failed.</summary>
    public required IReadOnlyList<string> Failures { get; init; }
}
