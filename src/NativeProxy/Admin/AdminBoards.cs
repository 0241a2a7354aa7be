using NativeProxy.Caching;
using NativeProxy.Metrics;
using NativeProxy.Quotas;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>The boards that the operator's endpoint reads. Whoever made them disposes them after it.</summary>
internal sealed record AdminBoards(
    CounterBoard Counters, ServerBoard Servers, CloseBoard Closes, LatencyBoard Latencies, LimitBoard Limits, ChangeBoard Changes,
    RecorderBoard Recordings);
