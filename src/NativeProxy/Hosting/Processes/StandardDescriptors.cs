using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// Descriptors 0 to 2 must be open before anything else is opened, or what is opened next becomes stdout or stderr and is written into. By the
/// time that managed code runs, the runtime has opened things of its own. So the process opens /dev/null in their place and begins anew, with
/// the same id and arguments. Linux.
/// </summary>
internal static unsafe partial class StandardDescriptors
{
    private const int Last = 2;
    private const int GetFlags = 1;
    private const int CloseOnExec = 1;
    private const int ReadAndWrite = 2;

    /// <summary>Returns when the three are open; does not return when it had to begin anew.</summary>
    public static void Ensure()
    {
        if (!OperatingSystem.IsLinux() || (IsGiven(0) && IsGiven(1) && IsGiven(Last)))
            return;

        // Nothing of the runtime may be used from the first copy on: it may be what is replaced, such as its source of random numbers.
        using var words = new NativeWords(Environment.GetCommandLineArgs());
        using var environment = new NativeWords(ProcessStart.EnvironmentWords());
        int nothing = CallOpen("/dev/null", ReadAndWrite, 0);
        if (nothing < 0)
            return;
        for (int descriptor = 0; descriptor <= Last; descriptor++)
        {
            if (!IsGiven(descriptor))
                CallCopy(nothing, descriptor);
        }
        if (nothing > Last)
            LinuxProcess.Close(nothing);
        CallExecute("/proc/self/exe", words.Start, environment.Start);
    }

    /// <summary>A descriptor that was given to the process has no close-on-exec mark: with one it would not have come through exec.</summary>
    private static bool IsGiven(int descriptor)
    {
        int flags = CallFcntl(descriptor, GetFlags, 0);
        return flags >= 0 && (flags & CloseOnExec) == 0;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallOpen(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int CallCopy(int from, int to);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int CallFcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallExecute(string path, byte** arguments, byte** environment);
}
