using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Looks at processes through /proc: descriptors, resident memory, state, children.</summary>
internal static class ProcessView
{
    public static int DescriptorCount(int processId) => Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length;

    /// <summary>How many descriptors of each kind there are: socket, pipe, anon_inode:[eventpoll]..., all files as one.</summary>
    public static SortedDictionary<string, int> DescriptorKinds(int processId)
    {
        var kinds = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (string link in Directory.GetFileSystemEntries($"/proc/{processId}/fd"))
        {
            string target = TargetOf(link);
            string kind = target.StartsWith('/')
                ? "file"
                : target.StartsWith("anon_inode:", StringComparison.Ordinal)
                ? target
                : target.Split(':')[0];
            if (kind.Length > 0)
                kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }
        return kinds;
    }

    /// <summary>The number that the next descriptor of the process gets; a limit of this many lets it open none.</summary>
    public static int LowestFreeDescriptor(int processId)
    {
        string[] open = [.. Directory.GetFileSystemEntries($"/proc/{processId}/fd").Select(path => Path.GetFileName(path))];
        return Enumerable.Range(0, int.MaxValue).First(number => !open.Contains(number.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>The processes that have this file open.</summary>
    public static List<int> WithOpenFile(string path)
    {
        var found = new List<int>();
        foreach (string directory in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out int processId) && Opens(directory, path))
                found.Add(processId);
        }
        return found;
    }

    /// <summary>Resident memory now, in bytes.</summary>
    public static long ResidentBytes(int processId)
    {
        string line = File.ReadLines($"/proc/{processId}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>State letter: R, S, T (stopped), Z...</summary>
    public static char State(int processId) => StatFields(processId)[0][0];

    /// <summary>Whether there is such a process that has not ended, waited for or not.</summary>
    public static bool IsRunning(int processId)
    {
        try
        {
            return State(processId) is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool Opens(string process, string path)
    {
        try
        {
            return Directory.GetFileSystemEntries(process + "/fd").Any(link => TargetOf(link) == path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether every thread is stopped: the first one may be before the loop's has been on a processor again.</summary>
    public static bool IsStopped(int processId) => Directory.GetDirectories($"/proc/{processId}/task").All(static task =>
    {
        string stat = File.ReadAllText(task + "/stat");
        return stat[stat.LastIndexOf(')') + 2] == 'T';
    });

    public static int[] Children(int processId) =>
        [.. from directory in Directory.GetDirectories("/proc")
            let name = Path.GetFileName(directory)
            where name.All(char.IsAsciiDigit)
            let child = int.Parse(name, CultureInfo.InvariantCulture)
            where ParentOf(child) == processId
            orderby child
            select child];

    /// <summary>Processor time used so far, in clock ticks (mostly 10 ms each).</summary>
    public static long ProcessorTicks(int processId)
    {
        string[] fields = StatFields(processId);
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    /// <summary>How often the threads of the process have gone to sleep so far.</summary>
    public static long VoluntarySwitches(int processId) => Directory.GetDirectories($"/proc/{processId}/task").Sum(static task =>
    {
        string line = File.ReadLines(Path.Combine(task, "status"))
            .First(static text => text.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim(), CultureInfo.InvariantCulture);
    });

    /// <summary>Whether the kernel holds an IPv4 connection between these loopback ports in TIME_WAIT for the local side.</summary>
    public static bool IsInTimeWait(int localPort, int remotePort) =>
        File.ReadLines("/proc/net/tcp").Any(line => line.Contains($":{localPort:X4} 0100007F:{remotePort:X4} 06 ", StringComparison.Ordinal));

    /// <summary>IPv4 connections (both addresses) that the kernel holds in TIME_WAIT for the side with this port.</summary>
    public static HashSet<string> TimeWaitsOf(int localPort) => TimeWaits(fields => fields[1].EndsWith($":{localPort:X4}", StringComparison.Ordinal));

    /// <summary>IPv4 connections (both addresses) that the kernel holds in TIME_WAIT for the side that had connected to this port.</summary>
    public static HashSet<string> TimeWaitsTowards(int remotePort) =>
        TimeWaits(fields => fields[2].EndsWith($":{remotePort:X4}", StringComparison.Ordinal));

    /// <summary>A set, because the kernel's table may show a socket twice when others come and go while it is read.</summary>
    private static HashSet<string> TimeWaits(Func<string[], bool> fits) =>
    [
        .. from line in File.ReadLines("/proc/net/tcp").Skip(1)
           let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
           where fields[3] == "06" && fits(fields)
           select $"{fields[1]} {fields[2]}",
    ];

    /// <summary>
    /// Whether the process, or a child of it, has a socket that listens on this IPv4 port. Asks nobody, so no stranger is disturbed.
    /// </summary>
    public static bool ListensOn(int processId, int port)
    {
        HashSet<string> listening =
        [
            .. from line in File.ReadLines("/proc/net/tcp").Skip(1)
               let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
               where fields[3] == "0A" && fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal)
               select $"socket:[{fields[9]}]",
        ];
        return listening.Count > 0 && new[] { processId }.Concat(Children(processId)).Any(id => SocketsOf(id).Any(listening.Contains));
    }

    /// <summary>What a descriptor stands for; empty when it was closed meanwhile.</summary>
    private static string TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static IEnumerable<string> SocketsOf(int processId)
    {
        try
        {
            return [.. Directory.GetFileSystemEntries($"/proc/{processId}/fd").Select(link => new FileInfo(link).LinkTarget ?? "")];
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return [];
        }
    }

    private static int ParentOf(int processId)
    {
        try
        {
            return int.Parse(StatFields(processId)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return 0;
        }
        catch (UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>The fields behind the command name, which may hold blanks and brackets itself.</summary>
    private static string[] StatFields(int processId)
    {
        string stat = File.ReadAllText($"/proc/{processId}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }
}
