using System.Collections.Generic;
using System.Linq;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// A worker takes no signals: those of a terminal or a service manager reach the whole process group, and the supervisor alone decides what
/// they mean. They are blocked when it starts, so that none can end it before they are ignored. Linux.
/// </summary>
internal static class WorkerSignals
{
    /// <summary>
    /// Every signal but SIGKILL that ends a process by default and does not tell of its own fault, and SIGTTIN and SIGTTOU, which the supervisor
    /// hears; of the real-time signals those that are not the C library's and the runtime's own.
    /// </summary>
    public static IReadOnlyList<int> Numbers { get; } =
        [1, 2, 3, 10, 12, 13, 14, 15, 16, 21, 22, 24, 25, 26, 27, 29, 30, .. Enumerable.Range(35, 30)];

    /// <summary>Ignores them; what has come while they were blocked is forgotten.</summary>
    public static void LeaveToSupervisor()
    {
        foreach (int number in Numbers)
            LinuxProcess.IgnoreSignal(number);
    }
}
