using NativeProxy.Foundation;

namespace NativeProxy.Metrics;

/// <summary>
/// Which counter belongs to which close reason: each enum has a block of ids in its own order, whose labels are the codes of the reasons. A new
/// reason so has its counter. Pure.
/// </summary>
internal static class CloseCounters
{
    /// <summary>The counter of a reason; a close without one is a fault of ours and counts as <c>internal_error</c>.</summary>
    public static CounterId Of(CloseReason reason) => CounterId.ClientCloses + (int)reason;

    /// <summary>The counter of a reason; a close without one is doubtful.</summary>
    public static CounterId Of(ServerCloseReason reason) =>
        CounterId.ServerCloses + (int)(reason == ServerCloseReason.None ? ServerCloseReason.Ambiguous : reason) - 1;
}
