using System;
using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The rights of worker processes. The supervisor keeps its own, which it needs for privileged ports and another start, so a thread that lives for
/// one start gives up what no worker needs, and starts it: rights belong to threads, and a process has those of the thread that started it, in all
/// of its own threads from the first moment on. Linux.
/// </summary>
internal static unsafe partial class WorkerRights
{
    private const int StackBytes = 256 * 1024;
    private const int NoNewPrivileges = 38;
    private const int DropBound = 24;
    private const int Ambient = 47;
    private const int ClearAmbient = 4;
    private const int CapabilitiesMax = 64;
    private const uint CapabilityVersion = 0x20080522;

    /// <summary>Files of other users: logs and users' files that root may read; it goes with root.</summary>
    private const int OverrideFileModes = 1;
    private const int SetGroup = 6;
    private const int SetUser = 7;
    private const int NoThreads = 11;

    /// <summary>Starts a process without the rights that no worker needs; errors as <paramref name="start"/> has them.</summary>
    /// <param name="changesUser">The process will go over to another user, which ends all of its rights.</param>
    /// <param name="start">Starts it, on the thread that it is called on; returns its id.</param>
    public static int Start(bool changesUser, Func<int> start)
    {
        int processId = 0;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                GiveUp(changesUser);
                processId = start();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, StackBytes) { Name = "start" };
        if (!SystemThreads.TryStart(thread))
            throw new Win32Exception(NoThreads);
        thread.Join();
        failure?.Throw();
        return processId;
    }

    private static void GiveUp(bool changesUser)
    {
        ulong kept = 1UL << OverrideFileModes;
        if (changesUser)
            kept |= (1UL << SetGroup) | (1UL << SetUser);
        CallControl(NoNewPrivileges, 1, 0, 0, 0);
        CallControl(Ambient, ClearAmbient, 0, 0, 0);

        // A program that brings rights along as a file cannot be started where the bound excludes one; no new ones are had all the same.
        bool bringsRights = CallGetAttribute("/proc/self/exe", "security.capability", null, 0) > 0;
        for (int capability = 0; capability < CapabilitiesMax && !bringsRights; capability++)
        {
            if ((kept & (1UL << capability)) == 0)
                CallControl(DropBound, (nuint)capability, 0, 0, 0);
        }

        // Twice effective, permitted, inheritable: of the low and of the high 32.
        uint* header = stackalloc uint[2] { CapabilityVersion, 0 };
        uint* sets = stackalloc uint[6];
        if (CallGetRights(header, sets) != 0)
            return;
        for (int half = 0; half < 2; half++)
        {
            uint mask = (uint)(kept >> (32 * half));
            sets[3 * half] &= mask;
            sets[(3 * half) + 1] &= mask;
            sets[(3 * half) + 2] = 0;
        }
        CallSetRights(header, sets);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int CallControl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "capget")]
    private static partial int CallGetRights(uint* header, uint* sets);

    [LibraryImport("libc", EntryPoint = "capset")]
    private static partial int CallSetRights(uint* header, uint* sets);

    [LibraryImport("libc", EntryPoint = "getxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint CallGetAttribute(string path, string name, byte* value, nuint bytes);
}
