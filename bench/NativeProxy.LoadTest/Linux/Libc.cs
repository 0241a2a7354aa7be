using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Linux;

/// <summary>
/// The system calls of generator, origin and forwarder. Those that never block are called without the runtime's bookkeeping
/// (SuppressGCTransition); read errno with <see cref="Marshal.GetLastSystemError"/> at once. Linux, 64 bit.
/// </summary>
internal static unsafe partial class Libc
{
    public const int WouldBlock = 11;
    public const int Interrupted = 4;
    public const int InProgress = 115;

    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int NoSignal = 0x4000;
    public const int More = 0x8000;

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl"), SuppressGCTransition]
    public static partial int EpollControl(int epoll, int operation, int descriptor, EpollEvent* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, EpollEvent* events, int countMax, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "ppoll")]
    public static partial int Poll(PollEntry* entries, nuint count, TimeSpec* timeout, void* signalMask);

    [LibraryImport("libc", EntryPoint = "recv"), SuppressGCTransition]
    public static partial nint Receive(int descriptor, byte* bytes, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "send"), SuppressGCTransition]
    public static partial nint Send(int descriptor, byte* bytes, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "accept4"), SuppressGCTransition]
    public static partial int Accept(int descriptor, void* address, void* addressBytes, int flags);

    [LibraryImport("libc", EntryPoint = "socket"), SuppressGCTransition]
    public static partial int MakeSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind"), SuppressGCTransition]
    public static partial int Bind(int descriptor, byte* address, uint addressBytes);

    [LibraryImport("libc", EntryPoint = "listen"), SuppressGCTransition]
    public static partial int Listen(int descriptor, int backlog);

    [LibraryImport("libc", EntryPoint = "connect"), SuppressGCTransition]
    public static partial int Connect(int descriptor, byte* address, uint addressBytes);

    [LibraryImport("libc", EntryPoint = "close"), SuppressGCTransition]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "shutdown"), SuppressGCTransition]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "setsockopt"), SuppressGCTransition]
    public static partial int SetOption(int descriptor, int level, int option, void* value, uint valueBytes);

    [LibraryImport("libc", EntryPoint = "getsockopt"), SuppressGCTransition]
    public static partial int GetOption(int descriptor, int level, int option, void* value, uint* valueBytes);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    public static partial int GetAffinity(int threadId, nuint bytes, byte* set);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    public static partial int SetAffinity(int threadId, nuint bytes, byte* set);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    public static partial int ClockGet(int clock, TimeSpec* time);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    public static partial int GetLimit(int resource, ulong* softThenHard);

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Kill(int processId, int signal);

    /// <summary>Sets what a signal does; 0 = its default.</summary>
    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint SetSignal(int signal, nint handler);

    /// <summary>The process becomes another program; returns only when that has failed.</summary>
    [LibraryImport("libc", EntryPoint = "execv")]
    public static partial int Execute(byte* path, byte** arguments);

    /// <summary>Ends the process at once.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void Exit(int code);

    [LibraryImport("libc", EntryPoint = "prctl")]
    public static partial int ControlProcess(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();
}

/// <summary>struct epoll_event, as it is packed on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct EpollEvent
{
    public uint Events;
    public ulong Token;
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

/// <summary>struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public long Seconds;
    public long Nanoseconds;
}
