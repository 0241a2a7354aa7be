using NativeProxy.Config;

namespace NativeProxy.Hosting.Explaining;

/// <summary>When the probes of the kernel act, with its defaults (tcp(7)) where the file says nothing. Stateless.</summary>
internal static class ProbeTimes
{
    private const long KernelIdleMs = 2 * 60 * 60 * 1000;
    private const long KernelIntervalMs = 75 * 1000;
    private const int KernelCount = 9;

    /// <summary>Silence before the first probe, in ms.</summary>
    public static long IdleMs(in TcpKeepaliveSettings probes) => probes.IdleMs > 0 ? probes.IdleMs : KernelIdleMs;

    /// <summary>Silence after which a peer that answers no probe is given up, in ms.</summary>
    public static long GivenUpMs(in TcpKeepaliveSettings probes) =>
        IdleMs(probes) + ((probes.IntervalMs > 0 ? probes.IntervalMs : KernelIntervalMs) * (probes.Count > 0 ? probes.Count : KernelCount));
}
