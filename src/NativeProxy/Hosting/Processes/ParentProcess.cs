using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Processes;

/// <summary>The process that has started this one, as long as it lives. Stateless. Linux.</summary>
internal static partial class ParentProcess
{
    /// <summary>SIGUSR1 for it. Nothing happens when it has ended, or was another one: a number alone may be a stranger's by now.</summary>
    public static void ReopenLogs(int processId)
    {
        if (CallParent() == processId)
            CallKill(processId, ProcessSignals.ReopenLogsSignal);
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int CallParent();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int CallKill(int processId, int signal);
}
