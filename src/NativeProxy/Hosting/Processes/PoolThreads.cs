using System;
using System.Threading;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The threads of the pool, which carry the control plane: a fixed number, all started as soon as the process serves, which stay. Left to itself the
/// pool starts one when there is more to do, and ends the process when the system has none to give: at the limit of processes (`ulimit -u`, pids.max)
/// that would be just when a supervisor must not fall. Stateless.
/// </summary>
internal static class PoolThreads
{
    /// <summary>A reload that reads and waits for names keeps one; everything else that runs here waits without a thread.</summary>
    private const int Count = 4;

    /// <summary>How long a thread waits for the others on a machine that is too busy to start them all.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Call when the process has its signals and its processor, which threads inherit, and serves: nobody is to wait for four threads.
    /// </summary>
    public static void Begin()
    {
        ThreadPool.GetMaxThreads(out _, out int completionThreads);
        ThreadPool.SetMinThreads(Count, 1);
        ThreadPool.SetMaxThreads(Count, completionThreads);

        // Each keeps its thread until all have one. Nobody else waits for them: the start goes on meanwhile.
        var running = new CountdownEvent(Count);
        for (int i = 0; i < Count; i++)
            ThreadPool.UnsafeQueueUserWorkItem(MeetOthers, running, preferLocal: false);

        // The first timer starts the thread of all timers.
        new Timer(static _ => { }, null, dueTime: 1, Timeout.Infinite).Dispose();
    }

    private static void MeetOthers(CountdownEvent running)
    {
        running.Signal();
        running.Wait(StartLimit);
    }
}
