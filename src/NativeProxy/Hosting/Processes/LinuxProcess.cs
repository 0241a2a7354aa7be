using System;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeProxy.Hosting.Processes;

/// <summary>The system calls about processes and descriptors that the library does not offer. Linux.</summary>
internal static unsafe partial class LinuxProcess
{
    private const int GetDumpable = 3;
    private const int SetDumpable = 4;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int CpuSetBytes = 128;
    private const int NumberOfFiles = 7;

    /// <summary>TOSTOP (termios(3)).</summary>
    private const uint StopsBackgroundOutput = 0x100;

    /// <summary>What stands for a handler (signal(2)).</summary>
    private const nint SignalDefault = 0;

    private const nint SignalIgnored = 1;

    /// <summary>What is left for everything but connections: a part, within these bounds.</summary>
    private const int OthersShare = 16;
    private const int OthersMin = 12;
    private const int OthersMax = 64;

    /// <summary>Whether a descriptor survives the start of a child process.</summary>
    public static void SetInherited(int descriptor, bool isInherited)
    {
        if (CallFcntl(descriptor, SetDescriptorFlags, isInherited ? 0 : CloseOnExec) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>What ps and top call the process: a worker that was started from a descriptor would be called by its number.</summary>
    public static void SetName(string name)
    {
        const int SetName = 15;
        fixed (byte* bytes = Encoding.UTF8.GetBytes(name + "\0"))
            CallProcessControl(SetName, bytes, 0, 0, 0);
    }

    /// <summary>What the kernel says a process is doing, in words; null when it is gone.</summary>
    public static string? StateOf(int processId) => LetterOf(processId) switch
    {
        null => null,
        'R' => "running",
        'S' => "sleeping",
        'D' => "blocked in the kernel",
        'T' or 't' => "stopped by a signal or a debugger",
        var other => $"in state {other}",
    };

    /// <summary>Whether there is a process of this number that has not ended: one that has does not run, though nobody has waited for it.</summary>
    public static bool IsRunning(int processId) => LetterOf(processId) is not (null or 'Z' or 'X');

    /// <summary>The process that has started this one, or whoever has it since that one's end.</summary>
    public static int ParentId => CallParent();

    /// <summary>Sends a signal to a process of this number, whichever it is; nothing happens when there is none.</summary>
    public static void Signal(int processId, int signal) => CallKill(processId, signal);

    /// <summary>
    /// A variable of the environment that was meant for this process alone, which it is taken out of, so that no process that this one starts has it;
    /// empty when there is none.
    /// </summary>
    public static string TakeVariable(string name)
    {
        string value = Environment.GetEnvironmentVariable(name) ?? "";
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }

    /// <summary>Closes a descriptor that was inherited and that no object owns.</summary>
    public static void Close(int descriptor) => CallClose(descriptor);

    /// <summary>
    /// Binds the calling thread, and the threads that it starts later, to one of the processors that this process may use.
    /// False when the kernel refuses; the process then runs unbound.
    /// </summary>
    public static bool PinToProcessor(int index)
    {
        byte* allowed = stackalloc byte[CpuSetBytes];
        byte* one = stackalloc byte[CpuSetBytes];
        new Span<byte>(one, CpuSetBytes).Clear();
        if (CallGetAffinity(0, CpuSetBytes, allowed) < 0)
            return false;
        int seen = 0;
        for (int processor = 0; processor < CpuSetBytes * 8; processor++)
        {
            if ((allowed[processor / 8] & (1 << (processor % 8))) == 0 || seen++ != index)
                continue;
            one[processor / 8] |= (byte)(1 << (processor % 8));
            return CallSetAffinity(0, CpuSetBytes, one) == 0;
        }
        return false;
    }

    /// <summary>How many descriptors this process may have open; null where nobody can tell.</summary>
    public static long? DescriptorLimit() => LimitOf(NumberOfFiles);

    /// <summary>How many bytes of addresses this process may reserve; null without a limit.</summary>
    public static long? AddressSpaceLimit()
    {
        const int AddressSpace = 9;
        return LimitOf(AddressSpace);
    }

    /// <summary>The lowest port that everybody may bind (ip(7), ip_unprivileged_port_start); what Unix always had where nobody can tell.</summary>
    public static int UnprivilegedPortStart()
    {
        const int Always = 1024;
        try
        {
            return int.TryParse(File.ReadAllText("/proc/sys/net/ipv4/ip_unprivileged_port_start"), NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture, out int start) ? start : Always;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Always;
        }
    }

    /// <summary>
    /// Descriptors that this process may open for connections: what its limit leaves besides those that are open now, without a few for logs that are
    /// opened anew, new listening sockets, look-ups and the admin endpoint. 0 where nobody can tell.
    /// </summary>
    public static int DescriptorsForConnections()
    {
        int left = DescriptorsLeft();
        return left == 0 ? 0 : Math.Max(2, left - Math.Clamp(left / OthersShare, OthersMin, OthersMax));
    }

    private static int DescriptorsLeft()
    {
        const string OpenDescriptors = "/proc/self/fd";
        if (!Directory.Exists(OpenDescriptors) || LimitOf(NumberOfFiles) is not { } limit)
            return 0;
        return (int)Math.Clamp(Math.Min(limit, int.MaxValue) - Directory.GetFileSystemEntries(OpenDescriptors).Length, 1, int.MaxValue);
    }

    /// <summary>
    /// A signal that the process inherited as ignored does again what it does by default. Call before a handler is registered: the runtime leaves
    /// ignored signals alone.
    /// </summary>
    public static void HearIgnoredSignal(int number)
    {
        // The C library's struct sigaction begins with the handler.
        nint* present = stackalloc nint[32];
        if (CallSignalAction(number, 0, present) == 0 && present[0] == SignalIgnored)
            CallSignal(number, SignalDefault);
    }

    /// <summary>Whether standard output or standard error is a terminal that stops those who write to it from the background.</summary>
    public static bool TerminalStopsOutput()
    {
        // The C library's struct termios begins with four words of flags, of which the last are the local ones.
        uint* settings = stackalloc uint[32];
        for (int descriptor = 1; descriptor <= 2; descriptor++)
        {
            if (CallTerminalSettings(descriptor, settings) == 0 && (settings[3] & StopsBackgroundOutput) != 0)
                return true;
        }
        return false;
    }

    /// <summary>A signal does nothing from now on; one that is blocked and has come is forgotten.</summary>
    public static void IgnoreSignal(int number) => CallSignal(number, SignalIgnored);

    /// <summary>
    /// Memory of this process stands in no core dump, and no other process of its user reads it (prctl(2), PR_SET_DUMPABLE): there are private keys
    /// in it.
    /// </summary>
    public static void KeepMemoryPrivate() => CallProcessControl(SetDumpable, null, 0, 0, 0);

    /// <summary>The opposite, which is how a process begins, and which a change of its rights ends.</summary>
    public static void KeepMemoryReadable() => CallProcessControl(SetDumpable, (byte*)1, 0, 0, 0);

    /// <summary>Whether it is private now.</summary>
    public static bool IsMemoryPrivate => CallProcessControl(GetDumpable, null, 0, 0, 0) != 1;

    /// <summary>The letter of proc(5) for what a process is doing; null when there is none.</summary>
    private static char? LetterOf(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int CallParent();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int CallKill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int CallTerminalSettings(int descriptor, uint* settings);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint CallSignal(int number, nint handler);

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int CallSignalAction(int number, nint action, nint* previous);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int CallProcessControl(int option, byte* value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CallClose(int descriptor);

    /// <summary>The limit in force; null when there is none.</summary>
    private static long? LimitOf(int resource)
    {
        ulong* softAndHard = stackalloc ulong[2];
        return OperatingSystem.IsLinux() && CallGetLimit(resource, softAndHard) == 0 && softAndHard[0] <= long.MaxValue ? (long)softAndHard[0] : null;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int CallGetLimit(int resource, ulong* softAndHard);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int CallFcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int CallGetAffinity(int processId, nuint bytes, byte* set);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int CallSetAffinity(int processId, nuint bytes, byte* set);
}
