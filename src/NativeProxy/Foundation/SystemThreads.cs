using System;
using System.Threading;

namespace NativeProxy.Foundation;

/// <summary>Starts threads where the process must outlive a system that has none to give. Stateless; any thread.</summary>
internal static class SystemThreads
{
    /// <summary>
    /// False when there is no further thread to be had: at the limit of processes (`ulimit -u`, pids.max), or without memory for its stack.
    /// </summary>
    public static bool TryStart(Thread thread)
    {
        try
        {
            thread.Start();
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }
}
