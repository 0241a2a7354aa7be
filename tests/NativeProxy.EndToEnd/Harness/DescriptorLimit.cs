using System.Runtime.InteropServices;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Changes how many descriptors a running process may open; those that it has open stay. Linux, 64 bit.</summary>
internal static class DescriptorLimit
{
    private const int NumberOfFiles = 7;

    /// <summary>Sets the limit. Returns the one before.</summary>
    public static int Set(int processId, int descriptorsMax)
    {
        ulong[] softAndHard = new ulong[2];
        Assert.Equal(0, CallLimit(processId, NumberOfFiles, null, softAndHard));
        int before = (int)softAndHard[0];
        softAndHard[0] = (ulong)descriptorsMax;
        Assert.Equal(0, CallLimit(processId, NumberOfFiles, softAndHard, null));
        return before;
    }

    [DllImport("libc", EntryPoint = "prlimit")]
    private static extern int CallLimit(int processId, int resource, [In] ulong[]? softAndHard, [Out] ulong[]? before);
}
