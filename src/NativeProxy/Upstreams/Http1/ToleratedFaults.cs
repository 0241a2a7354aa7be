using NativeProxy.Http1;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Http1;

/// <summary>Counts what servers get wrong without harm, each under its own number. Tables only.</summary>
internal static class ToleratedFaults
{
    public static void Count(LoopCounters counters, ServerFault fault) => counters.Add(fault switch
    {
        ServerFault.PaddedChunkSize => CounterId.ToleratedPaddedChunkSize,
        ServerFault.LengthWithCoding => CounterId.ToleratedLengthWithCoding,
        ServerFault.IdentityCoding => CounterId.ToleratedIdentityCoding,
        ServerFault.LengthOnSwitch => CounterId.ToleratedLengthOnSwitch,
        _ => CounterId.ToleratedStatusAbove599,
    });
}
