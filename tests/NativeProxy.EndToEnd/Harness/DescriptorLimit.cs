using System.Runtime.InteropServices;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Changes how many descriptors a running process may open; those that it has open stay. Linux, 64 bit.</summary>
internal static unsafe class DescriptorLimit
{
    private const int NumberOfFiles = 7;

    public static void Set(int processId, int descriptorsMax)
    {
        ulong* limit = stackalloc ulong[2];
        Assert.Equal(0, CallLimit(processId, NumberOfFiles, null, limit));
        limit[0] = (ulong)descriptorsMax;
        Assert.Equal(0, CallLimit(processId, NumberOfFiles, limit, null));
    }

    [DllImport("libc", EntryPoint = "prlimit")]
    private static extern int CallLimit(int processId, int resource, ulong* softAndHard, ulong* before);
}
