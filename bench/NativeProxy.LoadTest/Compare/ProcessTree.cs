using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Compare;

/// <summary>Processor time and resident memory of a process and all its descendants, read from the kernel. Stateless.</summary>
internal static unsafe class ProcessTree
{
    private const double TicksPerSecond = 100;

    /// <summary>The process and its descendants.</summary>
    public static List<int> Members(int rootId)
    {
        var parents = new Dictionary<int, int>();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && StatFields(id) is { } fields)
            {
                parents[id] = int.Parse(fields[1], CultureInfo.InvariantCulture);
            }
        }
        var members = new List<int> { rootId };
        for (int i = 0; i < members.Count; i++)
        {
            foreach ((int id, int parent) in parents)
            {
                if (parent == members[i] && id != members[i])
                    members.Add(id);
            }
        }
        return members;
    }

    /// <summary>
    /// Processor time so far of those members that live: the total is exact (the kernel's nanosecond clock of each process), the share of
    /// the kernel comes from its tick counters.
    /// </summary>
    public static ProcessorTime Time(List<int> members)
    {
        double total = 0, user = 0, system = 0;
        foreach (int id in members)
        {
            if (StatFields(id) is not { } fields)
                continue;
            user += double.Parse(fields[11], CultureInfo.InvariantCulture) / TicksPerSecond;
            system += double.Parse(fields[12], CultureInfo.InvariantCulture) / TicksPerSecond;
            total += ExactSeconds(id);
        }
        return new ProcessorTime(total, user, system);
    }

    /// <summary>Proportional set size where the kernel tells it (shared pages counted once), otherwise resident set size.</summary>
    public static long ResidentBytes(int rootId)
    {
        long kibibytes = 0;
        foreach (int id in Members(rootId))
            kibibytes += Field($"/proc/{id}/smaps_rollup", "Pss:") ?? Field($"/proc/{id}/status", "VmRSS:") ?? 0;
        return kibibytes * 1024;
    }

    /// <summary>The clock of a process has the number ~pid * 8 + 2 (clock_getcpuclockid).</summary>
    private static double ExactSeconds(int id)
    {
        var time = default(TimeSpec);
        return Libc.ClockGet((~id << 3) | 2, &time) == 0 ? time.Seconds + (time.Nanoseconds / 1e9) : 0;
    }

    /// <summary>
    /// Fields of /proc/ID/stat behind the name, which may hold spaces: [0] state, [1] parent, [11] utime, [12] stime. Null when it has ended.
    /// </summary>
    private static string[]? StatFields(int id)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{id}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long? Field(string path, string name)
    {
        try
        {
            foreach (string line in File.ReadLines(path))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                    return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
        return null;
    }
}

/// <summary>Processor time in seconds.</summary>
/// <param name="Total">Exact.</param>
/// <param name="User">In ticks of 10 ms.</param>
/// <param name="System">In ticks of 10 ms.</param>
internal readonly record struct ProcessorTime(double Total, double User, double System)
{
    public static ProcessorTime operator -(ProcessorTime after, ProcessorTime before) =>
        new(after.Total - before.Total, after.User - before.User, after.System - before.System);

    /// <summary>Share of the kernel in the total.</summary>
    public double SystemShare => User + System > 0 ? System / (User + System) : 0;
}
