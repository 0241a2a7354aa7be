using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using NativeProxy.LoadTest.Report;

namespace NativeProxy.LoadTest.Compare;

/// <summary>Describes the machine for the report.</summary>
internal static class Machine
{
    public static MachineInfo Describe() => new()
    {
        Processor = Value("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        ProcessorCount = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Kernel = File.Exists("/proc/sys/kernel/osrelease")
        ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim()
        : Environment.OSVersion.VersionString,
        System = Value("/etc/os-release", "PRETTY_NAME")?.Trim('"') ?? "",
        Runtime = RuntimeInformation.FrameworkDescription,
    };

    /// <summary>Value of the first line "key : value" or "key=value".</summary>
    private static string? Value(string path, string key)
    {
        if (!File.Exists(path))
            return null;
        string? line = File.ReadLines(path).FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal));
        return line?[(line.IndexOfAny([':', '=']) + 1)..].Trim();
    }
}
