using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Linux;

/// <summary>Which processors the calling thread may use. A process started by a thread inherits the thread's set.</summary>
internal static unsafe class Processors
{
    private const int SetBytes = 128;
    private const int TimerSlackOption = 29;

    /// <summary>The processors that the calling thread may use, ascending.</summary>
    public static int[] Allowed()
    {
        byte* set = stackalloc byte[SetBytes];
        if (Libc.GetAffinity(0, SetBytes, set) < 0)
            throw new Win32Exception(Marshal.GetLastSystemError());
        var allowed = new List<int>();
        for (int processor = 0; processor < SetBytes * 8; processor++)
        {
            if ((set[processor / 8] & (1 << (processor % 8))) != 0)
                allowed.Add(processor);
        }
        return [.. allowed];
    }

    /// <summary>Binds the calling thread, and what it starts from now on.</summary>
    public static void BindThread(ReadOnlySpan<int> processors)
    {
        byte* set = stackalloc byte[SetBytes];
        new Span<byte>(set, SetBytes).Clear();
        foreach (int processor in processors)
            set[processor / 8] |= (byte)(1 << (processor % 8));
        if (Libc.SetAffinity(0, SetBytes, set) != 0)
            throw new Win32Exception(Marshal.GetLastSystemError());
    }

    /// <summary>Makes the waits of the calling thread end on time instead of up to 50 us late.</summary>
    public static void EndWaitsOnTime() => Libc.ControlProcess(TimerSlackOption, 1, 0, 0, 0);

    /// <summary>How many descriptors a process may open.</summary>
    public static int DescriptorsMax()
    {
        ulong* limits = stackalloc ulong[2];
        const int OpenFiles = 7;
        return Libc.GetLimit(OpenFiles, limits) == 0 ? (int)Math.Min(limits[1], int.MaxValue) : 1024;
    }
}
