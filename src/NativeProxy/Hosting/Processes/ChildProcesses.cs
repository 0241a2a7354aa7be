using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The processes that this one has started: waits for their ends on one thread, without polling, and signals them. An id is used only while
/// its process has not been reaped, so that no stranger who got the same number is hit. Linux.
/// </summary>
internal sealed unsafe partial class ChildProcesses
{
    private const int AnyChild = 0;
    private const int Exited = 4;
    private const int LeaveWaitable = 0x01000000;
    private const int InformationBytes = 128;
    private const int ProcessIdOffset = 16;
    private const int KillSignal = 9;
    private const int ChildSignal = 17;
    private const int StackBytes = 128 * 1024;

    private readonly Action<int, int> _ended;
    private readonly Lock _gate = new();
    private readonly HashSet<int> _running = [];
    private readonly SemaphoreSlim _isAny = new(0);
    private bool _isWatching;

    /// <param name="ended">Called on the waiting thread with the process id and its exit code (128 and the signal's number for a killed one).</param>
    public ChildProcesses(Action<int, int> ended) => _ended = ended;

    /// <summary>Starts one. Returns its id; errors as with <see cref="ProcessStart.Start"/>.</summary>
    public int Start(IReadOnlyList<string> arguments, IReadOnlyList<int> inherited, IReadOnlyList<int> blocked) =>
        Start(() => ProcessStart.Start(arguments, inherited, blocked));

    /// <summary>As <see cref="ProcessStart.StartAnew"/>.</summary>
    public int StartAnew(IReadOnlyList<string> variables, IReadOnlyList<int> inherited) =>
        Start(() => ProcessStart.StartAnew(variables, inherited));

    /// <summary>
    /// Begins to wait; the first start does so else. For who starts processes on a thread that has given up rights, which its own threads would lack.
    /// </summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_isWatching)
                return;

            // Where it was inherited as ignored, the kernel would forget how a child ended.
            LinuxProcess.HearIgnoredSignal(ChildSignal);
            new Thread(Watch, StackBytes) { IsBackground = true, Name = "children" }.Start();
            _isWatching = true;
        }
    }

    private int Start(Func<int> start)
    {
        lock (_gate)
        {
            Begin();
            int processId = start();
            _running.Add(processId);
            _isAny.Release();
            return processId;
        }
    }

    /// <summary>Ends one for certain; nothing happens when it has ended.</summary>
    public void Kill(int processId) => Signal(processId, KillSignal);

    /// <summary>SIGUSR1 for one; likewise.</summary>
    public void ReopenLogs(int processId) => Signal(processId, ProcessSignals.ReopenLogsSignal);

    private void Signal(int processId, int signal)
    {
        lock (_gate)
        {
            if (_running.Contains(processId))
                LinuxProcess.Signal(processId, signal);
        }
    }

    private void Watch()
    {
        while (true)
        {
            if (WaitForOne() is not { } ended)
            {
                // There is none; the next start says so.
                _isAny.Wait();
                continue;
            }
            int status = 0;
            bool isOurs;
            lock (_gate)
            {
                CallReap(ended, &status, 0);
                isOurs = _running.Remove(ended);
            }
            if (isOurs)
                _ended(ended, (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f));
        }
    }

    /// <summary>Blocks until a child has ended, and leaves it as it is. Null when there is no child.</summary>
    private static int? WaitForOne()
    {
        byte* information = stackalloc byte[InformationBytes];
        while (true)
        {
            if (CallWait(AnyChild, 0, information, Exited | LeaveWaitable) == 0)
                return *(int*)(information + ProcessIdOffset);
            const int Interrupted = 4;
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int CallWait(int kind, int id, byte* information, int options);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int CallReap(int processId, int* status, int options);
}
