using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Metrics;

/// <summary>
/// A bell in shared memory: any process rings it, one thread of one process waits for it. One word, 0 = quiet, 1 = rung; ringing a bell that
/// has been rung already costs one exchange, ringing a quiet one a system call as well (futex(2), not private, so that it works between
/// processes). Stateless. Elsewhere than on 64-bit Linux the waiter looks every few milliseconds.
/// </summary>
internal static unsafe partial class SharedBell
{
    // Of the kernel's table for x86-64, and of the one that all later architectures share (asm-generic/unistd.h).
    private const int FutexX64 = 202;
    private const int FutexGeneric = 98;

    private const int Wait = 0;
    private const int Wake = 1;
    private const int LookAgainMs = 5;

    private static bool HasFutex { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Any thread of any process that maps the word.</summary>
    public static void Ring(int* bell)
    {
        if (Interlocked.Exchange(ref *bell, 1) == 0 && HasFutex)
            Call(FutexNumber(), bell, Wake, 1, 0, 0, 0);
    }

    /// <summary>Blocks until the bell has been rung since the last answer, and makes it quiet. One waiter at a time.</summary>
    public static void Answer(int* bell)
    {
        while (Interlocked.Exchange(ref *bell, 0) == 0)
        {
            // Returns at once when the word is not 0 any more, and for no reason now and then.
            if (HasFutex)
                CallAndWait(FutexNumber(), bell, Wait, 0, 0, 0, 0);
            else
                Thread.Sleep(LookAgainMs);
        }
    }

    private static nint FutexNumber() => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? FutexX64 : FutexGeneric;

    [LibraryImport("libc", EntryPoint = "syscall"), SuppressGCTransition]
    private static partial nint Call(nint number, int* word, nint operation, nint value, nint timeout, nint word2, nint value3);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint CallAndWait(nint number, int* word, nint operation, nint value, nint timeout, nint word2, nint value3);
}
