using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Explaining;

/// <summary>The limits of the file against what this machine, and the shell that asks, allow. Stateless.</summary>
internal static class Capacity
{
    /// <summary>One sentence for each.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="workers">How many there will be.</param>
    /// <param name="descriptors">That each may have open; null where nobody can tell.</param>
    /// <param name="machineBytes">Memory that there is.</param>
    public static IEnumerable<string> Of(ProxySettings settings, int workers, long? descriptors, long machineBytes)
    {
        int connections = settings.Runtime.MaxConnections;
        string perWorker = workers == 1 ? "" : $" on {workers} workers";
        yield return $"clients: at most {(long)connections * workers}{perWorker} (runtime.max_connections is {connections})";
        if (descriptors is { } limit)
        {
            // Each client may need a connection to a server: never more than half of the descriptors.
            yield return limit / 2 < connections
                ? $"descriptors: this shell allows {limit} in a process, so that a worker takes about {limit / 2} clients at most instead of "
                    + $"{connections}: raise it to {2L * connections} (ulimit -n, or LimitNOFILE= of a service)"
                : $"descriptors: {limit} are allowed in a process, enough for {connections} clients and as many connections to servers";
        }
        long bytes = MemoryBudget.BufferBytes(settings) * workers;
        yield return bytes > machineBytes
            ? $"memory: buffers may take {Mebibytes(bytes)}{perWorker}, and there are {Mebibytes(machineBytes)}: lower runtime.buffer_bytes or "
                + "runtime.max_connections"
            : $"memory: buffers take at most {Mebibytes(bytes)}{perWorker} of {Mebibytes(machineBytes)}, as they are needed";
    }

    /// <summary>As far as this process sees.</summary>
    public static IEnumerable<string> Here(ProxySettings settings, int workers) =>
        Of(settings, workers, LinuxProcess.DescriptorLimit(), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    private static string Mebibytes(long bytes) => $"{bytes / 1024 / 1024} MiB";
}
