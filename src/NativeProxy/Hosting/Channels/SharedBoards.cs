using NativeProxy.Caching;
using NativeProxy.Metrics;
using NativeProxy.Quotas;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Hosting.Channels;

/// <summary>What the workers agree on while they serve: the boards that the traffic of one worker reads and writes.</summary>
/// <param name="Servers">What all workers know of the servers.</param>
/// <param name="Changes">What their caches know of changes.</param>
/// <param name="Limits">What they have counted.</param>
/// <param name="Latencies">How long requests took.</param>
internal sealed record SharedBoards(ServerBoard Servers, ChangeBoard Changes, LimitBoard Limits, LatencyBoard Latencies)
{
    /// <summary>What is recorded of traffic; null when nobody does that.</summary>
    public RecorderBoard? Recordings { get; init; }
}
