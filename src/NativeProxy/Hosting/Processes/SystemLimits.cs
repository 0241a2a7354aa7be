using System.Collections.Generic;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// Limits of the system that are too low for the process to begin with: told in a sentence, before something in the runtime fails on them.
/// Stateless.
/// </summary>
internal static class SystemLimits
{
    /// <summary>What the runtime, the boards and the signals need (22 measured), and a little room.</summary>
    private const long DescriptorsOfAProcess = 28;

    /// <summary>Its ends of the two lines, while it is started both of both.</summary>
    private const long DescriptorsPerWorker = 2;

    /// <summary>The heap, the stacks of the threads and the C library reserve far more than they use; below this it fails sooner or later.</summary>
    private const long AddressSpaceMinBytes = 2048L * 1024 * 1024;

    /// <summary>One sentence for each limit that is too low.</summary>
    public static List<string> Check(in ProxySettings settings, int workers)
    {
        long sockets = 0;
        foreach (ListenerSettings listener in settings.Listeners)
            sockets += listener.Bind.Length;
        long needed = DescriptorsOfAProcess + (workers * (sockets + (workers > 1 ? DescriptorsPerWorker : 0)));
        var problems = new List<string>();
        if (LinuxProcess.DescriptorLimit() is { } descriptors && descriptors < needed)
        {
            problems.Add($"the limit of open files is {descriptors}, and this configuration needs {needed} before the first connection: raise it "
                + "(ulimit -n, or LimitNOFILE= of a service)");
        }

        if (LinuxProcess.AddressSpaceLimit() is { } bytes && bytes < AddressSpaceMinBytes)
        {
            problems.Add($"the limit of address space is {Units.FormatSize(bytes)}, and {Units.FormatSize(AddressSpaceMinBytes)} are needed, most "
                + "of them never used: raise it (ulimit -v, or LimitAS= of a service), or limit memory by a control group");
        }

        return problems;
    }
}
